"""Quality of each channel: how much of it can be used, and what is wrong with the rest.

Takes a `Recording`; gives an index in 0..1 per channel and sentences. Knows nothing of features or labels.
Imports scipy with the beats: load this module only where signals are read.
"""

import numpy as np

from thymos.adapters.physiology.beats import find_beats
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Channel

_FLAT = 2.0  # s without any change in a wave that always moves
_WAVES = frozenset({"ecg", "bvp", "eeg", "emg"})
_FEW = 0.5  # index below which a channel is told


def quality(recording: Recording) -> dict[str, float]:
    """Return an index per kind: share of samples that are there and move, times the share of sound beats."""
    return {channel.kind: _index(channel) for channel in recording.channels}


def quality_flags(recording: Recording) -> tuple[str, ...]:
    """Return sentences about channels that say little, and those the reader left."""
    found = list(recording.flags)
    for channel in recording.channels:
        known = np.isfinite(channel.values)
        if not known.any():
            found.append(f"{channel.kind} has no sample")
            continue
        if float(np.ptp(channel.values[known])) == 0.0:
            found.append(f"{channel.kind} is constant; was the sensor attached?")
            continue
        missing, flat = 1.0 - float(known.mean()), _flat_share(channel)
        if missing > 0.1:
            found.append(f"{channel.kind} is missing for {missing:.0%} of the time")
        if flat > 0.1:
            found.append(f"{channel.kind} is flat for {flat:.0%} of the time")
        if missing <= _FEW and flat <= _FEW and _beats_share(channel) < _FEW:
            found.append(f"few beats are sound in {channel.kind}; movement may hide them")
        if channel.kind == "eda" and float(np.nanmedian(channel.values)) < 0.05:
            found.append("eda is below 0.05 uS; the contact may be poor")
    return tuple(dict.fromkeys(found))


def _index(channel: Channel) -> float:
    known = np.isfinite(channel.values)
    if not known.any() or float(np.ptp(channel.values[known])) == 0.0:
        return 0.0
    return float(known.mean()) * (1.0 - _flat_share(channel)) * _beats_share(channel)


def _flat_share(channel: Channel) -> float:
    """Return the share of time in which a wave does not move at all."""
    width = int(_FLAT * channel.rate)
    if channel.kind not in _WAVES or width < 2 or len(channel.values) <= width:
        return 0.0
    same = np.concatenate([[False], np.diff(channel.values) == 0, [False]])
    edges = np.flatnonzero(np.diff(same.astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= width].sum()) / len(channel.values)


def _beats_share(channel: Channel) -> float:
    if channel.kind not in ("ecg", "bvp"):
        return 1.0
    beats = find_beats(channel)
    return 0.0 if beats is None else 1.0 - beats.rejected
