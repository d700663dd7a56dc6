"""Benchmarks can still be started: what they import is there, under the name they know."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow  # seconds each: they import what they measure
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("[a-z]*.py")))
def test_a_benchmark_tells_how_it_is_used(name: str) -> None:
    told = subprocess.run([sys.executable, name, "--help"], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    assert f"python benchmarks/{name}" in told.stdout  # an example
