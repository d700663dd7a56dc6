"""How far confidence is from being right: expected calibration error and the bins behind it.

Takes one confidence and one right-or-wrong per row; gives a frozen `Calibration`, and the error that a perfectly
calibrated model would have on as many rows. Knows nothing of labels, taxonomies or plots. Guo, Pleiss, Sun, Weinberger
(2017), On Calibration of Modern Neural Networks, eq. 3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.errors import InputError

BINS = 15  # of equal width, as in Guo et al. (2017), section 4
_DRAWS = 1000
_CELLS = 8_000_000  # numbers drawn at a time: 64 MB
_MOST = 100_000_000  # numbers drawn in all, about a second; of more rows there are fewer draws, and 20 at least


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose confidence lies in (low, high]; the first bin holds 0 too.

    Attributes:
        low: lower edge, excluded.
        high: upper edge, included.
        count: rows in the bin.
        confidence: their mean confidence, or None in an empty bin.
        accuracy: share of them that is right, or None in an empty bin.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class IfCalibrated:
    """The error of a perfectly calibrated model that is as sure as this one: not zero, since rows are few.

    An error below `p95` is no evidence against calibration; a constant shift can hide there, which the mean confidence
    beside the accuracy shows better.

    Attributes:
        mean: of the draws.
        p95: 95th percentile of the draws.
        draws: how many.
        method: how they were drawn.
    """

    mean: float
    p95: float
    draws: int
    method: str = "consistency resampling"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the confidences of a set of rows are worth.

    Attributes:
        ece: expected calibration error, sum over bins of count / n * |accuracy - confidence|.
        confidence: mean confidence of all rows; above `accuracy` means overconfident.
        accuracy: share of all rows whose most probable label is right.
        standard_error: of confidence minus accuracy.
        bins: `BINS` of them unless asked otherwise, from 0 to 1.
        if_calibrated: what `ece` would be of a perfectly calibrated model, where that was asked for.
    """

    ece: float
    confidence: float
    accuracy: float
    standard_error: float
    bins: tuple[Bin, ...]
    if_calibrated: IfCalibrated | None = None


def calibration(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """Bin rows by confidence and measure each bin's gap to its accuracy.

    Args:
        confidence: probability of the most probable label, shape (rows,), in [0, 1].
        correct: whether that label is right, shape (rows,).
        bins: number of bins of equal width.

    Returns:
        Error, means and bins.

    Raises:
        InputError: there is no row, the shapes differ or a confidence is not in [0, 1].
    """
    n = len(confidence)
    if n == 0 or confidence.shape != correct.shape:
        raise InputError(
            f"confidences must be one for each row and at least one, got {confidence.shape} for "
            f"{correct.shape} rows; pass both from the same rows"
        )
    if not bool(np.all((confidence >= 0) & (confidence <= 1))):  # also refuses NaN
        raise InputError(
            "confidences must be in [0, 1], got "
            f"{confidence[~((confidence >= 0) & (confidence <= 1))][0]}; pass probabilities, not logits"
        )
    edges, where = _binned(confidence, bins)
    count = np.bincount(where, minlength=bins)  # (bins,)
    sure = np.bincount(where, weights=confidence, minlength=bins)
    right = np.bincount(where, weights=correct, minlength=bins)
    return Calibration(
        ece=float(np.abs(right - sure).sum() / n),
        confidence=float(sure.sum() / n),
        accuracy=float(right.sum() / n),
        standard_error=float(np.std(confidence - correct) / np.sqrt(n)),
        bins=tuple(
            Bin(
                low=float(edges[i]),
                high=float(edges[i + 1]),
                count=int(count[i]),
                confidence=float(sure[i] / count[i]) if count[i] else None,
                accuracy=float(right[i] / count[i]) if count[i] else None,
            )
            for i in range(bins)
        ),
    )


def if_calibrated(confidence: NDArray[np.float64], *, seed: int, bins: int = BINS) -> IfCalibrated:
    """Draw right or wrong for each row after its own confidence, many times, and measure each time.

    Consistency resampling: Bröcker and Smith (2007), Increasing the Reliability of Reliability Diagrams.

    Args:
        confidence: probability of the most probable label, shape (rows,), in [0, 1], one row at least.
        seed: of the draws; equal seeds give equal figures.
        bins: number of bins of equal width.
    """
    order = np.argsort(confidence)
    sure = confidence[order]
    _, where = _binned(sure, bins)
    starts = np.flatnonzero(np.diff(where, prepend=-1))  # where the rows of a bin that has some begin
    expected = np.add.reduceat(sure, starts)
    generator = np.random.default_rng(seed)
    n = len(sure)
    draws = int(np.clip(_MOST // n, 20, _DRAWS))
    step = max(1, _CELLS // n)
    errors = np.concatenate(
        [
            np.abs(
                np.add.reduceat(generator.random((min(step, draws - done), n)) < sure, starts, axis=1, dtype=np.float64)
                - expected
            ).sum(axis=1)
            / n
            for done in range(0, draws, step)
        ]
    )
    return IfCalibrated(float(errors.mean()), float(np.quantile(errors, 0.95)), draws)


def _binned(confidence: NDArray[np.float64], bins: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the edges of bins, (bins + 1,), and the bin of each row, (rows,)."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    return edges, np.maximum(np.digitize(confidence, edges, right=True) - 1, 0)
