"""How steady a voice is: jitter and shimmer from its single periods.

Takes samples and their pitch; gives the two measures. Periods are found by waveform matching as in Boersma & Weenink's
Praat (Boersma 2009, "Should jitter be measured by peak picking or by waveform matching?", Folia Phoniatrica 61);
written from the description. Knows nothing of what the numbers mean.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.speech.pitch import HOP, Pitch

SEARCH = 0.2  # of a period, on either side of where the next one should begin
ALIKE = 0.7  # least correlation of a period with the next
JUMP = 1.3  # neighbouring periods further apart than this are no neighbours (Praat's maximum period factor)
LONGEST = 60.0  # s of sound that are looked at: enough for a mean


def steadiness(samples: NDArray[np.float32], rate: int, pitch: Pitch) -> tuple[float, float] | None:
    """Return local jitter and local shimmer, both as shares, or None where there are fewer than ten periods.

    Jitter is the mean difference of neighbouring periods over the mean period, shimmer that of their amplitudes.
    """
    jumps, shifts, lengths, heights = [], [], [], []
    for first, last in _stretches(pitch):
        if first * HOP > LONGEST:
            break
        period, height = _periods(samples.astype(np.float64), rate, pitch.f0, first, last)
        together = np.maximum(period[1:], period[:-1]) < JUMP * np.minimum(period[1:], period[:-1])
        jumps.append(np.abs(np.diff(period))[together])
        shifts.append(np.abs(np.diff(height))[together])
        lengths.append(period)
        heights.append(height)
    if not jumps or (moves := np.concatenate(jumps)).size < 10:
        return None
    jitter = moves.mean() / np.concatenate(lengths).mean()
    return float(jitter), float(np.concatenate(shifts).mean() / np.concatenate(heights).mean())


def _stretches(pitch: Pitch) -> Iterator[tuple[int, int]]:
    """Yield first and one-past-last moment of every voiced stretch of 50 ms at least."""
    voiced = np.concatenate([[False], ~np.isnan(pitch.f0), [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(voiced))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= 5:
            yield int(first), int(last)


def _periods(
    samples: NDArray[np.float64], rate: int, f0: NDArray[np.float64], first: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lengths (samples) and peak-to-peak heights of the periods of one voiced stretch."""
    hop = HOP * rate
    at, stop = first * hop, min(last * hop, len(samples))
    lengths: list[float] = []
    heights: list[float] = []
    while True:
        expected = rate / f0[min(last - 1, int(at / hop))]
        size, begin = round(expected), round(at)
        reach = max(2, round(SEARCH * expected))
        if begin + 2 * size + reach + 2 > stop:
            return np.array(lengths), np.array(heights)
        own = samples[begin : begin + size]
        later = samples[begin + size - reach - 1 : begin + 2 * size + reach + 1]
        match = _correlation(own, later)
        best = int(match[1:-1].argmax()) + 1
        left, middle, right = match[best - 1 : best + 2]
        if middle < ALIKE:
            at += expected
            continue
        bend = left - 2 * middle + right
        shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
        length = size - reach - 1 + best + float(np.clip(shift, -0.5, 0.5))
        lengths.append(length)
        heights.append(own.max() - own.min())
        at = begin + length


def _correlation(own: NDArray[np.float64], later: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of a piece with every piece of its length in a longer one."""
    size = len(own)
    own = own - own.mean()
    sums = np.concatenate([[0.0], np.cumsum(later)])
    squares = np.concatenate([[0.0], np.cumsum(later**2)])
    spread = squares[size:] - squares[:-size] - (sums[size:] - sums[:-size]) ** 2 / size
    product = np.correlate(later, own, mode="valid")
    return np.asarray(product / np.sqrt(np.maximum(spread * (own**2).sum(), 1e-18)))
