"""Conformal label sets: as few labels as hold all gold labels of a wished share of rows.

Takes probabilities and gold labels of a dev split; gives, for each coverage, the probability from which a label belongs
to the set. The score of a row is one minus the probability of its least likely gold label (the least ambiguous sets of
Sadinle, Lei and Wasserman 2019, arXiv:1609.00451; the largest score over the gold labels where there are several), and
the quantile has the finite-sample correction of split conformal prediction (Angelopoulos and Bates 2023,
arXiv:2107.07511): rows like those of the dev split are covered with at least the wished probability. Knows nothing of
models or files.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def set_thresholds(
    probabilities: NDArray[np.float64], gold: NDArray[np.bool_], coverages: Sequence[float]
) -> tuple[float, ...]:
    """Return the threshold of each coverage.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels); every row has one.
        coverages: wished shares of rows whose gold labels are all in the set.

    Returns:
        For each coverage, the probability from which a label is in the set; 0, that is all labels, where there are
        too few rows to promise anything less.
    """
    least = np.sort(np.where(gold, probabilities, np.inf).min(axis=1))[::-1]  # of each row's gold labels, falling
    rows = len(least)
    found = []
    for coverage in coverages:
        rank = int(np.ceil((rows + 1) * coverage))  # this many rows must be covered
        found.append(float(least[rank - 1]) if rank <= rows else 0.0)
    return tuple(found)
