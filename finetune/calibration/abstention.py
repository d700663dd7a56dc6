"""When to leave a row to a person: the top probability from which answers are right as often as wished.

Takes top probabilities and whether they were right on a dev split; gives thresholds (selective classification, Geifman
and El-Yaniv 2017, arXiv:1705.08500). Knows nothing of models or files.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FEWEST = 30  # answered rows: a share of fewer says nothing


def answer_thresholds(
    top: NDArray[np.float64], right: NDArray[np.bool_], accuracies: Sequence[float]
) -> tuple[float | None, ...]:
    """Return, for each accuracy, the least top probability at which the answered rows reach it.

    Args:
        top: probability of the likeliest label, (rows,).
        right: whether it was gold, (rows,).
        accuracies: wished shares of right answers.

    Returns:
        A threshold for each accuracy; None where no 30 rows reach it.
    """
    order = np.argsort(-top, kind="stable")
    ranked = top[order]
    share = right[order].cumsum() / np.arange(1, len(top) + 1)
    usable = np.append(ranked[:-1] > ranked[1:], True)  # rows of one probability are answered together
    usable[: _FEWEST - 1] = False
    found: list[float | None] = []
    for accuracy in accuracies:
        places = np.flatnonzero(usable & (share >= accuracy))
        found.append(float(ranked[places[-1]]) if len(places) else None)
    return tuple(found)
