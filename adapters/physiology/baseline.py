"""A person's own usual: middle and spread of each feature over a whole recording, and features relative to them.

Takes a `Recording` of one person; gives a `Baseline`. This is unsupervised use of the recording: no label is read,
but samples after the window count as well as those before it, so figures reached with it are for recordings that are
there as a whole. With `until`, only the past counts. Imports scipy with the features.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.physiology.features import FEATURES, vector, window_features
from thymos.adapters.physiology.recording import Recording
from thymos.prompts.errors import RowError

WINDOW, STEP = 60.0, 30.0  # s
FEWEST = 6  # windows that make a usual: 3.5 minutes
_MOST = 400  # windows that are looked at, spread evenly over a longer recording
_CLIP = 5.0
_WIDE = 1.349  # quartiles of a normal distribution lie this many standard deviations apart


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What is usual for one person.

    Attributes:
        middle: median of each feature, in the order of `FEATURES`; NaN where it was never measured.
        spread: its interquartile range as a standard deviation; NaN where it was never measured or never varied.
    """

    middle: NDArray[np.float32]
    spread: NDArray[np.float32]

    def relative(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return features in standard deviations from the usual, clipped to 5 either way; NaN stays NaN.

        Args:
            features: shape (..., len(FEATURES)).
        """
        away: NDArray[np.float32] = np.clip((features - self.middle) / self.spread, -_CLIP, _CLIP)
        return away.astype(np.float32)


def baseline_of(recording: Recording, *, until: float | None = None) -> Baseline | None:
    """Measure a person's usual in 60 s windows every 30 s; None where the recording has too few of them.

    Args:
        recording: of one person.
        until: time after which nothing counts, s; None counts all.
    """
    return baseline_from(usual_windows(recording, until=until)[1])


def usual_windows(
    recording: Recording, *, until: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Measure 60 s windows every 30 s; of a very long recording, 400 of them spread evenly.

    Args:
        recording: of one person.
        until: time after which nothing counts, s; None counts all.

    Returns:
        where each window starts, s, shape (windows,), and its features, shape (windows, len(FEATURES)).
    """
    end = recording.end if until is None else min(until, recording.end)
    count = max(0, int((end - recording.start - WINDOW) // STEP) + 1)
    places = np.unique(np.linspace(0, count - 1, min(count, _MOST)).round()) if count else np.empty(0)
    starts, rows = [], []
    for start in (recording.start + STEP * places).tolist():
        try:
            rows.append(vector(window_features(recording.part(start, start + WINDOW))))
            starts.append(start)
        except RowError:  # a gap in every channel
            continue
    return np.array(starts), np.array(rows, dtype=np.float32).reshape(-1, len(FEATURES))


def baseline_from(rows: NDArray[np.float32]) -> Baseline | None:
    """Return the usual over rows of features, shape (windows, len(FEATURES)); None for too few."""
    if len(rows) < FEWEST:
        return None
    middle = np.full(rows.shape[1], np.nan, dtype=np.float32)
    spread = middle.copy()
    enough = np.isfinite(rows).sum(0) >= FEWEST
    if enough.any():
        low, half, high = np.nanquantile(rows[:, enough], (0.25, 0.5, 0.75), axis=0)
        middle[enough] = half
        wide = (high - low) / _WIDE
        spread[enough] = np.where(wide > 1e-6, wide, np.nan)
    return Baseline(middle, spread)
