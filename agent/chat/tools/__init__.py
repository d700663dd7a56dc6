"""The tools of the chat, a file each: a call and a desk in, findings out."""
