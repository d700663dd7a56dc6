"""`kill -9` of real processes: whatever is killed whenever, the final files are those of a quiet run."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agent.runs import crash
from tests.agent.runs.fakes import CountingCorpus, HashLabeler
from thymos.agent.runs.run import run

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


def _crash(how: str, folder: Path, suffix: str, kills: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.agent.runs.crash", how, str(folder), suffix, str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _quiet(folder: Path, suffix: str, rows: int, chunk: int) -> dict[str, str]:
    folder.mkdir()
    out = folder / f"labels{suffix}"
    run(CountingCorpus(rows), HashLabeler(), out, keep_columns=("all",), chunk_rows=chunk)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_a_run_killed_at_20_random_moments_ends_in_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    expected = _quiet(tmp_path / "quiet", suffix, crash.ROWS, crash.CHUNK)
    (tmp_path / "killed").mkdir()
    result = _crash("random", tmp_path / "killed", suffix, kills=20)
    assert result["kills"] == 20
    assert len(set(result["saved"])) > 5  # the moments were spread over the run
    for files in result["results"]:
        assert files == expected


def test_a_run_killed_before_any_of_its_steps_on_files_ends_in_the_same_bytes(tmp_path: Path) -> None:
    expected = _quiet(tmp_path / "quiet", ".csv", crash.SMALL, crash.SMALL_CHUNK)
    (tmp_path / "killed").mkdir()
    result = _crash("steps", tmp_path / "killed", ".csv")
    assert result["kills"] >= 12  # the walk did go through the code
    for files in result["results"]:
        assert files == expected
