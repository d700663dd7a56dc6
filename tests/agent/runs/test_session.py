"""Runs in processes of their own: signals, two at once, a full disk, memory."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.runs.fakes import CountingCorpus, HashLabeler
from thymos.agent.runs.run import check_before, run
from thymos.prompts.errors import RunError

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


def _start(out: Path, rows: int, pause: float, *more: str) -> "subprocess.Popen[str]":
    """Start a run and wait until its first chunk is saved (or it is over)."""
    command = [sys.executable, "-m", "tests.agent.runs.session", str(out), str(rows), str(pause), *more]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_to_go_on_and_does(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "labels.parquet"
    process = _start(out, 2048, 0.6)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert said == "stopped after 512 rows; run the same command again to go on\n"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.run"]
    assert run(CountingCorpus(2048), HashLabeler(), out).resumed == 512


def test_two_runs_cannot_write_one_output(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    first = _start(out, 1024, 1.0)
    alias = tmp_path / "alias"
    alias.symlink_to(tmp_path)
    with pytest.raises(RunError, match=f"one run at a time.*process {first.pid}"):
        run(CountingCorpus(1024), HashLabeler(), out)
    with pytest.raises(RunError, match="one run at a time"):
        check_before(CountingCorpus(1024), alias / "labels.csv")  # the same run folder by another name
    first.kill()
    first.communicate()
    assert (tmp_path / "labels.run.lock").exists()  # what a killed run leaves ...
    assert run(CountingCorpus(1024), HashLabeler(), out).resumed == 512  # ... does not block
    assert not (tmp_path / "labels.run.lock").exists()


def test_a_full_disk_is_a_sentence_and_saved_shards_stay(tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    # A shard of 512 rows is about 30 kB, the output of 3 shards more than 200 kB: the limit bites at the end.
    process = _start(out, 1536, 0.0, "100000")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 4
    assert said.startswith(f"disk must have room for {out}, got: File too large; what was saved before stays")
    assert sorted(path.name for path in (tmp_path / "labels.run").iterdir()) == [
        "000000.arrow",
        "000001.arrow",
        "000002.arrow",
        "run.json",
    ]
    assert run(CountingCorpus(1536), HashLabeler(), out).resumed == 1536


def test_a_disk_that_is_full_from_the_start_leaves_no_output(tmp_path: Path) -> None:
    process = _start(tmp_path / "labels.parquet", 1024, 0.0, "2000")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 4
    assert said.startswith("disk must have room for")
    assert [path.name for path in (tmp_path / "labels.run").iterdir()] == ["run.json"]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_memory_is_flat_from_5_thousand_to_a_million_rows(tmp_path: Path, suffix: str) -> None:
    peaks = []
    for rows in (5_000, 1_000_000):
        printed, _ = _start(tmp_path / f"{rows}{suffix}", rows, 0.0).communicate(timeout=900)
        peaks.append(int(printed.split()[-1]))  # MiB
    # 16 MB of hashed ids and their sorting, one row group, and what the allocators keep.
    assert peaks[1] - peaks[0] < 128, peaks
