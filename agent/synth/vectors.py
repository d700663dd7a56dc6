"""Vectors of texts for the gates: one text at a time, so that a vector never depends on what is computed beside it.

Takes an embedder; gives unit vectors and nearest neighbours. Knows nothing of candidates.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thymos.retrieval.embedder import Embedder

Vector = NDArray[np.float32]
_REMEMBERED = 256


class Vectors:
    """An embedder with a short memory."""

    def __init__(self, embedder: Embedder) -> None:
        """Keep the embedder."""
        self._embedder = embedder
        self._memory: dict[str, Vector] = {}

    @property
    def fingerprint(self) -> str:
        """Whose vectors these are."""
        return self._embedder.fingerprint

    def of(self, text: str) -> Vector:
        """Return the unit vector of a text, (dim,)."""
        if text not in self._memory:
            if len(self._memory) >= _REMEMBERED:
                del self._memory[next(iter(self._memory))]
            self._memory[text] = self._embedder.embed([text])[0]
        return self._memory[text]

    def many(self, texts: Sequence[str]) -> Vector:
        """Return the vectors of reference texts, (texts, dim)."""
        return self._embedder.embed(texts)


class Heap:
    """Vectors that grow in number; nearest neighbours by inner product."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: Vector = np.zeros((0, 0), np.float32)
        self._count = 0

    def add(self, vector: Vector) -> None:
        """Take in a vector, (dim,)."""
        if self._count == len(self._rows):
            grown = np.zeros((max(64, 2 * self._count), len(vector)), np.float32)
            grown[: self._count] = self._rows[: self._count] if self._count else 0
            self._rows = grown
        self._rows[self._count] = vector
        self._count += 1

    def nearest(self, vector: Vector) -> tuple[int, float]:
        """Return place and cosine of the nearest, (-1, 0) where there is none."""
        return nearest(self._rows[: self._count], vector)


def nearest(rows: Vector, vector: Vector) -> tuple[int, float]:
    """Return place and cosine of the row that is nearest, (-1, 0) where there are none."""
    if not len(rows):
        return -1, 0.0
    cosines = rows @ vector
    place = int(cosines.argmax())
    return place, float(cosines[place])
