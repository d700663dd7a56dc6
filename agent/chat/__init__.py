"""Chat: a conversation in, grounded answers out."""
