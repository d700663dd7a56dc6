"""What every test may rely on: no network, no display, the development corpora, the tracked files."""

import os
import subprocess
from pathlib import Path

import pytest

# Set before any test imports these libraries: without it they ask a server (and a blocked socket fails the
# test far from its cause), or look for a screen. What the user has set stays.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the development corpora: $THYMOS_SHARED, or `shared` beside the repository."""
    folder = Path(os.environ.get("THYMOS_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"needs the development corpora in {folder}; they are not part of the repository")
    return folder


@pytest.fixture(scope="session")
def tracked() -> tuple[str, ...]:
    """Paths that git tracks, with forward slashes, relative to the root of the repository."""
    try:
        listing = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone to know which files belong to the project")
    return tuple(name for name in listing.stdout.splitlines() if (ROOT / name).exists())
