"""Which label is taken for which: gold labels by predicted labels, with a column for "no label".

Takes 0/1 matrices of rows by labels; gives a frozen `Confusion`. Knows nothing of files or plots.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.taxonomy import Kind, Taxonomy

NO_LABEL = "(no label)"  # last column: rows that abstained or were given no label

_MEANING = {
    Kind.SINGLE: "rows: gold label; columns: predicted label; each sample counts once",
    Kind.MULTI: "rows: gold label; columns: most probable label; a sample counts once a gold label",
}


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts of gold label (rows) by predicted label (columns).

    A sample with several gold labels has no single cell to be in. For a multi-label taxonomy the matrix is
    therefore gold label by *most probable* label: it shows what the model sees first where an annotator saw
    the row's label. Its diagonal is a hit, but off the diagonal may be another gold label of the same sample.

    Attributes:
        labels: names of the rows and of all columns but the last, which is `NO_LABEL`.
        counts: shape (labels, labels + 1).
        meaning: one sentence on what a cell counts; it differs between single- and multi-label.
    """

    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    meaning: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*self.labels, NO_LABEL)


def confusion(
    taxonomy: Taxonomy, gold: NDArray[np.bool_], predicted: NDArray[np.bool_], top: NDArray[np.intp] | None
) -> Confusion | None:
    """Count gold labels by predicted label.

    Args:
        taxonomy: names and kind of the columns of `gold` and `predicted`.
        gold: shape (rows, labels).
        predicted: shape (rows, labels); a row without any is one without a label.
        top: index of the most probable label, shape (rows,); needed for a multi-label taxonomy only.

    Returns:
        The matrix, or None when the taxonomy is multi-label and there are no probabilities to rank by.
    """
    size = len(taxonomy)
    chosen = predicted.argmax(axis=1) if taxonomy.kind is Kind.SINGLE else top
    if chosen is None:
        return None
    column = np.where(predicted.any(axis=1), chosen, size)  # (rows,)
    rows, labels = np.nonzero(gold)
    counts = np.bincount(labels * (size + 1) + column[rows], minlength=size * (size + 1))
    return Confusion(labels=taxonomy.names, counts=counts.reshape(size, size + 1), meaning=_MEANING[taxonomy.kind])
