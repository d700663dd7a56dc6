"""What every test may rely on: no network, no display, and the development corpora where they are."""

import os
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
