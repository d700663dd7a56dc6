"""What is measured in a voice every 10 ms: pitch, loudness, spectrum and cepstrum.

Takes samples at 16 kHz; gives an `Acoustics`. Descriptors as in eGeMAPS (Eyben et al. 2016, IEEE TAC 7(2)), computed
from their definitions. Knows nothing of sentences about them or of models.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.speech.pitch import HOP, Pitch, framed, track_pitch

RATE = 16_000  # Hz
QUIET = -100.0  # dB, for digital silence
_WINDOW = 512  # samples, 32 ms
_MELS = 40
_CEPSTRA = 13
_BLOCK = 6000  # moments at a time


@dataclass(frozen=True, slots=True, eq=False)
class Acoustics:
    """Descriptors of a recording, one row every 10 ms.

    Attributes:
        pitch: pitch and periodicity.
        level: dB of full scale; (moments,).
        tilt: alpha ratio, level of 50-1000 Hz over that of 1-5 kHz, dB; (moments,).
        hammarberg: strongest peak below 2 kHz over that of 2-5 kHz, dB; (moments,).
        centroid: centre of the power spectrum, Hz; (moments,).
        flatness: geometric over arithmetic mean of the power spectrum, dB; (moments,).
        flux: change of the normalised spectrum since the last moment; (moments,).
        mels: log mel bands, dB; (moments, 40).
        cepstra: MFCC 0 to 12; (moments, 13).
    """

    pitch: Pitch
    level: NDArray[np.float64]
    tilt: NDArray[np.float64]
    hammarberg: NDArray[np.float64]
    centroid: NDArray[np.float64]
    flatness: NDArray[np.float64]
    flux: NDArray[np.float64]
    mels: NDArray[np.float64]
    cepstra: NDArray[np.float64]


def analyse(samples: NDArray[np.float32]) -> Acoustics:
    """Measure a recording of at least one moment, in pieces of a minute."""
    from scipy.fft import dct

    frames = framed(samples, RATE, _WINDOW)
    window = np.hanning(_WINDOW).astype(np.float32)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / RATE).astype(np.float64)
    scalars, mels = [], []
    last: NDArray[np.float64] | None = None
    for start in range(0, len(frames), _BLOCK):
        block = frames[start : start + _BLOCK]
        transformed = np.abs(np.fft.rfft(block * window)).astype(np.float64)
        power: NDArray[np.float64] = transformed**2 / (window**2).sum()  # (moments, bins)
        shape = np.sqrt(power / (power.sum(1, keepdims=True) + 1e-12))
        before = np.vstack([shape[:1] if last is None else last, shape[:-1]])
        last = shape[-1:]
        scalars.append(
            np.column_stack(
                [
                    decibels((block.astype(np.float64) ** 2).mean(1)),
                    _ratio(power, frequencies, (50, 1000), (1000, 5000), peaks=False),
                    _ratio(power, frequencies, (0, 2000), (2000, 5000), peaks=True),
                    (power @ frequencies) / (power.sum(1) + 1e-12),
                    np.log(power + 1e-12).mean(1) * (10 / np.log(10)) - 10 * np.log10(power.mean(1) + 1e-12),
                    np.sqrt(((shape - before) ** 2).sum(1)),
                ]
            )
        )
        mels.append(decibels(power @ mel_filters().T))
    level, tilt, hammarberg, centroid, flatness, flux = np.concatenate(scalars).T
    bands = np.concatenate(mels)
    cepstra = dct(bands, norm="ortho", axis=1)[:, :_CEPSTRA]
    pitch = track_pitch(samples, RATE)
    return Acoustics(pitch, level, tilt, hammarberg, centroid, flatness, flux, bands, cepstra)


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return power in dB, never below `QUIET`."""
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (QUIET / 10))))


@cache
def mel_filters() -> NDArray[np.float64]:
    """Return triangles from 60 to 7,800 Hz, evenly spaced on the mel scale of O'Shaughnessy 1987; (40, bins)."""
    low, high = 2595 * np.log10(1 + np.array([60.0, 7800.0]) / 700)
    edges = np.linspace(float(low), float(high), _MELS + 2)
    hertz = 700 * (10 ** (edges / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    low, middle, high = hertz[:-2, None], hertz[1:-1, None], hertz[2:, None]
    filters = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return np.asarray(filters / np.maximum(filters.sum(1, keepdims=True), 1e-9))


def smoothed(values: NDArray[np.float64], moments: int) -> NDArray[np.float64]:
    """Return the moving average over an odd number of moments."""
    half = moments // 2
    padded = np.pad(values, half, mode="edge")
    total = np.cumsum(np.concatenate([[0.0], padded]))
    return np.asarray((total[moments:] - total[:-moments])[: len(values)] / moments)


def spoken(level: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which moments are sound: within 25 dB of the loudest hundredth (de Jong & Wempe 2009), and above -60 dB."""
    smooth = smoothed(level, 5)
    return np.asarray(smooth > max(float(np.quantile(smooth, 0.99)) - 25.0, -60.0))


def _ratio(
    power: NDArray[np.float64],
    frequencies: NDArray[np.float64],
    low: tuple[float, float],
    high: tuple[float, float],
    *,
    peaks: bool,
) -> NDArray[np.float64]:
    """Return how much louder one band is than another, by energy or by highest peak, dB."""
    levels = []
    for bottom, top in (low, high):
        band = power[:, (frequencies >= bottom) & (frequencies < top)]
        levels.append(decibels(band.max(1) if peaks else band.sum(1)))
    return levels[0] - levels[1]


def moments_of(seconds: float) -> int:
    """Return how many moments of `HOP` a time has."""
    return round(seconds / HOP)
