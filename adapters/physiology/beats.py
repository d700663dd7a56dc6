"""Heart beats in a pulse wave or an electrocardiogram, the intervals between them, and what these say.

Takes one channel; gives beat times and features. Peaks by two moving averages: Elgendi et al. 2013 (doi
10.1371/journal.pone.0076585) for the pulse wave, Elgendi 2013 (doi 10.1371/journal.pone.0073557) for the QRS complex.
neurokit2 carries the same detectors; they are written out here because its import alone takes 2 s and it warns where
a window is short. The tests compare with it. Imports scipy: load this module only where signals are read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from thymos.adapters.sample import Channel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Detector:
    """Band, Hz; windows of peak and beat, s; share of the mean that lies between wave and noise."""

    band: tuple[float, float]
    peak: float
    beat: float
    offset: float


_DETECTORS = {"bvp": _Detector((0.5, 8.0), 0.111, 0.667, 0.02), "ecg": _Detector((8.0, 20.0), 0.097, 0.611, 0.08)}
_REFRACTORY = 0.3  # s between beats, at least
_RATE = 100.0  # Hz: faster signals are thinned to about this, which keeps intervals to a few ms
_INTERVALS = (0.33, 1.7)  # s: 35 to 180 beats a minute
_STEP = 0.25  # share by which an interval may differ from the median of its neighbours (Task Force 1996: 20 %)
_BREATH = (0.1, 0.7)  # Hz
_LONG = 120.0  # s that low frequencies need (Task Force 1996, doi 10.1161/01.CIR.93.5.1043)


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of one channel.

    Attributes:
        times: of all beats found, s from the channel's first sample.
        heights: of the filtered wave at them, in the channel's unit.
        intervals: between neighbouring beats that are plausible, s.
        at: time of the second beat of each interval, s.
        rejected: share of intervals that are not plausible; 1 where there are none.
    """

    times: Floats
    heights: Floats
    intervals: Floats
    at: Floats
    rejected: float


def find_beats(channel: Channel) -> Beats | None:
    """Find the beats of a `bvp` or `ecg` channel; None where it is too short, too slow or flat."""
    detector = _DETECTORS[channel.kind]
    values, rate, known = _prepared(channel)
    if len(values) < 3 * rate or rate <= 2 * detector.band[1] or not known.any():
        return None
    wave = signal.sosfiltfilt(signal.butter(2, detector.band, "bandpass", fs=rate, output="sos"), values)
    if float(np.std(wave)) <= 1e-6 * max(1.0, float(np.std(values))):
        return None
    energy = np.square(np.maximum(wave, 0.0) if channel.kind == "bvp" else wave)
    near, wide = (_mean(energy, max(1, round(each * rate))) for each in (detector.peak, detector.beat))
    inside = near > wide + detector.offset * energy.mean()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    wave = wave if channel.kind == "bvp" else np.abs(wave)
    peaks: list[int] = []
    for start, end in zip(starts, ends, strict=True):
        if end - start < detector.peak * rate:
            continue
        place = int(start + np.argmax(wave[start:end]))
        if known[place] and (not peaks or place - peaks[-1] > _REFRACTORY * rate):
            peaks.append(place)
    found = np.asarray(peaks, dtype=np.intp)
    return _with_intervals(_refined(wave, found) / rate, wave[found], known, rate)


def beat_features(beats: Beats, seconds: float) -> dict[str, float]:
    """Return what intervals and heights say; NaN where too few beats are sound.

    Args:
        beats: of one channel.
        seconds: length of the signal they were found in.
    """
    found = dict.fromkeys(BEAT_FEATURES, np.nan)
    found["beats_rejected"] = beats.rejected
    intervals = beats.intervals
    if len(intervals) < 4:
        return found
    rates = 60.0 / intervals  # 1/min
    steps = np.diff(intervals)[np.diff(beats.at) < _INTERVALS[1]]
    found |= {
        "heart_rate": float(60.0 / intervals.mean()),
        "heart_rate_slope": slope(beats.at, rates) * 60.0,
        "heart_rate_sd": float(rates.std()),
        "sdnn": float(intervals.std(ddof=1)) * 1000.0,
    }
    if len(steps) >= 3:
        found["rmssd"] = float(np.sqrt(np.mean(np.square(steps)))) * 1000.0
        found["rmssd_middle"] = float(np.median(np.abs(steps))) * 1000.0
        found["pnn50"] = float(np.mean(np.abs(steps) > 0.05))
    if beats.heights.mean() > 0:
        found["pulse_height"] = float(np.log(np.median(beats.heights) + 1e-9))
        found["pulse_height_spread"] = float(beats.heights.std() / beats.heights.mean())
        found["pulse_height_slope"] = slope(beats.times, beats.heights / beats.heights.mean()) * 60.0
    return found | _breathing(beats) | _low_frequencies(beats, seconds)


