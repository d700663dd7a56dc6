"""A window of the body among the other windows of the same recording: as ranks, and against the minutes before.

Takes the features of a window and of all windows of its recording; gives features. No label is read. Ranks use the
whole recording, what comes after a window too; `against_others` what lies around it, or only before it.
"""

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.physiology.baseline import WINDOW

Floats = NDArray[np.float32]


def ranks(asked: Floats, usual: Floats) -> Floats:
    """Return the share of the recording's windows that lie below, 0 to 1; NaN where not measured.

    Args:
        asked: features of windows, shape (windows, features).
        usual: of all windows of the same recording, shape (others, features).
    """
    found = np.full_like(asked, np.nan)
    for column in range(asked.shape[1]):
        known = np.sort(usual[np.isfinite(usual[:, column]), column])
        if len(known):
            found[:, column] = np.searchsorted(known, asked[:, column]) / len(known)
    found[~np.isfinite(asked)] = np.nan
    return found


def against_others(
    asked: Floats, at: NDArray[np.float64], usual: Floats, starts: NDArray[np.float64], *, after: bool = False
) -> Floats:
    """Return features less their mean over the windows of the five minutes before each, and perhaps after it.

    0 where there is no such window, so that the beginning of a recording does not show as missing values.

    Args:
        asked: relative features of windows, shape (windows, features).
        at: where each starts, s.
        usual: relative features of all windows of the same recording, shape (others, features).
        starts: where those start, s.
        after: whether what comes after a window counts too: up to five minutes, and the window itself.
    """
    found = np.zeros_like(asked)
    for row, time in enumerate(at):
        last = time + 6 * WINDOW if after else time
        others = usual[(starts >= time - 5 * WINDOW) & (starts + WINDOW <= last)]
        known = np.isfinite(others)
        count = known.sum(0)
        mean = np.where(known, others, 0.0).sum(0) / np.maximum(count, 1)
        found[row] = np.where(count > 0, asked[row] - mean, 0.0)
    return found
