"""What a synthesis amounts to in numbers: asked and kept by label, what each gate took, which label was read, words.

Takes rows and texts; gives counts and shares. Draws nothing and embeds nothing.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.agent.synth_report.rows import Totals, Written

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_POINTS = 40  # of a curve


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many rows of the plan ask for a label, how many texts were written for it, and how many were kept."""

    label: str
    asked: int
    written: int
    kept: int


@dataclass(frozen=True, slots=True)
class Fall:
    """A step of the waterfall.

    Attributes:
        gate: that took texts.
        dropped: texts it took.
        left: texts after it.
    """

    gate: str
    dropped: int
    left: int


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Asked label by label that was read.

    Attributes:
        labels: of rows and columns.
        counts: (asked, read).
        agree: share of texts read as asked.
    """

    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    agree: float


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of some texts are like.

    Attributes:
        texts: number.
        lengths: words of each text.
        distinct: share of n-grams that differ, for n of 1, 2 and 3.
        growth: (words read, different words among them), along the texts.
    """

    texts: int
    lengths: tuple[int, ...]
    distinct: tuple[float, float, float]
    growth: tuple[tuple[int, int], ...]


def label_counts(kept: Sequence[Written], dropped: Sequence[Written]) -> tuple[LabelCount, ...]:
    """Count by label, the most asked first."""
    asked: dict[str, set[str]] = {}
    for row in (*kept, *dropped):
        asked.setdefault(row.label, set()).add(row.asked)
    written = Counter(row.label for row in (*kept, *dropped))
    good = Counter(row.label for row in kept)
    found = [LabelCount(label, len(rows), written[label], good[label]) for label, rows in asked.items()]
    return tuple(sorted(found, key=lambda each: (-each.asked, each.label)))


def waterfall(kept: Sequence[Written], dropped: Sequence[Written], spare: int = 0) -> tuple[Fall, ...]:
    """Return what each gate took, in the order in which texts pass them; last, good texts that were not needed."""
    order: dict[str, None] = {}
    for row in sorted((*kept, *dropped), key=lambda each: -len(each.gates)):  # whoever came far saw most gates
        order.update(dict.fromkeys(row.gates))
    taken = Counter(row.dropped_by or "not said" for row in dropped)
    first = [name for name in taken if name not in order]  # what is dropped before any gate, as for its form
    left = len(kept) + len(dropped) + spare
    found = []
    for name in (*first, *order):
        left -= taken[name]
        found.append(Fall(name, taken[name], left))
    return (*found, Fall("another was better", spare, left - spare)) if spare else tuple(found)


def readings(rows: Sequence[Written]) -> Readings | None:
    """Count which label was read where which was asked; None where nobody says what was read."""
    return _crossed(Counter((row.label, row.read_as) for row in rows if row.read_as is not None))


def readings_of(totals: Totals) -> Readings | None:
    """Return what a run counted of every well-formed text."""
    return _crossed(Counter({(asked, name): n for asked, of in totals.read.items() for name, n in of.items()}))


def _crossed(pairs: Mapping[tuple[str, str], int]) -> Readings | None:
    total = sum(pairs.values())
    if not total:
        return None
    labels = tuple(sorted({label for pair in pairs for label in pair}))
    place = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for (asked, read), number in pairs.items():
        counts[place[asked], place[read]] += number
    return Readings(labels, counts, float(np.trace(counts) / total))


def words_in(text: str) -> list[str]:
    """Split a text into lower-case words."""
    return _WORD.findall(text.lower())


def some(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw so many texts by chance; all, in chance order, where there are no more."""
    return random.Random(f"report {seed}").sample(list(texts), min(count, len(texts)))


def measured(texts: Sequence[str]) -> Words:
    """Measure texts as they come."""
    split = [words_in(text) for text in texts]
    return Words(
        len(split),
        tuple(map(len, split)),
        (_distinct(split, 1), _distinct(split, 2), _distinct(split, 3)),
        _growth(split),
    )


def _distinct(texts: Sequence[Sequence[str]], n: int) -> float:
    """Return the share of n-grams that differ, over all texts (Li et al. 2016, distinct-n); 0 without any."""
    grams = [tuple(words[at : at + n]) for words in texts for at in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _growth(texts: Sequence[Sequence[str]]) -> tuple[tuple[int, int], ...]:
    """Return how many different words there are after so many."""
    words = [word for text in texts for word in text]
    marks = {round(len(words) * number / _POINTS) for number in range(_POINTS + 1)}
    seen: set[str] = set()
    found = [(0, 0)]
    for number, word in enumerate(words, start=1):
        seen.add(word)
        if number in marks:
            found.append((number, len(seen)))
    return tuple(found)
