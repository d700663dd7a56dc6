"""`Stream` and `gather`: which encoders an adapter listens to, and the frames of a batch as padded tensors.

Takes frames of each row and stream, or None where a modality is absent; gives what projectors read, and for each row
the ids of its soft tokens. An absent modality costs nothing and is not there: no zeros stand for it. Knows no encoder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from thymos.adapters.projectors.projector import Kind

Baseline = Literal["none", "speaker"]
Frames = NDArray[np.float16]  # (frames, layers * dim)


@dataclass(frozen=True, slots=True)
class Stream:
    """One encoder that is listened to.

    Attributes:
        modality: that it reads.
        encoder: its name.
        fingerprint: of its weights and settings; frames of another one would mean nothing.
        dim: of a frame of one layer.
        layers: that lie side by side in a frame.
        kind: of the projector.
        tokens: soft tokens of one signal.
        width: of the space in which frames are pooled.
        baseline: what a recording is compared with: nothing, or what its speaker is like on the whole.
    """

    modality: str
    encoder: str
    fingerprint: str
    dim: int
    layers: int
    kind: Kind
    tokens: int
    width: int
    baseline: Baseline = "none"


@dataclass(frozen=True, slots=True, eq=False)
class StreamFrames:
    """The signals of one stream in a batch.

    Attributes:
        frames: (signals, frames, layers * dim), padded at the end.
        lengths: frames of each signal, (signals,).
    """

    frames: Tensor
    lengths: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Felt:
    """What a batch brings beside words.

    Attributes:
        streams: the signals of each stream; None where no row has any.
        ids: for each row, modality -> ids of its soft tokens, which point into what the projectors give.
    """

    streams: tuple[StreamFrames | None, ...]
    ids: tuple[Mapping[str, list[int]], ...]


def soft_ids(rows: Sequence[Sequence[Frames | None]], streams: Sequence[Stream]) -> list[dict[str, list[int]]]:
    """Return for each row, modality -> ids of its soft tokens, which point into the table that projectors give.

    Args:
        rows: for each row the frames of each stream, or None.
        streams: what they are of.
    """
    ids: list[dict[str, list[int]]] = [{} for _ in rows]
    begin = 0
    for place, stream in enumerate(streams):
        for row, frames in enumerate(rows):
            if frames[place] is not None:
                ids[row].setdefault(stream.modality, []).extend(range(-1 - begin, -1 - begin - stream.tokens, -1))
                begin += stream.tokens
    return ids


def gather(rows: Sequence[Sequence[Frames | None]], streams: Sequence[Stream]) -> Felt:
    """Put the frames of rows together.

    Args:
        rows: for each row the frames of each stream, or None.
        streams: what they are of.
    """
    gathered = []
    for place, _ in enumerate(streams):
        present = [frames for each in rows if (frames := each[place]) is not None]
        gathered.append(_padded(present) if present else None)
    return Felt(tuple(gathered), tuple(soft_ids(rows, streams)))


def _padded(signals: Sequence[Frames]) -> StreamFrames:
    lengths = torch.tensor([len(frames) for frames in signals])
    frames = torch.zeros(len(signals), int(lengths.max()), signals[0].shape[1])
    for place, each in enumerate(signals):
        frames[place, : len(each)] = torch.from_numpy(each.astype(np.float32))
    return StreamFrames(frames, lengths)
