"""`thymos doctor`: what is installed and what this computer can do, in one screen.

Takes no input but the machine; gives a screen or JSON, and exit code 1 with a remedy when something that
labelling needs is missing. Must not load a model.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from types import MappingProxyType
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from thymos.adapters import weights as weights_module
from thymos.adapters.machine import Dtype, Machine, machine, why_no_gpu
from thymos.adapters.modality import MODALITIES
from thymos.adapters.weights import DEFAULT, EMBEDDED, cache_dir, locate, verify
from thymos.prompts.errors import ModelError, ThymosError

SHIPPED_ENCODERS = Path(weights_module.__file__).parent / "shipped" / "encoders"
PACKAGES = ("thymos", "torch", "transformers", "peft", "accelerate", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class WeightsCheck:
    """Whether embedded weights are there: where, checked by hash or not, and what is wrong if anything."""

    name: str
    where: Path | None
    checked: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything `thymos doctor` tells; `problems` is what stops labelling, a sentence with a remedy each."""

    versions: Mapping[str, str | None]
    machine: Machine
    dtype: Dtype
    gpu_note: str | None
    compiler: str | None
    cache: Path
    cache_size: int
    weights: tuple[WeightsCheck, ...]
    modalities: Mapping[str, str]
    problems: tuple[str, ...]


def doctor(
    *,
    hash_weights: Annotated[bool, Parameter(name="--verify", negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Tell versions, processor, memory and weights in one screen.

    Exits with 1 when something that labelling needs is missing. Needs no network.

        thymos doctor
        thymos doctor --verify
        thymos doctor --json | jq .machine.features

    Args:
        hash_weights: Hash the embedded weights and compare with the published files (a second or two).
        as_json: Print JSON for scripts and bug reports.
    """
    found = diagnose(hash_weights=hash_weights)
    if as_json:
        sys.stdout.write(json.dumps(asdict(found), indent=2, default=str, ensure_ascii=False) + "\n")
    else:
        Console().print(_screen(found))
    if found.problems:
        raise ThymosError(" | ".join(found.problems))


def diagnose(*, hash_weights: bool = False) -> Diagnosis:
    """Look at the installation and the machine.

    Args:
        hash_weights: also compare the SHA-256 of each embedded file.
    """
    versions = {"python": python_version()} | {name: _version(name) for name in PACKAGES}
    this = machine()
    cache = cache_dir()
    weights = tuple(_check(name, hash_weights) for name in EMBEDDED)
    missing = [f"{name} must be installed, got none; run `make`" for name, v in versions.items() if v is None]
    broken = [check.problem for check in weights if check.problem and (check.where or check.name == DEFAULT)]
    return Diagnosis(
        versions=versions,
        machine=this,
        dtype=this.best_dtype(),
        gpu_note=why_no_gpu(),
        compiler=shutil.which("g++"),
        cache=cache,
        cache_size=sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()),
        weights=weights,
        modalities={"text": "ready"} | {name: _ready(name) for name in MODALITIES},
        problems=(*missing, *broken),
    )


# What must be there before a modality is read: packages by the name they are imported by, weights, a shipped encoder.
_NEEDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str | None]] = MappingProxyType(
    {
        "speech": (("av", "whisper"), ("whisper-tiny.en",), None),
        "face": (("cv2", "PIL", "av"), ("blazeface-short", "blazeface-full"), "face/model.safetensors"),
        "physiology": (("pyedflib", "wfdb"), (), "physiology/encoder.safetensors"),
    }
)


def _ready(modality: str) -> str:
    """Say whether recordings of a modality can be read, or what is missing."""
    packages, weights, shipped = _NEEDS[modality]
    missing = [name for name in packages if find_spec(name) is None]
    missing += [check.name for check in (_check(name, False) for name in weights) if check.problem]
    if shipped is not None and not (SHIPPED_ENCODERS / shipped).is_file():
        missing.append(shipped)
    if missing:
        return f"not ready: {', '.join(missing)} missing; run `make`"
    return "ready, for adapters that were trained with it (`thymos finetune`)"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _check(name: str, hash_it: bool) -> WeightsCheck:
    try:
        path = locate(name)
    except ModelError as error:
        return WeightsCheck(name, None, False, str(error))
    if not hash_it:
        return WeightsCheck(name, path, False, None)
    try:
        verify(name, path)
    except ModelError as error:
        return WeightsCheck(name, path, True, str(error))
    return WeightsCheck(name, path, True, None)


def _screen(found: Diagnosis) -> Table:
    """Lay the findings out, one line per thing where the terminal is 100 columns wide."""
    this = found.machine
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    sections: dict[str, list[str]] = {
        "versions": [_pairs(found.versions)],
        "processor": [this.processor, " ".join(this.features) or "features unknown on this system"],
        "cores": [f"{this.usable_cores} usable, {this.physical_cores} physical"],
        "memory": [f"{decimal(this.memory_available)} available of {decimal(this.memory_total)}"],
        "gpu": [f"{gpu.name}, {decimal(gpu.memory)}" for gpu in this.gpus]
        or ["none" + (f" ({found.gpu_note})" if found.gpu_note else "")],
        "computes in": [found.dtype],
        "compiler": [found.compiler or "no g++: models run uncompiled, at a lower speed"],
        "cache": [f"{found.cache} ({decimal(found.cache_size)})"],
        "weights": [_weights_line(check) for check in found.weights],
        "reads": [f"{name}: {state}" for name, state in found.modalities.items()],
        "network": ["not needed"],
    }
    for heading, lines in sections.items():
        for number, line in enumerate(lines):
            table.add_row(heading if number == 0 else "", Text(line))
    return table


def _pairs(versions: Mapping[str, str | None]) -> str:
    return ", ".join(f"{name} {number or 'missing'}" for name, number in versions.items())


def _weights_line(check: WeightsCheck) -> str:
    if check.where is None:
        return f"{check.name}: not installed ({EMBEDDED[check.name].role})"
    state = ("not the pinned file" if check.problem else "verified") if check.checked else "found"
    return f"{check.name}: {state}, {decimal(check.where.stat().st_size)} ({EMBEDDED[check.name].role})"
