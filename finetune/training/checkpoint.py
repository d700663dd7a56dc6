"""Checkpoints: one safetensors file that holds all it takes to go on as if nothing had happened.

Takes named tensors and a few numbers; writes them whole or not at all, keeps the last two, and reads back the newest
that is whole. Knows nothing of models.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from thymos.adapters.whole_file import TEMPORARY, whole_file
from thymos.prompts.errors import InputError

_KEPT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The state of a run after a step.

    Attributes:
        step: steps done.
        fingerprint: of the run; another run's checkpoint is refused.
        tensors: weights, moments and random state by name.
        notes: small values as JSON.
    """

    step: int
    fingerprint: str
    tensors: Mapping[str, Tensor]
    notes: Mapping[str, object]


def write(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint and forget the oldest.

    Raises:
        OutputError: the disk is full or refuses; older checkpoints stay.
    """
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    about = {"step": checkpoint.step, "fingerprint": checkpoint.fingerprint, "notes": checkpoint.notes}
    data = save(
        {name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()}, {"thymos": json.dumps(about)}
    )
    with whole_file(path) as handle:
        handle.write(data)
    for old in _found(folder)[_KEPT:]:
        old.unlink(missing_ok=True)
    return path


def newest(folder: Path, fingerprint: str) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest whole checkpoint, and a sentence for each newer one that is not.

    Args:
        folder: where they are; it need not exist.
        fingerprint: of the run that goes on.

    Raises:
        InputError: the checkpoint is of another run.
    """
    broken = []
    for path in _found(folder):
        try:
            found = _read(path)
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            broken.append(f"checkpoint {path.name} is damaged ({error}); an older one is used")
            continue
        if found.fingerprint != fingerprint:
            raise InputError(
                f"output folder must be new or of the same run, got {folder.parent} with a checkpoint of a run with "
                "another recipe, data, label set or model; choose another --output, or throw it away with --restart"
            )
        return found, broken
    return None, broken


def _read(path: Path) -> Checkpoint:
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["thymos"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    return Checkpoint(about["step"], about["fingerprint"], tensors, about["notes"])


def _found(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, newest first."""
    return sorted((path for path in folder.glob("step-*.safetensors") if TEMPORARY not in path.name), reverse=True)
