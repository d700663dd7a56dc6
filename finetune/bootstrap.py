"""Percentile bootstrap over rows: how far a figure would move with another sample of the same size.

Takes what each row adds to the counts and a function from summed counts to figures; gives intervals. Knows
nothing of labels. Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95  # share of resamples inside the interval
_CELLS = 8_000_000  # numbers drawn at a time: 64 MB, whatever the size of the corpus

Figures = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the middle `LEVEL` of the resampled figures lies."""

    low: float
    high: float


def intervals(rows: NDArray[np.bool_], figures: Figures, *, resamples: int, seed: int) -> dict[str, Interval]:
    """Draw rows with replacement and give each figure's percentile interval.

    Equal rows add equal counts, so drawing n of n rows is a multinomial draw over the distinct ones: exact,
    independent of row order, and cheap for any number of rows.

    Args:
        rows: what each row adds to each count, shape (rows, counts), 0 or 1.
        figures: from summed counts (resamples, counts) to each figure's values (resamples,); NaN = undefined.
        resamples: how many samples of `len(rows)` to draw; 0 gives no interval.
        seed: of the generator; equal seeds give equal intervals.

    Returns:
        Figure name -> interval; a figure that is undefined in every resample is left out.
    """
    if resamples == 0:
        return {}
    patterns, counts = np.unique(np.packbits(rows, axis=1), axis=0, return_counts=True)
    distinct = np.unpackbits(patterns, axis=1, count=rows.shape[1]).astype(np.float64)  # (patterns, counts)
    generator = np.random.default_rng(seed)
    share = counts / len(rows)
    step = max(1, _CELLS // len(distinct))
    sums = np.concatenate(
        [
            generator.multinomial(len(rows), share, size=min(step, resamples - done)).astype(np.float64) @ distinct
            for done in range(0, resamples, step)
        ]
    )  # (resamples, counts)
    tail = 100 * (1 - LEVEL) / 2  # percent
    found: dict[str, Interval] = {}
    for name, values in figures(sums).items():
        defined = values[~np.isnan(values)]
        if len(defined):
            low, high = np.percentile(defined, [tail, 100 - tail])
            found[name] = Interval(float(low), float(high))
    return found
