"""`PretrainedFaceEncoder`: an image model of transformers over aligned faces, from a folder or the hub.

Takes a `Face`; gives frames, cues and flags, as `Encoder` of `modality` says. Weights in safetensors only, never the
model's own code. Knows no LLM.
"""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from thymos.adapters.face.align import PLACES
from thymos.adapters.face.cues import observe_faces
from thymos.adapters.face.detect import FaceDetector
from thymos.adapters.face.signal import FaceSignal, read_faces
from thymos.adapters.llm.files import files_digest, hub_folder
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.modality import Observed
from thymos.adapters.sample import Face
from thymos.prompts.errors import ModelError

SIDES = range(16, 1025)  # pixels of an input that is believed


class PretrainedFaceEncoder:
    """An image model, with its own head if it classifies.

    Frames of a picture: the mean over the last layer's cells, then the cells. Frames of a video: one mean per picture.

    Args:
        name: folder or hub id.

    Raises:
        ModelError: it is no image model with safetensors that transformers knows.
    """

    modality = "face"
    layers = 1

    def __init__(self, name: str) -> None:
        self.name = name
        folder = Path(name).expanduser()
        folder = folder if folder.is_dir() else hub_folder(name, what="face encoder")
        self._model, self._labels = _load(folder, name)
        config = self._model.config
        self._side = _side(config, folder)
        self._mean, self._spread = _normalisation(folder)
        blank = np.zeros((1, self._side, self._side, 3), np.uint8)
        self.dim = int(self._run(blank)[0].shape[-1])
        settings = f"{files_digest(folder)} {self._side} {PLACES.tolist()} 1"
        self.fingerprint = hashlib.sha256(settings.encode()).hexdigest()

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()

    def read(self, source: Face) -> FaceSignal:
        """Decode, find, choose and align the face that is meant.

        Raises:
            RowError: there is no face in it, none in the box, or the file is unusable.
        """
        return read_faces(source, self._detector, self._side)

    def encode(self, signal: FaceSignal) -> NDArray[np.float32]:
        """Return frames of shape (1 + cells, dim) for a picture, (pictures, dim) for a video."""
        if signal.video:
            return np.concatenate([self._run(signal.faces[place : place + 1])[0].mean(1) for place in _places(signal)])
        cells = self._run(signal.faces)[0][0]
        return np.concatenate([cells.mean(0, keepdims=True), cells])

    def observe(self, signal: FaceSignal) -> Observed:
        """Say how the face looks to the model, if it has labels, and what was measured in the picture."""
        if not self._labels:
            return observe_faces(signal)
        logits = [self._run(signal.faces[place : place + 1])[1] for place in _places(signal)]
        shares = torch.from_numpy(np.concatenate(logits)).softmax(-1).numpy()
        return observe_faces(signal, self._labels, shares, "image model")

    def _run(self, faces: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the last layer's cells (pictures, cells, dim) and the logits (pictures, labels; none: 0)."""
        values = (faces.astype(np.float32) / 255 - self._mean) / self._spread
        with torch.inference_mode():
            out = self._model(pixel_values=torch.from_numpy(values).permute(0, 3, 1, 2), output_hidden_states=True)
        last = getattr(out, "last_hidden_state", None)
        last = (out.hidden_states[-1] if last is None else last).float()
        if last.dim() == 4:  # a map: (pictures, dim, height, width)
            last = last.flatten(2).transpose(1, 2)
        logits = getattr(out, "logits", torch.zeros(len(faces), 0))
        return last.contiguous().numpy(), logits.float().numpy()


def _places(signal: FaceSignal) -> range:
    return range(len(signal.faces))


def _load(folder: Path, name: str) -> tuple[Any, tuple[str, ...]]:
    """Return the model and its labels, if it classifies."""
    from transformers import AutoConfig, AutoModel, AutoModelForImageClassification

    try:
        with quiet():
            config: Any = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            classifies = any(each.endswith("ForImageClassification") for each in config.architectures or ())
            auto: Any = AutoModelForImageClassification if classifies else AutoModel
            model = auto.from_pretrained(folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32)
    except Exception as error:  # transformers raises anything from OSError to KeyError on what it does not know
        raise ModelError(
            f"face encoder must be an image model with safetensors that transformers knows, got {name!r}: "
            f"{str(error)[:200]}; choose another, or leave the flag out for the one that ships"
        ) from error
    labels = tuple(str(config.id2label[index]) for index in sorted(config.id2label)) if classifies else ()
    return model.eval(), labels


def _side(config: Any, folder: Path) -> int:
    """Return the side of an input, pixels."""
    side = getattr(config, "image_size", None) or 224
    side = side[0] if isinstance(side, list | tuple) else side
    if not isinstance(side, int) or side not in SIDES:
        raise ModelError(f"image_size of a face encoder must be from 16 to 1024 pixels, got {side} in {folder}")
    return side


def _normalisation(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and spread of the colours as the model's preprocessor says, ImageNet's where it says nothing."""
    import json

    found: dict[str, Any] = {}
    path = folder / "preprocessor_config.json"
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ModelError(f"{path.name} of a face encoder must be JSON, got {error} in {folder}") from error
    mean = found.get("image_mean", (0.485, 0.456, 0.406))
    spread = found.get("image_std", (0.229, 0.224, 0.225))
    return np.asarray(mean, np.float32), np.asarray(spread, np.float32)
