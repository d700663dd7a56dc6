"""Where and with what a figure was computed: commit, hardware, versions, command line.

Takes nothing; gives JSON values. The only place that asks git and the operating system on behalf of a score.
"""

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from thymos.adapters.machine import machine

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


def commit_line() -> str:
    """Return the commit of this checkout as a word or two for a card."""
    here = commit()
    if here is None:
        return "an installed package"
    return str(here["hash"]) + (", with changes that are not in it" if here["dirty"] else "")


def hardware() -> dict[str, Any]:
    """Return processor, cores, memory (bytes) and GPUs of this machine."""
    this = machine()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": this.processor,
        "physical_cores": this.physical_cores,
        "usable_cores": this.usable_cores,
        "memory_bytes": this.memory_total,
        "gpus": [gpu.name for gpu in this.gpus],
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


def _version(package: str) -> str | None:
    """Return the installed version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
