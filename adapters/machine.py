"""What this computer can do: processor features, cores, memory, GPUs, and the number format that is fastest.

Takes what the operating system tells; gives a `Machine`. Imports torch only where a GPU may be, so that
`thymos doctor` stays quick. Knows nothing of models.
"""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import psutil

Dtype = Literal["bfloat16", "float16", "float32"]

# Flags of /proc/cpuinfo that matter to matrix products; ARM's `bf16` is FEAT_BF16, `i8mm` FEAT_I8MM.
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "asimd", "bf16", "i8mm")
MULTIPLIES_BF16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

_CPUINFO = Path("/proc/cpuinfo")
_CGROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # bytes; cgroup v1 writes a number near 2**63 for "no limit"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU that torch can use.

    Attributes:
        name: as its driver tells.
        memory: total, in bytes.
        bfloat16: it multiplies bf16 natively.
    """

    name: str
    memory: int
    bfloat16: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """What work can be given to this computer.

    Attributes:
        processor: its marketing name, or the architecture where there is none.
        physical_cores: cores of the machine, hyper-threads not counted.
        usable_cores: logical cores this process may use (affinity and container quota), at least 1.
        features: those of `FEATURES` that the processor has; empty where they cannot be read (not Linux).
        memory_total: bytes this process may use at most (machine or container).
        memory_available: bytes it could still take without swapping.
        gpus: GPUs in torch's order; empty when there are none or they were not looked for.
    """

    processor: str
    physical_cores: int
    usable_cores: int
    features: tuple[str, ...]
    memory_total: int
    memory_available: int
    gpus: tuple[Gpu, ...] = ()

    def best_dtype(self, device: Literal["cpu", "cuda"] | None = None) -> Dtype:
        """Return the fastest number format that the device multiplies natively.

        The rule: on a GPU bf16, or fp16 where it has no bf16; on a processor bf16 where it has an
        instruction for it, else fp32 (emulated bf16 is slower than fp32, and fp16 is slow on any processor).

        Args:
            device: where the model will run; the GPU if there is one when None.
        """
        if device is None:
            device = "cuda" if self.gpus else "cpu"
        if device == "cuda":
            return "bfloat16" if self.gpus and all(gpu.bfloat16 for gpu in self.gpus) else "float16"
        return "bfloat16" if MULTIPLIES_BF16.intersection(self.features) else "float32"


def machine(*, look_for_gpus: bool = True) -> Machine:
    """Look at this computer.

    Args:
        look_for_gpus: import torch (seconds) and ask it, unless its build is for processors only.
    """
    cpuinfo = _read(_CPUINFO) or ""
    total, available = _memory()
    usable = _usable_cores()
    return Machine(
        processor=processor_name(cpuinfo) or platform.processor() or platform.machine(),
        physical_cores=psutil.cpu_count(logical=False) or usable,
        usable_cores=usable,
        features=processor_features(cpuinfo),
        memory_total=total,
        memory_available=available,
        gpus=_gpus() if look_for_gpus else (),
    )


def processor_name(cpuinfo: str) -> str | None:
    """Return the processor's name from the text of /proc/cpuinfo, or None (ARM does not write one)."""
    return next(iter(_values(cpuinfo, "model name")), None)


def processor_features(cpuinfo: str) -> tuple[str, ...]:
    """Return those of `FEATURES` that every core in the text of /proc/cpuinfo has."""
    cores = [set(line.split()) for key in ("flags", "Features") for line in _values(cpuinfo, key)]
    return tuple(name for name in FEATURES if cores and all(name in core for core in cores))


def cpu_quota(cpu_max: str | None) -> float | None:
    """Return the cores that a cgroup grants, from its `quota period` in microseconds; None when unlimited."""
    quota, period = (*(cpu_max or "max").split(), "100000")[:2]
    return None if quota in ("max", "-1") else int(quota) / int(period)


def why_no_gpu() -> str | None:
    """Tell from torch's installed version alone why no GPU can be used; None when one could be."""
    try:
        is_cpu_build = version("torch").endswith("+cpu")  # 2.13.0+cpu
    except PackageNotFoundError:
        return "torch is not installed"
    return "torch is the build for processors only" if is_cpu_build else None


def _values(text: str, key: str) -> list[str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return [value.strip() for name, _, value in pairs if name.strip() == key]


def _usable_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    v1 = [_read(_CGROUP / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    quota = cpu_quota(_read(_CGROUP / "cpu.max") or " ".join(filter(None, v1)) or None)
    return cores if quota is None else max(1, min(cores, round(quota)))


def _memory() -> tuple[int, int]:
    """Return bytes (total, available), the smaller of the machine's and the container's."""
    memory = psutil.virtual_memory()
    for limit_file, used_file in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        limit, used = _read(_CGROUP / limit_file), _read(_CGROUP / used_file)
        if limit and used and limit != "max" and int(limit) < _UNLIMITED:
            return min(memory.total, int(limit)), min(memory.available, max(0, int(limit) - int(used)))
    return memory.total, memory.available


def _gpus() -> tuple[Gpu, ...]:
    if why_no_gpu():
        return ()
    import torch  # seconds

    found = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        with torch.cuda.device(index):
            native = torch.cuda.is_bf16_supported(including_emulation=False)
        found.append(Gpu(properties.name, properties.total_memory, native))
    return tuple(found)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
