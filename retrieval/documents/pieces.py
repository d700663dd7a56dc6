"""Long text to pieces of a passage's length: by paragraph, then by sentence, never inside a word that has an end.

Takes text; gives pieces. An embedder reads some 250 tokens; what lies behind would be lost to search. Scripts without
spaces between words are cut at their own full stops, and what runs on for longer than a passage is cut anywhere.
"""

import re
from collections.abc import Iterator

WORDS = 150  # of a piece at most: about 200 tokens
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])\s*")
_BYTES, _OTHER_BYTES = 10, 5  # of UTF-8 that count as one word, in ASCII and else: near what a tokenizer makes of it


def pieces(text: str, words: int = WORDS) -> Iterator[str]:
    """Cut a text.

    Args:
        text: anything; white space is made single spaces.
        words: of a piece at most.

    Yields:
        Pieces in order; every word of the text is in one of them, a run of more than `words` characters in several.
    """
    held: list[str] = []
    size = 0
    for paragraph in _PARAGRAPH.split(text):
        for sentence in _SENTENCE.split(paragraph.strip()):
            said = list(_cut(sentence.split(), words))
            weights = list(map(_weight, said))
            if held and size + sum(weights) > words:
                yield " ".join(held)
                held, size = [], 0
            for word, weight in zip(said, weights, strict=True):
                if held and size + weight > words:
                    yield " ".join(held)
                    held, size = [], 0
                held.append(word)
                size += weight
        if size > words // 2:  # a paragraph of fair length stands alone
            yield " ".join(held)
            held, size = [], 0
    if held:
        yield " ".join(held)


def _cut(said: list[str], words: int) -> Iterator[str]:
    """Yield words, those of more than so many characters in parts."""
    for word in said:
        yield from (word[start : start + words] for start in range(0, len(word), words))


def _weight(word: str) -> int:
    if word.isascii():
        return max(1, len(word) // _BYTES)
    return max(1, len(word.encode("utf-8", "surrogatepass")) // _OTHER_BYTES)
