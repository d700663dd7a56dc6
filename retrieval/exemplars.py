"""`Exemplars`: the labelled examples of one label set, with their vectors. A value taken out of a knowledge base."""

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Exemplars:
    """Labelled examples.

    Attributes:
        texts: what was said, (examples,).
        labels: gold labels of each.
        vectors: of the texts, (examples, dim).
    """

    texts: list[str]
    labels: list[tuple[str, ...]]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, table: pa.Table, vectors: NDArray[np.float32]) -> Self:
        """Make them of rows of a base's table."""
        return cls(table["text"].to_pylist(), [tuple(each) for each in table["emotions"].to_pylist()], vectors)

    @property
    def sha256(self) -> str:
        """Digest of texts and labels, in order."""
        told = "\0".join(f"{text}\t{labels}" for text, labels in zip(self.texts, self.labels, strict=True))
        return hashlib.sha256(told.encode()).hexdigest()
