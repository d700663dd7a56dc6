"""`ProsodyEncoder`: ten frames a second of pitch, loudness, spectrum and cepstrum, as a stream beside Whisper's.

Takes recordings; gives frames of shape (frames, 48), on the clock of `WhisperEncoder`. Knows nothing of labels.
"""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.modality import Observed
from thymos.adapters.sample import Speech
from thymos.adapters.speech.acoustics import Acoustics, analyse, spoken
from thymos.adapters.speech.pitch import HOP
from thymos.adapters.speech.prosody import measure
from thymos.adapters.speech.sound import MAX_SECONDS, RATE, Sound, read_sound

FRAME = 0.1  # s
VERSION = 1  # of what this file computes; part of the fingerprint
_CEPSTRA = 13
# Middle and spread over speech, so that every feature is of the order of one. Not a fit: round numbers.
_SCALES = (  # name, subtracted, divided by
    ("f0", 30.0, 8.0),  # semitones over 27.5 Hz
    ("strength", 0.6, 0.3),
    ("level", -40.0, 20.0),  # dB
    ("tilt", 10.0, 10.0),  # dB
    ("hammarberg", 20.0, 10.0),  # dB
    ("centroid", 1500.0, 1000.0),  # Hz
    ("flatness", -20.0, 10.0),  # dB
    ("flux", 0.4, 0.3),
)


class ProsodyEncoder:
    """Encoder of speech without weights; see `thymos.adapters.modality.Encoder`.

    A frame holds the means of 0.1 s over eight descriptors and 13 cepstra, their spread within it, the shares of
    voiced and of sounding moments, and the change of pitch and level since the frame before and over half a second.
    """

    name = "prosody"
    modality = "speech"
    layers = 1
    dim = 2 * (len(_SCALES) + _CEPSTRA) + 6

    def __init__(self, *, max_seconds: float = MAX_SECONDS) -> None:
        self.max_seconds = max_seconds
        self.reads = f"sound of {max_seconds:g} s"  # the same signal as others that read so
        settings = {"version": VERSION, "scales": _SCALES, "frame": FRAME, "max": max_seconds}
        self.fingerprint = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def read(self, source: Speech) -> Sound:
        """Decode a recording.

        Raises:
            RowError: there is nothing usable in it; the sentence says why.
        """
        return read_sound(source, max_seconds=self.max_seconds)

    def encode(self, signal: Sound) -> NDArray[np.float32]:
        """Return frames of shape (frames, dim), ten a second, the last one perhaps of less."""
        count = max(1, -(-len(signal.samples) // round(FRAME * RATE)))
        acoustics = analyse(signal.samples)
        moments = _descriptors(acoustics)  # (moments, 21)
        voiced = ~np.isnan(acoustics.pitch.f0)
        shares = np.column_stack([voiced, spoken(acoustics.level)])
        means, spread = _pooled(moments, count)
        f0, level = means[:, 0], means[:, 2]
        changes = [_change(f0, 1), _change(level, 1), _change(f0, 5), _change(level, 5)]
        return np.column_stack([means, spread, _pooled(shares, count)[0], *changes]).astype(np.float32)

    def observe(self, signal: Sound) -> Observed:
        """Measure pitch, loudness, tempo, pauses and voice quality."""
        return Observed(measure(signal), signal.flags)


def _descriptors(acoustics: Acoustics) -> NDArray[np.float64]:
    """Return scaled descriptors and cepstra; (moments, 8 + 13)."""
    f0 = acoustics.pitch.f0
    voiced = np.flatnonzero(~np.isnan(f0))
    semitones = np.full(len(f0), _SCALES[0][1])  # where nothing is voiced, the middle: no pitch is neither high nor low
    if voiced.size:
        semitones = np.interp(np.arange(len(f0)), voiced, 12 * np.log2(f0[voiced] / 27.5))
    columns = [semitones, acoustics.pitch.strength]
    columns += [getattr(acoustics, name) for name, _, _ in _SCALES[2:]]
    scaled = [(column - middle) / by for column, (_, middle, by) in zip(columns, _SCALES, strict=True)]
    sizes = np.array([200.0] + [30.0] * (_CEPSTRA - 1))  # dB; the first cepstrum is the level again, of all bands
    return np.column_stack([*scaled, (acoustics.cepstra + np.array([300.0] + [0.0] * (_CEPSTRA - 1))) / sizes])


def _pooled(moments: NDArray[np.generic], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of every tenth of a second; (count, columns) each."""
    size = round(FRAME / HOP)
    means, spreads = [], []
    for number in range(count):
        part = np.asarray(moments[number * size : (number + 1) * size], np.float64)
        part = part if len(part) else np.asarray(moments[-1:], np.float64)
        means.append(part.mean(0))
        spreads.append(part.std(0))
    return np.array(means), np.array(spreads)


def _change(values: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Return the change since so many frames before; 0 at the beginning."""
    earlier = np.concatenate([np.full(frames, values[0]), values])[: len(values)]
    changed: NDArray[np.float64] = values - earlier
    return changed
