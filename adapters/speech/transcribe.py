"""What was said: Whisper's own decoding on the model that is loaded anyway, and nothing where nobody speaks.

Takes a `SpeechModel` and a `Sound`; gives a `Transcript`. Whisper writes stock phrases over silence and noise, so only
what holds voiced sound is decoded, and what it doubts itself is left out. Greedy, so the same sound gives the same
words. Knows nothing of emotions.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from thymos.adapters.speech.acoustics import analyse, spoken
from thymos.adapters.speech.pitch import HOP, Pitch
from thymos.adapters.speech.sound import SILENT, Sound
from thymos.adapters.speech.whisper_weights import SpeechModel

VOICED = 0.1  # s of periodic sound that a segment must hold; half a syllable
NO_SPEECH = 0.6  # probability above which Whisper itself says that nobody speaks (its own default)
REPETITIVE = 2.4  # compression ratio above which a text is a loop (its own default)


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of words: start and end in s, and the text."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, perhaps nothing.

    Attributes:
        segments: in order.
    """

    segments: tuple[Said, ...] = ()

    @property
    def text(self) -> str:
        """All of it, "" where nothing was said."""
        return " ".join(each.text for each in self.segments)

    @property
    def words(self) -> int:
        """How many words were said."""
        return len(self.text.split())


def transcribe(loaded: SpeechModel, sound: Sound) -> Transcript:
    """Write down what is said in a recording.

    Args:
        loaded: Whisper; one that knows many languages finds out which it is.
        sound: the recording.
    """
    if np.abs(sound.samples).max(initial=0.0) < SILENT:
        return Transcript()
    acoustics = analyse(sound.samples)
    sounding = spoken(acoustics.level)
    if not _voiced(acoustics.pitch, sounding, 0.0, sound.duration):
        return Transcript()
    kept = []
    for segment in _decode(loaded, sound):
        start, end = float(segment["start"]), min(float(segment["end"]), sound.duration)
        text = segment["text"].strip()
        doubted = segment["no_speech_prob"] > NO_SPEECH or segment["compression_ratio"] > REPETITIVE
        if text and not doubted and _voiced(acoustics.pitch, sounding, start, end):
            kept.append(Said(start, end, text))
    return Transcript(tuple(kept))


def _decode(loaded: SpeechModel, sound: Sound) -> list[dict[str, Any]]:
    """Return openai-whisper's segments."""
    import torch
    from whisper import transcribe as whisper_transcribe

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", ResourceWarning)  # whisper leaves its vocabulary's file open
        found = whisper_transcribe(
            loaded.model,
            sound.samples,
            temperature=0.0,  # its fallback to higher ones draws at random
            condition_on_previous_text=False,  # a loop in one window would spread to the next
            fp16=False,
        )
    return list(found["segments"])


def _voiced(pitch: Pitch, sounding: np.ndarray, start: float, end: float) -> bool:
    """Say whether enough of a stretch is periodic and not silent."""
    part = slice(max(0, int(start / HOP)), max(1, int(np.ceil(end / HOP))))
    return bool((~np.isnan(pitch.f0[part]) & sounding[part]).sum() * HOP >= VOICED)
