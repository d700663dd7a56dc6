"""Long text to pieces of a passage's length: by paragraph, then by sentence, never inside a word.

Takes text; gives pieces. An embedder reads some 250 tokens; what lies behind would be lost to search.
"""

import re
from collections.abc import Iterator

WORDS = 150  # of a piece at most: about 200 tokens
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+")


def pieces(text: str, words: int = WORDS) -> Iterator[str]:
    """Cut a text.

    Args:
        text: anything; white space is made single spaces.
        words: of a piece at most.

    Yields:
        Pieces in order; every word of the text is in one of them.
    """
    held: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        for sentence in _SENTENCE.split(paragraph.strip()):
            said = sentence.split()
            if len(held) + len(said) > words and held:
                yield " ".join(held)
                held = []
            while len(said) > words:
                yield " ".join(said[:words])
                said = said[words:]
            held += said
        if len(held) > words // 2:  # a paragraph of fair length stands alone
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)
