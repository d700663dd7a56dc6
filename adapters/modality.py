"""What every modality beside text gives: frames for the LLM, and what can be said of them in words and numbers.

The protocol that encoders of speech, face and physiology follow, and the values they give. Nothing to compute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

MODALITIES = ("speech", "face", "physiology")  # in prompt order, after the text

Source = TypeVar("Source", contravariant=True)  # Speech, Face or Physiology of `sample`
Signal = TypeVar("Signal")  # what was read: samples, pictures or channels, always with their rates


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing that was measured in a signal: a cue that an explanation can cite.

    Attributes:
        name: what was measured, in the field's term (`pitch`, `heart rate`).
        words: what a person would say of it (`high pitch`, `heart rate rising`).
        value: the number, or None where there is none.
        unit: of the value (`Hz`, `dB`, `1/min`), or "" where it has none.
    """

    name: str
    words: str
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """What can be said of a signal.

    Attributes:
        cues: measured, most telling first.
        flags: sentences about its quality (clipped, little contact); none for a good recording.
        text: what was said, for speech that was transcribed.
    """

    cues: tuple[Measured, ...] = ()
    flags: tuple[str, ...] = ()
    text: str | None = None


class Encoder(Protocol[Source, Signal]):
    """Turns a signal of one modality into frames; the same signal always gives the same frames.

    Attributes:
        name: what users call it (`whisper-tiny.en`).
        modality: one of `MODALITIES`.
        dim: size of a frame of one layer.
        layers: layers that lie side by side in a frame, for a learned mix.
        fingerprint: SHA-256 over weights and settings: another one may give other frames.

    One that reads the same signal as another says so by an equal attribute `reads`: that is decoded once for both.
    """

    name: str
    modality: str
    dim: int
    layers: int
    fingerprint: str

    def read(self, source: Source) -> Signal:
        """Decode a recording.

        Raises:
            RowError: there is nothing usable in it; the sentence says why.
        """
        ...

    def encode(self, signal: Signal) -> NDArray[np.float32]:
        """Return frames of shape (frames, layers * dim), at least one, finite."""
        ...

    def observe(self, signal: Signal) -> Observed:
        """Measure what can be cited, and the quality of the recording."""
        ...


@runtime_checkable
class BatchEncoder(Encoder[Source, Signal], Protocol[Source, Signal]):
    """An encoder whose signals are small, and that is faster where it is given several at once.

    Attributes:
        together: how much is worth giving it at once, in the units of `size`.
    """

    together: int

    def size(self, signal: Signal) -> int:
        """Return how much a signal is: 1 for the smallest."""
        ...

    def encode_many(self, signals: Sequence[Signal]) -> list[NDArray[np.float32]]:
        """Return the frames of each signal, as `encode` does but for rounding."""
        ...
