"""Features of a window of physiology: heart, pulse, skin conductance, warmth, breath, muscle, brain waves.

Takes a `Recording` (a window of it); gives one number for each name of `FEATURES`, NaN where the channel is absent or
the window too short: never zero for what was not measured. Knows nothing of persons, labels or models.
Imports scipy: load this module only where signals are read.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from thymos.adapters.physiology.beats import BEAT_FEATURES, beat_features, filled, find_beats, slope
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Channel

_RESPONSE = 0.01  # uS: the smallest skin conductance response that counts; the wrist gives less than the palm's 0.05
_BANDS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}  # Hz
_EDA = (
    *("skin_level", "skin_slope", "skin_spread", "skin_responses", "skin_response_height", "skin_phasic"),
    *("skin_activity", "skin_rising", "skin_bend"),
)
_CARDIOTACH = ("device_rate", "device_rate_slope", "device_rate_sd", "device_rate_range", "device_rate_steps")
_WAVE = ("pulse_skew", "pulse_peakedness", "pulse_purity", "pulse_upper", "pulse_noise", "pulse_energy_spread")
_WARMTH = ("temperature", "temperature_slope", "temperature_sd", "temperature_bend")
_BREATH = ("breath_rate", "breath_rate_sd", "breath_depth_spread")
FEATURES = (
    *BEAT_FEATURES,
    *_WAVE,
    *_CARDIOTACH,
    *_EDA,
    *_WARMTH,
    *_BREATH,
    "muscle",
    *(f"brain_{name}" for name in _BANDS),
)
# What creeps in one direction over a session (contact settling, a hand warming up) and so tells the time as well.
DRIFTING = frozenset({"skin_level", "skin_slope", "skin_spread", "temperature", "temperature_slope", "pulse_height"})
SHORTEST = 5.0  # s below which no feature is measured


def window_features(recording: Recording) -> dict[str, float]:
    """Measure a window.

    Returns:
        value by name, every name of `FEATURES`; rates in 1/min, intervals in ms, conductance in uS, temperature in
        degC, slopes per minute, `pulse_height` and `muscle` as logarithms, shares in 0..1.
    """
    found = dict.fromkeys(FEATURES, float("nan"))
    measures = {
        "bvp": _pulse,
        "eda": _skin,
        "temperature": _warmth,
        "heart-rate": _cardiotachometer,
        "respiration": _breath,
        "emg": _muscle,
        "eeg": _brain,
        "ecg": _heart,  # after the pulse: its beats are the sharper ones
    }
    for kind, measure in measures.items():
        channel = recording.channel(kind)
        if channel is not None and np.isfinite(channel.values).sum() >= SHORTEST * channel.rate:
            found |= {name: value for name, value in measure(channel).items() if np.isfinite(value)}
    return found


def vector(features: dict[str, float]) -> NDArray[np.float32]:
    """Return features in the order of `FEATURES`, shape (len(FEATURES),), NaN kept."""
    return np.array([features[name] for name in FEATURES], dtype=np.float32)


def _heart(channel: Channel) -> dict[str, float]:
    beats = find_beats(channel)
    return {} if beats is None else _beats_only(beat_features(beats, _seconds(channel)))


def _beats_only(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if not name.startswith("pulse_")}


def _pulse(channel: Channel) -> dict[str, float]:
    beats = find_beats(channel)
    if beats is None:
        return {}
    values, _ = filled(channel.values)
    hertz, power = signal.welch(
        values - values.mean(), fs=channel.rate, nperseg=min(len(values), int(8 * channel.rate))
    )
    total = max(float(power[(hertz >= 0.5) & (hertz <= 8)].sum()), 1e-12)
    top = hertz[np.argmax(np.where((hertz >= 0.7) & (hertz <= 3.0), power, 0.0))]
    wave = signal.sosfiltfilt(
        signal.butter(2, (0.5, min(8.0, 0.45 * channel.rate)), "bandpass", fs=channel.rate, output="sos"), values
    )
    spread = max(float(wave.std()), 1e-12)
    standard = (wave - wave.mean()) / spread
    pieces = np.array_split(wave, max(1, int(_seconds(channel) // 5)))
    energies = np.array([piece.std() for piece in pieces]) + 1e-9
    return {
        **beat_features(beats, _seconds(channel)),
        "pulse_skew": float(np.mean(standard**3)),
        "pulse_peakedness": float(np.log(np.mean(standard**4))),
        "pulse_purity": float(power[np.abs(hertz - top) <= 0.2].sum()) / total,
        "pulse_upper": float(power[(hertz > 2.5 * top) & (hertz <= 8)].sum()) / total,
        "pulse_noise": float(np.log(power[(hertz > 0.05) & (hertz < 0.5)].sum() / total + 1e-6)),
        "pulse_energy_spread": float(np.log(energies).std()),
    }


def _skin(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    width = max(1, round(channel.rate))  # 1 s
    smooth = np.convolve(
        np.pad(values, (width // 2, width - 1 - width // 2), mode="edge"), np.ones(width) / width, "valid"
    )
    times = np.arange(len(smooth)) / channel.rate
    minutes = max(_seconds(channel) / 60.0, 1e-9)
    _, found = signal.find_peaks(smooth, prominence=_RESPONSE, wlen=max(3, int(20 * channel.rate) | 1))
    heights = found["prominences"]
    line = slope(times, smooth)
    phasic = smooth - smooth.mean() - line * (times - times.mean())
    change = np.diff(smooth) * channel.rate  # uS/s
    half = len(smooth) // 2
    return {
        "skin_level": float(np.log(max(float(np.median(smooth)), 1e-3))),
        "skin_slope": line * 60.0,
        "skin_spread": float(np.log(smooth.std() + 1e-4)),
        "skin_responses": len(heights) / minutes,
        "skin_response_height": float(np.log(heights.mean())) if len(heights) else float(np.log(_RESPONSE)),
        "skin_phasic": float(np.log(phasic.std() + 1e-4)),
        "skin_activity": float(np.log(np.abs(change).mean() + 1e-4)) if len(change) else float("nan"),
        "skin_rising": float(np.mean(change > 0)) if len(change) else float("nan"),
        "skin_bend": (slope(times[half:], smooth[half:]) - slope(times[:half], smooth[:half])) * 60.0,
    }


def _warmth(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    times, half = np.arange(len(values)) / channel.rate, len(values) // 2
    line = slope(times, values)
    return {
        "temperature": float(values.mean()),
        "temperature_slope": line * 60.0,
        "temperature_sd": float((values - values.mean() - line * (times - times.mean())).std()),
        "temperature_bend": (slope(times[half:], values[half:]) - slope(times[:half], values[:half])) * 60.0,
    }


def _cardiotachometer(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    times = np.arange(len(values)) / channel.rate
    return {
        "device_rate": float(values.mean()),
        "device_rate_slope": slope(times, values) * 60.0,
        "device_rate_sd": float(values.std()),
        "device_rate_range": float(np.ptp(values)),
        "device_rate_steps": float(np.abs(np.diff(values)).mean() * channel.rate),
    }


def _breath(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    if channel.rate <= 2.0 or _seconds(channel) < 10.0 or float(values.std()) <= 0:
        return {}
    thin = max(1, int(channel.rate // 20))
    wave = signal.sosfiltfilt(
        signal.butter(2, (0.05, min(1.0, 0.45 * channel.rate)), "bandpass", fs=channel.rate, output="sos"), values
    )[::thin]
    peaks, found = signal.find_peaks(wave, prominence=0.5 * wave.std(), distance=max(1, int(channel.rate / thin)))
    if len(peaks) < 3:
        return {}
    rates = 60.0 * channel.rate / thin / np.diff(peaks)  # 1/min
    depths = found["prominences"]
    return {
        "breath_rate": float(np.median(rates)),
        "breath_rate_sd": float(rates.std()),
        "breath_depth_spread": float(depths.std() / depths.mean()),
    }


def _muscle(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    return {"muscle": float(np.log(np.std(np.diff(values)) + 1e-9))}


def _brain(channel: Channel) -> dict[str, float]:
    values, _ = filled(channel.values)
    hertz, power = signal.welch(values, fs=channel.rate, nperseg=min(len(values), int(2 * channel.rate)))
    total = float(power[(hertz >= 1) & (hertz < 30)].sum())
    if total <= 0:
        return {}
    return {
        f"brain_{name}": float(power[(hertz >= low) & (hertz < high)].sum()) / total
        for name, (low, high) in _BANDS.items()
    }


def _seconds(channel: Channel) -> float:
    return len(channel.values) / channel.rate
