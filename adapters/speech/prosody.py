"""What can be said of a voice: pitch, loudness, tempo, pauses and voice quality, in words and numbers.

Takes a `Sound` (and how many words were said in it); gives `Measured` cues, most unusual first. Words such as "high"
compare with `NORMS`: the same code over calm and neutral speech of 24 actors, because thresholds from the literature
hold for other algorithms. Written with numpy: Praat's bindings are GPL, openSMILE is for research only, librosa has
no jitter, shimmer or harmonicity. Knows nothing of emotions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.modality import Measured
from thymos.adapters.speech.acoustics import Acoustics, analyse, smoothed, spoken
from thymos.adapters.speech.pitch import HOP
from thymos.adapters.speech.sound import SILENT, Sound
from thymos.adapters.speech.voice import steadiness

PAUSE = 0.25  # s; shorter gaps are closures of consonants (Goldman-Eisler 1968)
DIP = 2.0  # dB that the level falls between two syllables (de Jong & Wempe 2009, Behavior Research Methods 41)
LEAST_VOICED = 10  # moments, 0.1 s; with less voice nothing is said of it
NOMINAL = (-36.0, -16.0)  # dB around the nominal level of active speech, -26 dB of full scale (ITU-T G.191, P.56)


@dataclass(frozen=True, slots=True)
class Norm:
    """What is usual of a quantity, and what it is called outside of that.

    Attributes:
        low: tenth percentile.
        high: ninetieth percentile.
        below: words for less.
        usual: words for what lies between.
        above: words for more.
        unit: of the quantity.
    """

    low: float
    high: float
    below: str
    usual: str
    above: str
    unit: str

    def say(self, name: str, value: float) -> Measured:
        """Return the cue for a value."""
        words = self.below if value < self.low else self.above if value > self.high else self.usual
        return Measured(name, words, round(value, 4 if abs(value) < 1 else 1), self.unit)

    def distance(self, value: float) -> float:
        """Return how far a value lies from the middle, 1 at either percentile."""
        return abs(value - (self.low + self.high) / 2) / ((self.high - self.low) / 2)


# Percentiles over the 288 calm and neutral clips of RAVDESS (12 women, 12 men): benchmarks/speech_norms.py
NORMS = {
    "pitch": Norm(98.8, 226.0, "low pitch", "medium pitch", "high pitch", "Hz"),
    "pitch range": Norm(4.3, 10.3, "narrow pitch range", "usual pitch range", "wide pitch range", "semitones"),
    "pitch slope": Norm(
        -7.2,
        -0.7,
        "steeply falling pitch",
        "pitch falling as in plain statements",
        "level or rising pitch",
        "semitones/s",
    ),
    "loudness range": Norm(8.2, 16.2, "even loudness", "usual change of loudness", "large changes of loudness", "dB"),
    "vocal effort": Norm(11.1, 18.7, "raised, bright voice", "usual vocal effort", "soft, dark voice", "dB"),
    "tempo": Norm(3.4, 6.0, "slow", "medium tempo", "fast", "syllables/s"),
    "harmonicity": Norm(7.2, 14.3, "breathy or hoarse voice", "usual share of noise in the voice", "clear voice", "dB"),
    "jitter": Norm(0.0132, 0.0259, "very steady periods", "usual jitter", "unsteady pitch periods", ""),
    "shimmer": Norm(0.0905, 0.1659, "very steady amplitude", "usual shimmer", "unsteady amplitude", ""),
}


def measure(sound: Sound, words: int | None = None) -> tuple[Measured, ...]:
    """Return what can be cited of a voice; nothing for silence.

    Args:
        sound: the recording.
        words: how many words were said in it, where that is known.
    """
    if np.abs(sound.samples).max(initial=0.0) < SILENT:
        return ()
    acoustics = analyse(sound.samples)
    sounding = spoken(acoustics.level)
    found = quantities(sound, acoustics, sounding)
    ranked = sorted(found.items(), key=lambda item: -NORMS[item[0]].distance(item[1]))
    cues = [NORMS[name].say(name, value) for name, value in ranked]
    cues += list(_pauses(sounding))
    if words and sounding.any():
        cues.append(Measured("speech rate", f"{words} words", round(words / (sounding.sum() * HOP), 1), "words/s"))
    cues.append(_level(acoustics.level[sounding]))
    return tuple(cues)


def quantities(sound: Sound, acoustics: Acoustics, sounding: NDArray[np.bool_]) -> dict[str, float]:
    """Return the quantities of `NORMS` that the recording allows."""
    pitch = acoustics.pitch
    voiced = ~np.isnan(pitch.f0)
    found: dict[str, float] = {}
    if sounding.sum() >= LEAST_VOICED:
        level = smoothed(acoustics.level, 5)[sounding]
        found["loudness range"] = float(np.subtract(*np.quantile(level, [0.9, 0.1])))
    if voiced.sum() < LEAST_VOICED:
        return found
    semitones = np.asarray(12 * np.log2(pitch.f0[voiced]), np.float64)
    found["pitch"] = float(2 ** (np.median(semitones) / 12))
    found["pitch range"] = float(np.subtract(*np.quantile(semitones, [0.9, 0.1])))
    found["pitch slope"] = _slope((np.flatnonzero(voiced) * HOP).astype(np.float64), semitones)
    found["vocal effort"] = float(np.median(acoustics.tilt[voiced]))
    found["harmonicity"] = float(np.median(pitch.hnr[voiced]))
    syllables = count_syllables(acoustics.level, voiced)
    if syllables >= 2:
        found["tempo"] = syllables / (sounding.sum() * HOP)
    steady = steadiness(sound.samples, sound.rate, pitch)
    if steady is not None:
        found["jitter"], found["shimmer"] = steady
    return found


def count_syllables(level: NDArray[np.float64], voiced: NDArray[np.bool_]) -> int:
    """Count voiced peaks of the level with a dip of 2 dB before them (de Jong & Wempe 2009)."""
    smooth = smoothed(level, 7)
    loud = spoken(level)
    count, lowest = 0, -np.inf
    peak: int | None = None
    for now, value in enumerate(smooth):
        if peak is None or value > smooth[peak]:
            if peak is not None or value > lowest + DIP:
                peak = now
            lowest = min(lowest, value)
        elif value < smooth[peak] - DIP:
            count += bool(loud[peak] and voiced[max(0, peak - 2) : peak + 3].any())
            peak, lowest = None, value
    return count + bool(peak is not None and loud[peak] and voiced[max(0, peak - 2) : peak + 3].any())


def find_pauses(sounding: NDArray[np.bool_]) -> list[float]:
    """Return the lengths of the gaps of 0.25 s and more between the first and the last sound, s."""
    at = np.flatnonzero(sounding)
    gaps = (np.diff(at) - 1) * HOP
    return [float(gap) for gap in gaps if gap >= PAUSE - 1e-9]


def _pauses(sounding: NDArray[np.bool_]) -> Iterator[Measured]:
    gaps = find_pauses(sounding)
    if not sounding.any():
        return
    at = np.flatnonzero(sounding)
    share = sum(gaps) / ((at[-1] - at[0] + 1) * HOP)
    words = "no pauses" if not gaps else "one pause" if len(gaps) == 1 else f"{len(gaps)} pauses"
    yield Measured("pauses", words, round(share, 3), "share of the time")
    if gaps:
        longest = max(gaps)
        yield Measured("longest pause", "long pause" if longest >= 1.0 else "short pause", round(longest, 2), "s")


def _level(level: NDArray[np.float64]) -> Measured:
    """Return the mean level of the sounding moments, compared with the nominal one of recorded speech."""
    value = float(10 * np.log10(np.mean(10 ** (level / 10)))) if level.size else -100.0
    low, high = NOMINAL
    words = "quiet recording" if value < low else "loud recording" if value > high else "usual recording level"
    return Measured("level", words, round(value, 1), "dB of full scale")


def _slope(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the slope of the least-squares line."""
    centred = times - times.mean()
    return float(centred @ values / max(1e-9, centred @ centred))
