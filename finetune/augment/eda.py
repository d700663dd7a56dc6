"""EDA: small random edits of words that leave a text's label as it is.

Wei and Zou (2019), EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks,
section 2 and table 3, written from the description. Takes texts with labels; gives edited texts. Where the paper looks
in WordNet, this looks in a short list of its own (`synonyms.txt`), and then for another word of the same text, so that
it needs nothing that is not there, and edits of one row say nothing of others, which may be held out.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from thymos.finetune.augment.values import Added, Row

WORDS_FROM = "synonyms, the text"  # where other words come from; part of an experiment's identity
_SHARE = 0.1  # alpha of the paper: share of words that one edit changes
_STEPS = ((500, 16), (2000, 8))  # table 3: real rows up to, edited texts of each
_BEYOND = 4
_TRIES = 4  # an edit that changed nothing is tried again so often

Words = list[str]
Operation = Callable[[Words, int, Sequence[str], random.Random], Words]


def edits_for(rows: int) -> int:
    """Return how many edited texts the paper makes of each of so many rows."""
    return next((made for most, made in _STEPS if rows <= most), _BEYOND)


def edited(rows: Sequence[Row], seed: int, times: int | None = None) -> tuple[Added, ...]:
    """Edit each row so many times, by the four operations in turn.

    Args:
        rows: with labels.
        seed: of the edits.
        times: edited texts a row; what the paper does for so many rows unless given.

    Returns:
        Edited rows that differ from their own; a text of one word may give fewer.
    """
    times = edits_for(len(rows)) if times is None else times
    found = []
    for place, row in enumerate(rows):
        chance = random.Random(f"eda {seed} {place}")
        words = row.text.split()
        made = {" ".join(words)}
        own = sorted({word for word in words if _says(word)})  # so that equal seeds choose alike
        for number in range(times):
            text = _edit(words, number, own, chance, made)
            if text is not None:
                made.add(text)
                found.append(Added(text, row.labels, parent=place))
    return tuple(found)


def replace(words: Words, count: int, own: Sequence[str], chance: random.Random) -> Words:
    """Put other words for so many of them that say something (SR)."""
    found = list(words)
    places = [place for place, word in enumerate(found) if _says(word)]
    for place in chance.sample(places, min(count, len(places))):
        found[place] = _other(found[place], own, chance)
    return found


def insert(words: Words, count: int, own: Sequence[str], chance: random.Random) -> Words:
    """Put so many other words anywhere (RI)."""
    found = list(words)
    said = [word for word in words if _says(word)] or list(words)
    for _ in range(count):
        found.insert(chance.randrange(len(found) + 1), _other(chance.choice(said), own, chance))
    return found


def swap(words: Words, count: int, own: Sequence[str], chance: random.Random) -> Words:
    """Let two words change places, so many times (RS)."""
    found = list(words)
    for _ in range(count if len(found) > 1 else 0):
        first, second = chance.sample(range(len(found)), 2)
        found[first], found[second] = found[second], found[first]
    return found


def delete(words: Words, count: int, own: Sequence[str], chance: random.Random) -> Words:
    """Leave each word out with the chance that loses so many on average, but never all (RD)."""
    kept = [word for word in words if chance.random() >= count / len(words)]
    return kept or [chance.choice(words)]


_OPERATIONS: tuple[Operation, ...] = (replace, insert, swap, delete)


def _edit(words: Words, first: int, own: Sequence[str], chance: random.Random, made: set[str]) -> str | None:
    """Return a text that was not made before: by the operation whose turn it is, else by another; or nothing."""
    if not words:
        return None
    count = max(1, round(_SHARE * len(words)))
    for turn in range(_TRIES * len(_OPERATIONS)):
        operation = _OPERATIONS[(first + turn // _TRIES) % len(_OPERATIONS)]
        text = " ".join(operation(words, count, own, chance))
        if text not in made:
            return text
    return None


def _other(word: str, own: Sequence[str], chance: random.Random) -> str:
    """Return a synonym, else another word of the text, else the word."""
    group = _synonyms().get(_bare(word), ())
    return chance.choice(group or [each for each in own if each != word] or (word,))


def _says(word: str) -> bool:
    """Tell whether a word is more than grammar."""
    return bool(_bare(word)) and _bare(word) not in _grammar()


def _bare(word: str) -> str:
    return word.casefold().strip(".,;:!?\"'()[]…")


@cache
def _grammar() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


@cache
def _synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return the other words of each word's groups."""
    lines = (files("thymos.finetune.augment") / "synonyms.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, dict[str, None]] = {}
    for group in (line.split() for line in lines if line and not line.startswith("#")):
        for word in group:
            found.setdefault(word, {}).update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in found.items()}