BEAT_FEATURES = (
    *("heart_rate", "heart_rate_slope", "heart_rate_sd", "sdnn", "rmssd", "rmssd_middle", "pnn50", "lf_hf"),
    *("pulse_height", "pulse_height_spread", "pulse_height_slope", "beats_rejected"),
    *("breath_in_pulse", "breath_slow", "breath_middle", "breath_fast", "breath_peak"),
)


def slope(times: Floats, values: Floats) -> float:
    """Return the least-squares slope per second; NaN for fewer than three values."""
    if len(values) < 3:
        return float("nan")
    centred = times - times.mean()
    spread = float(centred @ centred)
    return float(centred @ values) / spread if spread > 0 else float("nan")


def filled(values: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return values with gaps bridged by straight lines, and which of them were known."""
    known = np.isfinite(values)
    full = values.astype(np.float64)
    if known.any() and not known.all():
        places = np.arange(len(full))
        full[~known] = np.interp(places[~known], places[known], full[known])
    return full, known


def _prepared(channel: Channel) -> tuple[Floats, float, NDArray[np.bool_]]:
    values, known = filled(channel.values)
    thin = max(1, int(channel.rate // _RATE))
    if thin > 1 and len(values) > 30 * thin and known.any():
        sos = signal.butter(4, 0.4 / thin, output="sos")  # of the Nyquist rate: below the thinned one's
        return signal.sosfiltfilt(sos, values)[::thin], channel.rate / thin, known[::thin]
    return values, channel.rate, known


def _mean(values: Floats, width: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    low, high = np.maximum(0, places - width // 2), np.minimum(len(values), places + width - width // 2)
    return np.asarray((total[high] - total[low]) / (high - low))


def _refined(wave: Floats, peaks: NDArray[np.intp]) -> Floats:
    """Return peaks between samples, by the parabola through three of them."""
    inner = peaks[(peaks > 0) & (peaks < len(wave) - 1)]
    left, top, right = wave[inner - 1], wave[inner], wave[inner + 1]
    bend = left - 2 * top + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    found = peaks.astype(np.float64)
    found[(peaks > 0) & (peaks < len(wave) - 1)] += np.clip(shift, -0.5, 0.5)
    return found


def _with_intervals(times: Floats, heights: Floats, known: NDArray[np.bool_], rate: float) -> Beats:
    if len(times) < 2:
        return Beats(times, heights, np.empty(0), np.empty(0), 1.0)
    intervals, at = np.diff(times), times[1:]
    gaps = np.concatenate([[0], np.cumsum(~known)])
    places = np.clip((times * rate).astype(np.intp), 0, len(known) - 1)
    sound = (intervals >= _INTERVALS[0]) & (intervals <= _INTERVALS[1]) & (np.diff(gaps[places]) == 0)
    if sound.any():
        padded = np.pad(intervals, 5, mode="reflect") if len(intervals) > 5 else intervals
        usual = (
            np.median(np.lib.stride_tricks.sliding_window_view(padded, 11), axis=1)
            if len(intervals) > 5
            else np.full(len(intervals), np.median(intervals[sound]))
        )
        sound &= np.abs(intervals - usual) <= _STEP * usual
    return Beats(times, heights, intervals[sound], at[sound], 1.0 - float(sound.mean()))


def _breathing(beats: Beats) -> dict[str, float]:
    """Return how breathing modulates intervals and heights: shares of power by speed of breath, and its peak, 1/min."""
    if len(beats.intervals) < 8 or beats.at[-1] - beats.at[0] < 15.0:
        return {}
    spectra = []
    for times, values in ((beats.at, beats.intervals), (beats.times, beats.heights)):
        grid = np.arange(times[0], times[-1], 0.25)  # 4 Hz
        even = signal.detrend(np.interp(grid, times, values))
        power = np.abs(np.fft.rfft(even * np.hanning(len(even)), 512)) ** 2
        hertz = np.fft.rfftfreq(512, 0.25)
        band = (hertz >= _BREATH[0]) & (hertz <= _BREATH[1])
        spectra.append(power[band] / max(float(power[band].sum()), 1e-12))
    power, hertz = np.mean(spectra, axis=0), hertz[band]
    return {
        "breath_in_pulse": float(hertz[int(np.argmax(power))]) * 60.0,
        "breath_slow": float(power[hertz < 0.2].sum()),
        "breath_middle": float(power[(hertz >= 0.2) & (hertz < 0.4)].sum()),
        "breath_fast": float(power[hertz >= 0.4].sum()),
        "breath_peak": float(power.max()),
    }


def _low_frequencies(beats: Beats, seconds: float) -> dict[str, float]:
    if seconds < _LONG or len(beats.intervals) < 60:
        return {}
    grid = np.arange(beats.at[0], beats.at[-1], 0.25)  # 4 Hz
    even = signal.detrend(np.interp(grid, beats.at, beats.intervals))
    hertz, power = signal.welch(even, fs=4.0, nperseg=min(len(even), 480))
    low, high = (float(power[(hertz >= a) & (hertz < b)].sum()) for a, b in ((0.04, 0.15), (0.15, 0.4)))
    return {"lf_hf": low / high} if high > 0 else {}
