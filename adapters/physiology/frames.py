"""A recording as what the network sees: frames of 15 s with their waves, features and what is missing.

Takes a `Recording` and perhaps the person's `Baseline`; gives arrays. Features of a frame are of up to 60 s around it,
inside the recording: heart rate variability and skin responses need that long. Knows no network and no label.
Imports scipy with the features.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from thymos.adapters.physiology.baseline import Baseline
from thymos.adapters.physiology.beats import filled
from thymos.adapters.physiology.features import FEATURES, SHORTEST, vector, window_features
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.physiology.units import UNITS
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

FRAME = 15.0  # s
AROUND = 60.0  # s of a frame's features
PULSE_RATE, SLOW_RATE = 32.0, 4.0  # Hz
PULSE, SLOW = int(FRAME * PULSE_RATE), int(FRAME * SLOW_RATE)  # samples of a frame
MOST_FRAMES = 960  # four hours; a longer recording is to be cut
KINDS = tuple(UNITS)
_SMALLEST = {"eda": 0.05, "temperature": 0.05}  # uS, degC: spread that fills the range; less is mostly noise
_CLIP = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Arrays of a signal, all float32.

    Attributes:
        pulse: shape (frames, PULSE), the pulse wave (or electrocardiogram) at 32 Hz in standard deviations; 0 in gaps.
        slow: shape (frames, 2, SLOW), skin conductance and temperature at 4 Hz around their means; 0 in gaps.
        features: shape (frames, len(FEATURES)); NaN where not measured.
        relative: shape (frames, len(FEATURES)), to the person's usual; NaN without one.
        present: shape (frames, len(KINDS)), share of each channel that is there.
    """

    pulse: NDArray[np.float32]
    slow: NDArray[np.float32]
    features: NDArray[np.float32]
    relative: NDArray[np.float32]
    present: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pulse)


def frames_of(recording: Recording, baseline: Baseline | None = None) -> Frames:
    """Cut a recording into frames of 15 s; what is left over at the end is a frame of its own if it is half as long.

    Raises:
        RowError: it is shorter than 5 s, or longer than four hours.
    """
    start, seconds = recording.start, recording.end - recording.start
    if seconds < SHORTEST:
        raise RowError(f"physiology must last at least {SHORTEST:g} s, got {seconds:.3g} s; widen t=from,to")
    count = max(1, round(seconds / FRAME))
    if count > MOST_FRAMES:
        raise RowError(
            f"physiology must last at most {MOST_FRAMES * FRAME / 3600:g} hours at once, got {seconds / 3600:.3g}; "
            "name the part that is meant with t=from,to"
        )
    features = _features(recording, start, seconds, count)
    wave = recording.channel("bvp") or recording.channel("ecg")
    slow = [_slow(recording.channel(kind), start, count) for kind in ("eda", "temperature")]
    return Frames(
        pulse=_pulse(wave, start, count),
        slow=np.stack(slow, axis=1),
        features=features,
        relative=np.full_like(features, np.nan) if baseline is None else baseline.relative(features),
        present=np.stack([_present(recording.channel(kind), start, count) for kind in KINDS], axis=1),
    )


def _features(recording: Recording, start: float, seconds: float, count: int) -> NDArray[np.float32]:
    """Measure up to 60 s around each frame, once where frames share them."""
    measured: dict[float, NDArray[np.float32]] = {}
    rows = []
    for frame in range(count):
        middle = start + (frame + 0.5) * FRAME
        first = min(max(start, middle - AROUND / 2), max(start, start + seconds - AROUND))
        if first not in measured:
            try:
                measured[first] = vector(window_features(recording.part(first, first + AROUND)))
            except RowError:  # a gap in every channel
                measured[first] = np.full(len(FEATURES), np.nan, dtype=np.float32)
        rows.append(measured[first])
    return np.stack(rows)


def _pulse(channel: Channel | None, start: float, count: int) -> NDArray[np.float32]:
    if channel is None:
        return np.zeros((count, PULSE), dtype=np.float32)
    values, known = _resampled(channel, start, PULSE_RATE, count * PULSE)
    inside = values[known]
    if len(inside) > 3 * PULSE_RATE:
        values = signal.sosfiltfilt(signal.butter(2, 0.4, "highpass", fs=PULSE_RATE, output="sos"), values)
        spread = float(np.percentile(np.abs(values[known]), 75)) / 0.6745  # beats are no outliers, jolts are
        values = values / max(spread, 1e-9)
    else:
        values = np.zeros_like(values)
    return np.where(known, np.clip(values, -_CLIP, _CLIP), 0.0).astype(np.float32).reshape(count, PULSE)


def _slow(channel: Channel | None, start: float, count: int) -> NDArray[np.float32]:
    if channel is None:
        return np.zeros((count, SLOW), dtype=np.float32)
    values, known = _resampled(channel, start, SLOW_RATE, count * SLOW)
    if not known.any():
        return np.zeros((count, SLOW), dtype=np.float32)
    middle, spread = float(np.median(values[known])), float(values[known].std())
    scaled = (values - middle) / max(spread, _SMALLEST[channel.kind])
    return np.where(known, np.clip(scaled, -_CLIP, _CLIP), 0.0).astype(np.float32).reshape(count, SLOW)


def _present(channel: Channel | None, start: float, count: int) -> NDArray[np.float32]:
    if channel is None:
        return np.zeros(count, dtype=np.float32)
    times = start + np.arange(count * SLOW) / SLOW_RATE
    known = _known(channel, times)
    return np.asarray(known.reshape(count, SLOW).mean(1), dtype=np.float32)


def _resampled(
    channel: Channel, start: float, rate: float, count: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return `count` samples at `rate` from `start`, s, and which of them were recorded."""
    values, _ = filled(channel.values)
    if channel.rate > 1.5 * rate and len(values) > 30:
        values = signal.sosfiltfilt(signal.butter(4, 0.45 * rate, fs=channel.rate, output="sos"), values)
    times = start + np.arange(count) / rate
    own = channel.start + np.arange(len(values)) / channel.rate
    known = _known(channel, times)
    return np.where(known, np.interp(times, own, values), 0.0), known


def _known(channel: Channel, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    places = np.rint((times - channel.start) * channel.rate).astype(np.int64)
    inside = (places >= 0) & (places < len(channel.values))
    return inside & np.isfinite(channel.values[np.clip(places, 0, len(channel.values) - 1)])
