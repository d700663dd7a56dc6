"""`Sample`: what enters Thymos, one utterance with whatever came with it.

Takes plain values; gives small frozen dataclasses. A missing modality is `None`, never zeros, and a signal
travels with its sampling rate. Knows nothing of files' formats, of prompts or of models.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.errors import InputError

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation."""

    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A voice recording: a file, or samples with their rate.

    Attributes:
        path: audio or video file, on disk or in a zip archive; its own header gives the rate.
        samples: mono waveform, shape (frames,), float in [-1, 1].
        rate: sampling rate in Hz; required with `samples`.
        start: of the part that is meant, s; None is the beginning.
        end: of the part that is meant, s; None is the end.
    """

    path: Path | None = None
    samples: NDArray[np.float32] | None = None
    rate: int | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        _one_of("speech", path=self.path, samples=self.samples)
        if self.samples is not None and (self.samples.ndim != 1 or not self.rate or self.rate <= 0):
            raise InputError(
                f"speech samples must be one channel with a rate in Hz, got shape {self.samples.shape} "
                f"and rate {self.rate}; pass shape (frames,) and rate=16000 or what the recorder used"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A picture or video of a face: a file, or pixels.

    Attributes:
        path: image or video file, on disk or in a zip archive.
        pixels: RGB, shape (height, width, 3), uint8.
        box: left, top, width and height of the person who is meant, pixels; None is the clearest face.
        start: of the part of a video that is meant, s; None is the beginning.
        end: of the part of a video that is meant, s; None is the end.
    """

    path: Path | None = None
    pixels: NDArray[np.uint8] | None = None
    box: tuple[int, int, int, int] | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        _one_of("face", path=self.path, pixels=self.pixels)
        if self.pixels is not None and (self.pixels.ndim != 3 or self.pixels.shape[2] != 3):
            raise InputError(
                f"face pixels must be RGB of shape (height, width, 3), got {self.pixels.shape}; convert first"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One signal of the body.

    Attributes:
        kind: what was measured: ecg, bvp, eda, respiration, temperature, emg, eeg, heart-rate.
        values: shape (samples,); NaN where the recorder has a gap.
        rate: sampling rate, Hz.
        unit: of the values (`uS`, `mV`, `degC`); `device` where the recorder states none.
        start: of the first sample, s on the clock of the recording.
    """

    kind: str
    values: NDArray[np.float32]
    rate: float
    unit: str
    start: float = 0.0

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or not self.rate > 0:
            raise InputError(
                f"physiology channel must be one row of values with a rate in Hz, got shape {self.values.shape} and "
                f"rate {self.rate}; pass shape (samples,) and the recorder's rate"
            )
        if not self.unit:
            raise InputError(f"unit of {self.kind} must be named, got none; say 'device' where it has none")


@dataclass(frozen=True, slots=True, eq=False)
class Physiology:
    """A recording of the body: a file or folder, or channels.

    Attributes:
        path: recording; its own header, sidecar or column names give rates and units.
        channels: signals, each kind once.
        start: of the part that is meant, s on the clock of the recording; None is the beginning.
        end: of the part that is meant, s; None is the end.
    """

    path: Path | None = None
    channels: tuple[Channel, ...] | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        _one_of("physiology", path=self.path, channels=self.channels)
        kinds = [channel.kind for channel in self.channels or ()]
        if self.channels is not None and (not kinds or len(set(kinds)) != len(kinds)):
            raise InputError(
                f"physiology must have channels, each kind once, got {', '.join(kinds) or 'none'}; pass one of each"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One row: what is to be labelled, with what came before it.

    Attributes:
        id: the corpus' own identifier, or the row number as text.
        text: the utterance, or None when only other modalities are there.
        speaker: who says it, if known.
        context: earlier turns of the same conversation, oldest first; never later ones.
        dialogue: identifier of the conversation, if it is part of one.
        speech: voice of this utterance, or None.
        face: face at this utterance, or None.
        physiology: the body at this utterance, or None.
        gold: gold label names when the corpus has them, or None.
        metadata: the other columns of the row, as read.
    """

    id: str
    text: str | None = None
    speaker: str | None = None
    context: tuple[Turn, ...] = ()
    dialogue: str | None = None
    speech: Speech | None = None
    face: Face | None = None
    physiology: Physiology | None = None
    gold: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities that are present, in prompt order."""
        present = {"text": self.text, "speech": self.speech, "face": self.face, "physiology": self.physiology}
        return tuple(name for name, value in present.items() if value is not None)


def _one_of(what: str, **given: object) -> None:
    """Refuse a modality that has neither or both of its two forms."""
    if sum(value is not None for value in given.values()) != 1:
        raise InputError(f"{what} must have exactly one of {' or '.join(given)}; pass one, leave the other out")
