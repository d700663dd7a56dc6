"""`PhysiologyEncoder`: recordings of the body to frames for the LLM, and to cues in words.

Takes a folder with `encoder.json` and `encoder.safetensors` (see `thymos.finetune.encoders.physiology`); follows
`thymos.adapters.modality.Encoder`. Imports torch and scipy when frames are made, not before.
"""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.modality import Observed
from thymos.adapters.physiology.beside import files_beside
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Physiology
from thymos.prompts.errors import ModelError

SHIPPED = Path(__file__).resolve().parents[1] / "shipped" / "encoders" / "physiology"
SETTINGS, WEIGHTS = "encoder.json", "encoder.safetensors"
VERSION = 1  # of what frames are made of; another one gives other frames
_KEPT = 4  # recordings that are remembered with their baselines: rows of one recording come together


@dataclass(frozen=True, slots=True, eq=False)
class BodySignal:
    """What was read: the part that is meant, and the person's usual where the whole recording shows it.

    Attributes:
        recording: channels of the part.
        usual: a `Baseline`, or None.
    """

    recording: Recording
    usual: Any = None


class PhysiologyEncoder:
    """Frames of 15 s: learnt features, measured features, the same relative to the person's usual, masks."""

    modality = "physiology"
    layers = 1

    def __init__(self, folder: Path = SHIPPED, *, relative: bool = True) -> None:
        """Load an encoder.

        Args:
            folder: what `train_physiology_encoder` wrote; the shipped one unless given.
            relative: whether the rest of the recording is the baseline of the part that is meant. It reads no label,
                but what comes after the part too; without it a row is judged by itself alone.

        Raises:
            ModelError: the folder is missing or damaged.
        """
        settings = _settings(folder)
        self.name: str = settings["name"]
        self.relative = relative
        self._weights = _read(folder / WEIGHTS)
        self._widths: dict[str, int] = settings["widths"]
        self._network: Any = None
        self._kept: OrderedDict[tuple[object, ...], BodySignal] = OrderedDict()
        told = json.dumps({"version": VERSION, "widths": self._widths, "relative": relative}, sort_keys=True)
        self.fingerprint = hashlib.sha256(told.encode() + hashlib.sha256(self._weights).digest()).hexdigest()
        self.dim: int = settings["dim"]

    def read(self, source: Physiology) -> BodySignal:
        """Decode a recording; the usual is of the whole file.

        Raises:
            RowError: there is nothing usable in it.
        """
        whole = self._whole(source)
        return BodySignal(whole.recording.part(source.start, source.end), whole.usual)

    def encode(self, signal: BodySignal) -> NDArray[np.float32]:
        """Return frames of shape (frames, dim), one every 15 s.

        Raises:
            RowError: the part is shorter than 5 s or longer than four hours.
        """
        import torch

        from thymos.adapters.physiology.frames import frames_of

        frames = frames_of(signal.recording, signal.usual)
        arrays = (frames.pulse, frames.slow, frames.features, frames.relative, frames.present)
        with torch.inference_mode():
            found: NDArray[np.float32] = self._loaded()(*map(torch.from_numpy, arrays)).numpy()
        return found

    def observe(self, signal: BodySignal) -> Observed:
        """Say what heart, skin and breath show, and what is doubtful in the recording."""
        from thymos.adapters.physiology.cues import cues
        from thymos.adapters.physiology.features import window_features
        from thymos.adapters.physiology.quality import quality_flags

        found = cues(window_features(signal.recording), signal.usual)
        return Observed(cues=found, flags=quality_flags(signal.recording))

    def _whole(self, source: Physiology) -> BodySignal:
        from thymos.adapters.physiology.baseline import baseline_of
        from thymos.adapters.physiology.read import read_recording

        key = _identity(source)
        if key is not None and key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        recording = read_recording(Physiology(path=source.path, channels=source.channels))
        found = BodySignal(recording, baseline_of(recording) if self.relative else None)
        if key is not None:
            self._kept[key] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _loaded(self) -> Any:
        if self._network is None:
            from safetensors import SafetensorError
            from safetensors.torch import load

            from thymos.adapters.physiology.network import PhysiologyNetwork, Widths

            network = PhysiologyNetwork(Widths(**self._widths))
            try:
                network.load_state_dict(load(self._weights))
            except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
                raise ModelError(f"weights of {self.name} must fit their settings, got others ({error})") from error
            self._network = network.eval()
        return self._network


def _identity(source: Physiology) -> tuple[object, ...] | None:
    """Return what tells a recording on disk (or the archive it lies in) from another; None for what is no file."""
    if source.path is None:
        return None
    try:
        if source.path.is_dir():
            files = sorted(source.path.iterdir())
        else:
            beside = [source.path, *files_beside(source.path)]
            files = [next(each for each in (path, *path.parents) if each.is_file()) for path in beside]
        return str(source.path), *((str(each), each.stat().st_size, each.stat().st_mtime_ns) for each in files)
    except (OSError, ValueError, StopIteration):
        return None


def _settings(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads(_read(folder / SETTINGS))
        name, widths, dim, version = told["name"], told["widths"], told["dim"], told["version"]
        sizes = [dim, *widths.values()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{SETTINGS} in {folder} must be an encoder's settings, got another ({error}); train it again"
        ) from error
    if (
        version != VERSION
        or not isinstance(name, str)
        or not all(type(size) is int and 0 < size < 10_000 for size in sizes)
    ):
        raise ModelError(f"encoder in {folder} must be of version {VERSION}, got {version!r}; train it again")
    return {"name": name, "widths": widths, "dim": dim}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"encoder must have {path.name}, got none in {path.parent} ({error.strerror}); train it"
        ) from error
