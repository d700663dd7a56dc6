"""What several tests of the prompts folder need."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def text_corpora() -> Path:
    """The folder of the text corpora, which are not part of this repository; skips where they are absent."""
    shared = Path(os.environ.get("THYMOS_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    folder = shared / "data" / "text"
    if not folder.is_dir():
        pytest.skip("the text corpora are not beside this repository; THYMOS_SHARED may point at them")
    return folder
