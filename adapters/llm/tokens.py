"""Text to token ids, safe for several threads.

Takes a Hugging Face tokenizer and text; gives what the tokenizer gives. Whether the names of special tokens in a text
are special is a switch inside the tokenizer that each call sets: two threads at once would read data as instructions.
"""

import threading
from typing import Any

_LOCK = threading.Lock()  # one for all: scoring and writing may share a tokenizer, and a call takes microseconds


def tokenized(tokenizer: Any, text: str, *, data: bool) -> Any:
    """Return a text's encoding, without added tokens.

    Args:
        tokenizer: fast or slow.
        text: to encode.
        data: names of special tokens in it are plain characters.
    """
    with _LOCK:
        return tokenizer(text, add_special_tokens=False, split_special_tokens=data)
