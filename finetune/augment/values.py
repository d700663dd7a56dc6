"""What an augmentation experiment is made of: rows, training sets, cells of its grid, and their results.

Frozen values; nothing is read or computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Arm = Literal["real", "synthetic", "oversample", "eda", "paraphrase"]
REAL: Arm = "real"
SYNTHETIC: Arm = "synthetic"
CHEAP: tuple[Arm, ...] = ("oversample", "eda", "paraphrase")  # what synthetic rows must beat
TITLES: dict[Arm, str] = {
    "real": "real rows alone",
    "synthetic": "synthetic rows",
    "oversample": "random oversampling",
    "eda": "EDA word edits",
    "paraphrase": "paraphrases by the LLM",
}
ALL = 0  # a size: every real row


@dataclass(frozen=True, slots=True)
class Row:
    """A text with its labels.

    Attributes:
        id: of the row in its file.
        text: one utterance.
        labels: at least one.
    """

    id: str
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """A row that is put beside the real ones.

    Attributes:
        text: one utterance.
        labels: at least one.
        parent: place of the real row that it was made from; None where it was made from none. Where a real row is
            held out, what was made from it is left out too.
        times: how often it counts.
    """

    text: str
    labels: tuple[str, ...]
    parent: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Training:
    """What a classifier learns from."""

    real: tuple[Row, ...]
    added: tuple[Added, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One place of the grid.

    Attributes:
        classifier: its name.
        size: real rows a label, or `ALL`.
        seed: of the draw and of what is added.
        arm: what is added.
    """

    classifier: str
    size: int
    seed: int
    arm: Arm


@dataclass(frozen=True, slots=True)
class Result:
    """What one cell gave.

    Attributes:
        predicted: labels of each test row, in the order of the test set, as positions in the taxonomy.
        real: real rows that it learnt from.
        added: rows beside them, each as often as it counts.
        chosen: hyperparameters, found on the training draw alone.
    """

    predicted: tuple[tuple[int, ...], ...]
    real: int
    added: int
    chosen: dict[str, float]


class Classifier(Protocol):
    """What learns from a training set and labels texts."""

    @property
    def name(self) -> str:
        """For tables and files."""
        ...

    def label(self, training: Training, texts: Sequence[str], seed: int) -> tuple[Bools, dict[str, float]]:
        """Return label sets, (texts, labels), and the hyperparameters that were chosen on the training set alone."""
        ...


class Paraphraser(Protocol):
    """What says a text in other words."""

    @property
    def name(self) -> str:
        """For the report."""
        ...

    def paraphrase(self, texts: Sequence[str], seed: int) -> list[str]:
        """Return one other wording a text, in order; empty where it found none."""
        ...


def size_name(size: int) -> str:
    """Return how a size is called: `16`, or `all`."""
    return "all" if size == ALL else str(size)
