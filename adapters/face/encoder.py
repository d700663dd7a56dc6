"""`FaceEncoder`: pictures and videos of faces as frames for the LLM, by the network that ships.

Takes a `Face`; gives frames, cues and flags, as `Encoder` of `modality` says. Weights are safetensors with the figures
and limits in `README.md` beside them. Knows no LLM.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from thymos.adapters.face.align import PLACES, grey
from thymos.adapters.face.cues import observe_faces
from thymos.adapters.face.detect import FaceDetector
from thymos.adapters.face.network import FERPLUS_LABELS, SIDE, FaceNetwork, build_network
from thymos.adapters.face.signal import FaceSignal, read_faces
from thymos.adapters.modality import Observed
from thymos.adapters.precision import native_precision
from thymos.adapters.sample import Face
from thymos.adapters.weights import embedded
from thymos.prompts.errors import ModelError

if TYPE_CHECKING:
    from thymos.adapters.face.pretrained import PretrainedFaceEncoder

DEFAULT = "fer"
SHIPPED = Path(__file__).parents[1] / "shipped" / "encoders" / "face"
WEIGHTS = "model.safetensors"
_VERSION = 1  # of what turns a file into frames; rises when that changes


class FaceEncoder:
    """The network trained on FER2013.

    Frames of a picture: the mean over the last map, the face seen as it is and mirrored, then the map's 3 x 3 cells,
    row by row: 10 frames. Frames of a video: one such mean per picture.

    Args:
        weights: file.
        name: what users call it.

    Raises:
        ModelError: the file is none of this network's.
    """

    modality = "face"
    layers = 1
    together = 32

    def __init__(self, weights: Path = SHIPPED / WEIGHTS, name: str = DEFAULT) -> None:
        self.name = name
        self._network = load_network(weights)
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        self.dim = self._network.fer2013.in_features
        detectors = [embedded(each).sha256 for each in ("blazeface-short", "blazeface-full")]
        settings = f"{_VERSION} {digest} {detectors} {SIDE} {PLACES.tolist()}"
        self.fingerprint = hashlib.sha256(settings.encode()).hexdigest()

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()

    def read(self, source: Face) -> FaceSignal:
        """Decode, find, choose and align the face that is meant.

        Raises:
            RowError: there is no face in it, none in the box, or the file is unusable.
        """
        return read_faces(source, self._detector, SIDE)

    def encode(self, signal: FaceSignal) -> NDArray[np.float32]:
        """Return frames of shape (10, dim) for a picture, (pictures, dim) for a video."""
        return self.encode_many([signal])[0]

    def size(self, signal: FaceSignal) -> int:
        """Return how many pictures a signal has."""
        return len(signal.faces)

    def encode_many(self, signals: Sequence[FaceSignal]) -> list[NDArray[np.float32]]:
        """Return the frames of each signal, as `encode` does but for rounding."""
        cells, pooled = self._maps(np.concatenate([signal.faces for signal in signals]))
        ends = np.cumsum([len(signal.faces) for signal in signals]).tolist()
        return [
            _numbers(pooled[end - len(signal.faces) : end])
            if signal.video
            else _numbers(torch.cat([pooled[end - 1 : end], cells[end - 1].flatten(1).T]))  # (1 + 9, dim)
            for signal, end in zip(signals, ends, strict=True)
        ]

    def observe(self, signal: FaceSignal) -> Observed:
        """Say how the face looks to the network, and what was measured in the picture."""
        return observe_faces(signal, FERPLUS_LABELS, self.shares(signal))

    def shares(self, signal: FaceSignal) -> NDArray[np.float32]:
        """Return the shares of `FERPLUS_LABELS` in each picture, shape (pictures, 8)."""
        _, pooled = self._maps(signal.faces)
        with torch.inference_mode():
            return _numbers(self._network.heads(pooled)[1].softmax(-1))

    def _maps(self, pixels: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        """Return the last maps (pictures, dim, 3, 3) and their means with the mirrored ones' (pictures, dim)."""
        faces = torch.from_numpy(grey(pixels)).float()[:, None] / 255
        found: list[tuple[Tensor, Tensor]] = []
        with torch.inference_mode():
            for part in torch.split(faces, self.together):  # a video has any number
                with native_precision():
                    both = self._network.map(torch.cat([part, part.flip(-1)])).float()
                plain = both[: len(part)]
                found.append((plain, both.mean((2, 3)).view(2, len(part), -1).mean(0)))
            cells, pooled = zip(*found, strict=True)
            return torch.cat(cells), torch.cat(pooled)


def load_network(weights: Path) -> FaceNetwork:
    """Return the network with the weights of a file, ready for use.

    Raises:
        ModelError: the file is none of this network's.
    """
    try:
        return build_network(load_file(weights)).eval()
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"face encoder must be a weights file of the face network, got {weights}: {str(error)[:200]}; "
            "train one with `thymos encoders train face`"
        ) from error


def load_face_encoder(name: str = DEFAULT) -> "FaceEncoder | PretrainedFaceEncoder":
    """Return the encoder of a name.

    Args:
        name: `fer`, which ships; a folder or file that `thymos encoders train face` wrote; or a folder or hub id of an
            image model in transformers' format with weights in safetensors.

    Raises:
        ModelError: there is none of this name that can be used here.
    """
    if name == DEFAULT:
        return FaceEncoder()
    place = Path(name).expanduser()
    if place.is_file():
        return FaceEncoder(place, name)
    if (place / WEIGHTS).is_file() and not (place / "config.json").is_file():
        return FaceEncoder(place / WEIGHTS, name)
    from thymos.adapters.face.pretrained import PretrainedFaceEncoder

    return PretrainedFaceEncoder(name)


def _numbers(values: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(values.numpy(), dtype=np.float32)
