"""Pitch of a voice: the autocorrelation method with a best path.

Takes samples; gives the fundamental frequency every 10 ms and how periodic the voice is there. Follows P. Boersma,
"Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA
Proceedings 17, 1993, written from the paper with its published settings. Knows nothing of emotions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOP = 0.01  # s
FLOOR, CEILING = 65.0, 750.0  # Hz; from a low male voice to an excited child
SILENCE, VOICING, OCTAVE, JUMP, SWITCH = 0.03, 0.45, 0.01, 0.35, 0.14  # thresholds and costs of the paper
CANDIDATES = 6  # of each moment, beside "unvoiced"
_BLOCK = 2000  # moments at a time: 33 MB


@dataclass(frozen=True, slots=True, eq=False)
class Pitch:
    """Pitch over time, one value every `HOP`.

    Attributes:
        f0: Hz, NaN where nothing is voiced; shape (moments,).
        strength: height of the best peak of the normalised autocorrelation, 0 to 1, voiced or not; (moments,).
    """

    f0: NDArray[np.float64]
    strength: NDArray[np.float64]

    @property
    def hnr(self) -> NDArray[np.float64]:
        """Harmonics-to-noise ratio of each moment, dB (equation 4 of the paper)."""
        share = np.clip(self.strength, 1e-4, 1 - 1e-6)
        return 10 * np.log10(share / (1 - share))


def framed(samples: NDArray[np.float32], rate: int, length: int) -> NDArray[np.float32]:
    """Return views of `length` samples centred on every 10 ms, silence around the ends; (moments, length)."""
    hop = round(HOP * rate)
    moments = max(1, len(samples) // hop)
    before = length // 2
    padded = np.zeros(before + moments * hop + length, np.float32)
    padded[before - hop // 2 : before - hop // 2 + len(samples)] = samples[: len(padded) - before + hop // 2]
    return np.lib.stride_tricks.sliding_window_view(padded, length)[: moments * hop : hop]


def track_pitch(samples: NDArray[np.float32], rate: int, floor: float = FLOOR, ceiling: float = CEILING) -> Pitch:
    """Follow the pitch of one voice.

    Args:
        samples: shape (n,).
        rate: Hz.
        floor: lowest pitch, Hz.
        ceiling: highest pitch, Hz.
    """
    length = round(3 * rate / floor)  # three periods of the lowest pitch
    frames = framed(samples, rate, length)
    peak = max(1e-9, float(np.abs(samples).max(initial=0.0)))
    values, lags = [], []
    for start in range(0, len(frames), _BLOCK):
        heights, periods = _candidates(frames[start : start + _BLOCK], rate, floor, ceiling, peak)
        values.append(heights)
        lags.append(periods)
    strengths, f0 = np.concatenate(values), rate / np.concatenate(lags)
    best = np.clip(strengths[:, 1:] + OCTAVE * np.log2(floor / f0[:, 1:]), 0, 1).max(axis=1)
    chosen = _path(strengths, f0)
    picked = f0[np.arange(len(f0)), chosen]
    return Pitch(np.where(chosen > 0, picked, np.nan), best)


def _candidates(
    frames: NDArray[np.float32], rate: int, floor: float, ceiling: float, peak: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return strengths and periods in samples of the candidates; (moments, 1 + CANDIDATES), first is unvoiced."""
    length = frames.shape[1]
    size = 1 << int(np.ceil(np.log2(1.5 * length + 2)))
    window = np.hanning(length + 2)[1:-1]
    local = frames - frames.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(local * window, size)) ** 2
    own = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2)
    first, last = max(2, int(rate / ceiling)), min(int(rate / floor) + 2, length // 2)
    raw = np.fft.irfft(power)[:, : last + 2]
    energy = np.maximum(raw[:, :1], 1e-12)
    r = raw / energy / (own[: last + 2] / own[0])  # (moments, lags)
    left, middle, right = r[:, first - 1 : last - 1], r[:, first:last], r[:, first + 1 : last + 1]
    peaks = (middle > left) & (middle >= right) & (middle > 0.5 * VOICING)
    bend = left - 2 * middle + right
    shift = np.where(peaks, 0.5 * (left - right) / np.where(bend == 0, -1.0, bend), 0.0)  # parabola through three
    height = np.where(peaks, middle - 0.25 * (left - right) * shift, -1.0)
    height = np.where(height > 1, 1 / np.maximum(height, 1e-9), height)  # as the paper reflects what exceeds 1
    period = np.arange(first, last) + shift
    strength = np.where(peaks, height - OCTAVE * np.log2(floor * period / rate), -1.0)
    top = np.argsort(-strength, axis=1)[:, :CANDIDATES]
    loud = np.abs(local).max(axis=1) / peak
    unvoiced = VOICING + np.maximum(0, 2 - loud / (SILENCE / (1 + VOICING)))
    heights = np.column_stack([unvoiced, np.take_along_axis(strength, top, 1)])
    periods = np.column_stack([np.full(len(frames), rate / floor), np.take_along_axis(period, top, 1)])
    heights[loud < 1e-4, 1:] = -1.0
    return heights, periods


def _path(strengths: NDArray[np.float64], f0: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the candidate of each moment on the path that costs least (Viterbi; equation 27 and 28)."""
    octaves = np.log2(f0)
    moments, count = strengths.shape
    back = np.zeros((moments, count), np.intp)
    total = strengths[0]
    for now in range(1, moments):
        cost = JUMP * np.abs(octaves[now - 1][:, None] - octaves[now])
        cost[0, :] = SWITCH
        cost[:, 0] = SWITCH
        cost[0, 0] = 0.0
        score = total[:, None] - cost
        back[now] = score.argmax(axis=0)
        total = score[back[now], np.arange(count)] + strengths[now]
    chosen = np.zeros(moments, np.intp)
    chosen[-1] = total.argmax()
    for now in range(moments - 1, 0, -1):
        chosen[now - 1] = back[now, chosen[now]]
    return chosen
