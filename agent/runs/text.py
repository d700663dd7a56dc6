"""Text that every output format can hold.

Takes any Python string; gives one that UTF-8 has. Knows nothing of rows.
"""


def readable(text: str) -> str:
    r"""Return text in which half a surrogate pair (as JSON's `\ud83d` gives) is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
