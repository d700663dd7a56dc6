"""Times of samples to a regular grid: what order, repeats, jitter and gaps become.

Takes times and values of one signal; gives values at one rate, NaN in gaps, with a flag for whatever was not regular.
Times that run backwards are sorted and told; times too coarse to tell samples apart are refused.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.physiology.limits import check_size, check_span
from thymos.prompts.errors import RowError

_JITTER = 0.05  # share of a step by which samples may lie beside the grid and be taken as they are
_BRIDGED = 1.5  # steps between neighbours over which a value is still interpolated


@dataclass(frozen=True, slots=True, eq=False)
class Gridded:
    """A signal at one rate.

    Attributes:
        values: shape (samples,); NaN in gaps.
        rate: Hz.
        start: time of the first sample, s.
        flags: sentences about what was not regular.
    """

    values: NDArray[np.float64]
    rate: float
    start: float
    flags: tuple[str, ...]


def on_grid(kind: str, times: NDArray[np.float64], values: NDArray[np.float64]) -> Gridded:
    """Put a signal on a regular grid; samples without a value are gaps of a column that is recorded more slowly.

    Raises:
        RowError: there are fewer than two samples, or their times say nothing.
    """
    timed = np.abs(times) < 1e12  # false for NaN too
    known = timed & np.isfinite(values)
    flags = [] if timed.all() else [f"{int((~timed).sum()):,} samples of {kind} without a time were left out"]
    if known.sum() < 2:
        raise RowError(
            f"{kind} must have at least two samples with time and value, got {int(known.sum())}; drop the row"
        )
    times, values = times[known], values[known]
    times, values = _in_order(kind, times, values, flags)
    span = float(times[-1] - times[0])
    check_span(kind, span)
    step = float(np.median(np.diff(times)))
    check_size(kind, span / step + 1)
    return _laid_out(kind, times, values, step, flags)


def _in_order(
    kind: str, times: NDArray[np.float64], values: NDArray[np.float64], flags: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    back = int((np.diff(times) < 0).sum())
    if back:
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        flags.append(f"time of {kind} runs backwards {back:,} times; its samples were sorted")
    fresh = np.concatenate([[True], np.diff(times) > 0])
    repeated = int((~fresh).sum())
    if repeated * 2 > len(times) or len(times) - repeated < 2:
        raise RowError(
            f"time of {kind} must tell its samples apart, got {repeated:,} of {len(times):,} at the time of the one "
            "before; write time with more decimals, or give the rate as SamplingFrequency in a sidecar"
        )
    if repeated:
        flags.append(f"{repeated:,} samples of {kind} repeat a time; the first of each is used")
    return times[fresh], values[fresh]


def _laid_out(
    kind: str, times: NDArray[np.float64], values: NDArray[np.float64], step: float, flags: list[str]
) -> Gridded:
    steps = np.diff(times)
    gaps = steps > _BRIDGED * step
    even = steps[~gaps]
    if len(even):
        step = float(even.mean())  # the median of written times is rounded, their mean is not
    start, count = float(times[0]), round((times[-1] - times[0]) / step) + 1
    check_size(kind, count)
    places = (times - start) / step
    nearest = np.rint(places).astype(np.int64)
    found = np.full(count, np.nan)
    if np.abs(places - nearest).max() <= _JITTER or (not gaps.any() and np.abs(even - step).max() <= 0.5 * step):
        if not gaps.any() and len(values) == count:
            found = values.copy()
        else:
            found[np.clip(nearest, 0, count - 1)] = values
    else:
        grid = start + np.arange(count) * step
        found = np.interp(grid, times, values)
        right = np.clip(np.searchsorted(times, grid, side="left"), 1, len(times) - 1)
        hole = (times[right] - times[right - 1] > _BRIDGED * step) & (
            np.minimum(grid - times[right - 1], times[right] - grid) > 0.5 * step
        )
        found[hole] = np.nan
        flags.append(f"time steps of {kind} vary; it was resampled to a regular {1 / step:.4g} Hz")
    missing = int(np.isnan(found).sum())
    if missing:
        flags.append(f"{kind} has gaps of {missing * step:.3g} s in all")
    return Gridded(found, _whole(1.0 / step), start, tuple(flags))


def _whole(rate: float) -> float:
    """Return the whole number of Hz that a rate out of rounded times stands for, where there is one that near."""
    whole = round(rate)
    return float(whole) if whole and abs(rate - whole) < 1e-5 * rate else rate
