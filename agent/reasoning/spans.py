"""A text as phrases that can be left out: short runs of words between marks and linking words.

Takes a text; gives spans of characters, and the text without some of them, or with nothing else. Knows no model.
"""

import re
from collections.abc import Sequence

Span = tuple[int, int]
MOST_WORDS = 5  # of a phrase
_LINKS = frozenset(
    [
        "and",
        "but",
        "or",
        "so",
        "because",
        "since",
        "although",
        "though",
        "while",
        "when",
        "where",
        "which",
        "who",
        "that",
        "if",
        "unless",
        "until",
        "after",
        "before",
        "as",
        "than",
        "with",
        "without",
        "for",
        "from",
        "in",
        "on",
        "at",
        "by",
        "about",
        "into",
        "like",
    ]
)
_END = re.compile(r"[,.;:!?…)\]\"”—–]+$")
_SPACES = re.compile(r"\s+")
_ORPHAN = re.compile(r"\s+([,.;:!?])")


def phrases(text: str, most: int = 32) -> list[Span]:
    """Cut a text into phrases.

    Args:
        text: of one utterance.
        most: phrases at most; a longer text gets longer phrases.

    Returns:
        Spans in order; every word is in one. A short text is cut into its words.
    """
    words = [match.span() for match in re.finditer(r"\S+", text)]
    if len(words) <= MOST_WORDS:
        return words
    longest = MOST_WORDS
    found = _cut(text, words, longest)
    while len(found) > most:
        longest *= 2
        found = _cut(text, words, longest)
        if longest >= len(words):
            break
    while len(found) > most:
        found = [(found[place][0], found[min(place + 1, len(found) - 1)][1]) for place in range(0, len(found), 2)]
    return found


def _cut(text: str, words: Sequence[Span], longest: int) -> list[Span]:
    found: list[Span] = []
    held: list[Span] = []
    for start, end in words:
        word = text[start:end]
        links = longest == MOST_WORDS and word.lower().strip(",.") in _LINKS
        if held and (links or len(held) >= longest):
            found.append((held[0][0], held[-1][1]))
            held = []
        held.append((start, end))
        if _END.search(word):
            found.append((held[0][0], held[-1][1]))
            held = []
    if held:
        found.append((held[0][0], held[-1][1]))
    return found


def without(text: str, spans: Sequence[Span]) -> str:
    """Return a text with some spans left out."""
    kept, place = [], 0
    for start, end in sorted(spans):
        kept.append(text[place:start])
        place = max(place, end)
    return _tidy("".join([*kept, text[place:]]))


def only(text: str, spans: Sequence[Span]) -> str:
    """Return nothing but some spans of a text, in order."""
    return _tidy(" ".join(text[start:end] for start, end in sorted(spans)))


def _tidy(text: str) -> str:
    return _ORPHAN.sub(r"\1", _SPACES.sub(" ", text)).strip()
