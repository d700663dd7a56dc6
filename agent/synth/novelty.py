"""`Novelty`: how much of a text is new beside what is kept; of several that will do, the newest can be chosen by it.

Takes texts, in the order in which they are kept; gives shares. Greedy choice by the distance to what was chosen before
is how cores of sets are picked (farthest first, Gonzalez 1985), and how answers are diversified (maximal marginal
relevance, Carbonell and Goldstein 1998).
"""

from collections.abc import Mapping
from typing import Literal

from thymos.agent.synth.vectors import Heap, Vectors
from thymos.retrieval.grams import hashed, runs, words

Choose = Literal["surest", "newest"]
_RUN = 2  # words, as in distinct-2


class Novelty:
    """Remembers what is kept."""

    def __init__(self, vectors: Vectors | None) -> None:
        """Begin with nothing kept.

        Args:
            vectors: of texts; None goes by words alone.
        """
        self._vectors = vectors
        self._heap = Heap()
        self._seen: set[int] = set()

    def identity(self) -> Mapping[str, object]:
        """Return by what texts are compared."""
        return {"choose": "newest", "run": _RUN, "embedder": self._vectors.fingerprint if self._vectors else None}

    def of(self, text: str) -> float:
        """Return how new a text is, from 0 to 1: its share of new pairs of words, and its distance in meaning (1 minus
        the nearest cosine), half of each where there are vectors.
        """
        told = words(text)
        pairs = runs(told, _RUN) or [hashed(told)]
        new = sum(pair not in self._seen for pair in pairs) / len(pairs)
        if self._vectors is None:
            return new
        _, cosine = self._heap.nearest(self._vectors.of(text))
        return (new + min(1.0, 1.0 - cosine)) / 2

    def remember(self, text: str) -> None:
        """Take note of what is kept."""
        told = words(text)
        self._seen.update(runs(told, _RUN) or [hashed(told)])
        if self._vectors is not None:
            self._heap.add(self._vectors.of(text))
