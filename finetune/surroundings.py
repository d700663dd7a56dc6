"""Where and with what a figure was computed: commit, hardware, versions, command line.

Takes nothing; gives JSON values. The only place that asks git and the operating system on behalf of a score.
"""

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

PACKAGE_ROOT = Path(__file__).resolve().parents[1]  # of a checkout: where .git is
_PACKAGES = ("thymos", "torch", "transformers", "numpy")


def commit(root: Path = PACKAGE_ROOT) -> dict[str, Any] | None:
    """Return the commit of a checkout.

    Args:
        root: top folder of the checkout; the one this package runs from unless given.

    Returns:
        `hash`, and `dirty`: whether tracked files differ from it; None when `root` is not the top of a
        checkout (the package is installed), has no commit, or there is no git.
    """
    root = root.resolve()
    head = _git(root, "rev-parse", "--show-toplevel", "HEAD")
    if head is None or Path(head.splitlines()[0]).resolve() != root:
        return None  # no checkout, or the folder of somebody else's repository
    status = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"hash": head.splitlines()[1], "dirty": None if status is None else bool(status.strip())}


def hardware() -> dict[str, Any]:
    """Return processor, cores, memory and GPUs of this machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": _gpus(),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that figures depend on; None where not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def command_line() -> list[str]:
    """Return the command as it can be typed again: the program's name without its folder."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git says, or None when it is absent or refuses."""
    program = shutil.which("git")
    if program is None:
        return None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [program, "-C", str(folder), *arguments], capture_output=True, text=True, env=clean, check=False
    )
    return done.stdout if done.returncode == 0 else None


def _processor() -> str:
    """Return the processor's marketing name where it can be had."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    if find_spec("cpuinfo") is not None:
        from cpuinfo import get_cpu_info  # asks the processor itself; a second

        return str(get_cpu_info().get("brand_raw") or platform.machine())
    return platform.processor() or platform.machine()


def _gpus() -> list[str]:
    """Return the names of NVIDIA GPUs; the driver's own tool spares the import of torch."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    done = subprocess.run(
        [program, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def _version(package: str) -> str | None:
    """Return the installed version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
