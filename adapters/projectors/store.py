"""`Projectors`: all projectors of an adapter as one module, and their file beside its weights.

Takes streams; gives soft tokens of a batch. Stored as safetensors with the streams in its metadata. Knows no encoder
and no LLM but the size of its embeddings.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from thymos.adapters.projectors.projector import KINDS, Projector
from thymos.adapters.projectors.streams import Felt, Frames, Stream, StreamFrames, gather
from thymos.adapters.whole_file import whole_file
from thymos.prompts.errors import ModelError

PROJECTORS = "projectors.safetensors"
_NOTES = "thymos"
_VERSION = 1
_AT_ONCE = 64  # rows that are padded together


class Projectors(nn.Module):
    """One projector for each stream.

    Attributes:
        streams: that are listened to, in the order of their projectors.
        size: of the LLM's embeddings.
    """

    def __init__(self, streams: Sequence[Stream], *, size: int, norm: float, dropout: float = 0.0) -> None:
        """Make projectors with fresh weights.

        Args:
            streams: what to listen to.
            size: of the LLM's embeddings.
            norm: root mean square of the LLM's token embeddings.
            dropout: while training.
        """
        super().__init__()
        self.streams = tuple(streams)
        self.size = size
        self.parts = nn.ModuleList(
            Projector(
                kind=each.kind,
                dim=each.dim,
                layers=each.layers,
                tokens=each.tokens,
                width=each.width,
                size=size,
                norm=norm,
                dropout=dropout,
            )
            for each in streams
        )

    def forward(self, felt: Felt) -> Tensor | None:
        """Return the soft tokens that the ids of `felt` point to, (soft tokens, size); None where there are none."""
        given = [self._project(place, each) for place, each in enumerate(felt.streams) if each is not None]
        return torch.cat(given) if given else None

    @torch.no_grad()
    def table(self, rows: Sequence[Sequence[Frames | None]]) -> Tensor | None:
        """Return the soft tokens that `soft_ids` of these rows point to, however many rows there are."""
        parts: list[list[Tensor]] = [[] for _ in self.streams]
        for begin in range(0, len(rows), _AT_ONCE):
            felt = gather(rows[begin : begin + _AT_ONCE], self.streams)
            for place, each in enumerate(felt.streams):
                if each is not None:
                    parts[place].append(self._project(place, each))
        given = [part for of_stream in parts for part in of_stream]
        return torch.cat(given) if given else None

    def _project(self, place: int, frames: StreamFrames) -> Tensor:
        device = next(self.parameters()).device
        soft: Tensor = self.parts[place](frames.frames.to(device), frames.lengths.to(device))
        return soft.flatten(0, 1)

    def standardise(self, rows: Sequence[Sequence[Frames | None]]) -> None:
        """Set what the frames of each stream are standardised by: mean and deviation over all frames of these rows."""
        for place, part in enumerate(self.parts):
            assert isinstance(part, Projector)
            frames = [each[place] for each in rows]
            signals = [signal.astype(np.float64) for signal in frames if signal is not None]
            if not signals:
                continue
            count = sum(map(len, signals))
            mean = sum(signal.sum(0) for signal in signals) / count
            square = sum(((signal - mean) ** 2).sum(0) for signal in signals) / count
            part.standardise(torch.from_numpy(mean).float(), torch.from_numpy(np.sqrt(square)).float())


def save_projectors(folder: Path, projectors: Projectors) -> None:
    """Write projectors beside an adapter's weights, in 16 bits.

    Raises:
        OutputError: the disk is full or refuses.
    """
    from safetensors.torch import save

    about: dict[str, Any] = {
        "version": _VERSION,
        "size": projectors.size,
        "streams": [asdict(each) for each in projectors.streams],
    }
    # Matrices in 16 bits; what frames are standardised by, and the like, may be beyond their range.
    tensors = {
        name: (tensor.detach().half() if tensor.dim() > 1 else tensor.detach()).cpu().contiguous()
        for name, tensor in projectors.state_dict().items()
    }
    with whole_file(folder / PROJECTORS) as file:
        file.write(save(tensors, {_NOTES: json.dumps(about, sort_keys=True)}))


def load_projectors(folder: Path) -> Projectors | None:
    """Return the projectors in an adapter's folder; None where it reads text alone.

    Raises:
        ModelError: the file is damaged, or of a later version.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / PROJECTORS
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})[_NOTES])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  (it is no mapping)
        if about["version"] != _VERSION:
            raise ModelError(f"{PROJECTORS} must be of version {_VERSION}, got {about['version']}; update Thymos")
        streams = [Stream(**each) for each in about["streams"]]
        if unknown := {each.kind for each in streams} - set(KINDS):
            raise ValueError(f"kind {min(unknown)!r}")
        projectors = Projectors(streams, size=int(about["size"]), norm=1.0)
        projectors.load_state_dict(tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"{PROJECTORS} must be whole, got {error!r} in {folder}; fetch or save the adapter again"
        ) from error
    return projectors.eval()
