"""Vectors of the sentences of passages: a question is often about one of them, which the vector of the whole blurs.

Takes texts; gives the cosine between a query and the nearest sentence of a passage (late interaction by sentence, after
Khattab and Zaharia 2020, arXiv:2004.12832, who do it by token). Knows nothing of indexes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_END = re.compile(r"(?<=[.!?:;])\s+")


def sentences(text: str) -> list[str]:
    """Split a text into its sentences; a colon or semicolon ends one."""
    return [each for each in _END.split(text.strip()) if each]


@dataclass(frozen=True, slots=True, eq=False)
class SentenceVectors:
    """Vectors of sentences, passage after passage.

    Attributes:
        vectors: unit vectors, (sentences, dim).
        offsets: where the sentences of each passage begin, and where the last one's end, (passages + 1,). A passage
            of one sentence has none: its own vector says it.
    """

    vectors: Vectors
    offsets: NDArray[np.int64]

    @classmethod
    def none(cls, passages: int, size: int) -> Self:
        """Return the vectors of passages without sentences of their own."""
        return cls(np.zeros((0, size), np.float32), np.zeros(passages + 1, np.int64))

    def kept(self, rows: NDArray[np.bool_]) -> Self:
        """Return those of the passages that are kept, (passages,)."""
        lengths = np.diff(self.offsets)
        vectors = self.vectors[np.repeat(rows, lengths)]
        return type(self)(vectors, np.concatenate([[0], lengths[rows].cumsum()]))

    def extended(self, other: Self) -> Self:
        """Return those of two runs of passages, one after the other."""
        if not len(self.offsets) - 1:
            return other
        vectors = np.concatenate([self.vectors, other.vectors]) if len(self.vectors) else other.vectors
        return type(self)(vectors, np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]]))

    def nearest(self, query: Vectors, rows: Sequence[int], whole: Vectors) -> Vectors:
        """Return the cosine of each passage's nearest sentence.

        Args:
            query: unit vector, (dim,).
            rows: passages.
            whole: their own cosines, which stand in where a passage has one sentence, (rows,).
        """
        found = whole.copy()
        for place, row in enumerate(rows):
            start, end = self.offsets[row], self.offsets[row + 1]
            if end > start:
                found[place] = (self.vectors[start:end] @ query).max()
        return found
