"""Runs that are killed, stopped or cut off by a dead server or a full disk, and gone on with to the same bytes."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.agent.synth.fakes import FakeWriter, sentence
from tests.agent.synth.session import COUNTS, session
from thymos.agent.runs.stop import RunStoppedError
from thymos.agent.synth.values import Ask
from thymos.prompts.errors import ModelError, OutputError, RunError

ROOT = Path(__file__).resolve().parents[3]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hashes of the files of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("quiet")
    session(folder / "out.jsonl")
    return _files(folder)


def test_a_server_that_dies_half_way_loses_only_the_batch_in_hand(tmp_path: Path, quiet: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="must answer"):
        session(tmp_path / "out.jsonl", writer=FakeWriter(dies_at=6))
    saved = len(list((tmp_path / "out.run").glob("*.arrow")))
    assert saved >= 2
    writer = FakeWriter()
    report = session(tmp_path / "out.jsonl", writer=writer)
    assert report.resumed == saved * 4
    assert _files(tmp_path) == quiet
    assert not any(ask.seed in _seeds(tmp_path, saved) for asks in writer.calls for ask in asks)


def test_conversations_with_turns_that_lost_their_label_end_in_the_same_bytes_after_a_stop(tmp_path: Path) -> None:
    def off(ask: Ask) -> str:
        """Let B's first turn show disgust, where it was to show something."""
        turns = FakeWriter()._one(ask).split("\n")
        if "Turn 2," in ask.request:
            turns[1] = f"B: {sentence('disgust', ask.seed)}"
        return "\n".join(turns)

    given: dict[str, Any] = {"counts": {"joy": 12}, "turns": (5, 6)}
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    session(tmp_path / "whole" / "out.jsonl", writer=FakeWriter(say=off), **given)
    with pytest.raises(ModelError, match="must answer"):
        session(tmp_path / "stopped" / "out.jsonl", writer=FakeWriter(say=off, dies_at=3), **given)
    assert session(tmp_path / "stopped" / "out.jsonl", writer=FakeWriter(say=off), **given).resumed
    assert _files(tmp_path / "whole") == _files(tmp_path / "stopped")
    rows = _rows(tmp_path / "whole" / "out.jsonl")
    assert any(row["turns"][1]["label"] != row["plan"]["turns"][1] for row in rows)


def _seeds(folder: Path, saved: int) -> set[int]:
    """Seeds of the rows that were saved before: the first shards hold the first rows of the plan."""
    rows = _rows(folder / "out.jsonl")
    return {row["provenance"]["seed"] for row in rows[: saved * 4 - 8]}


@pytest.mark.parametrize("after", [0.3, 0.9])
def test_a_run_killed_with_kill_9_ends_in_the_same_bytes(tmp_path: Path, quiet: dict[str, str], after: float) -> None:
    command = [sys.executable, "-m", "tests.agent.synth.session", str(tmp_path / "out.jsonl"), "0.2"]
    for _ in range(2):
        child = subprocess.Popen(command, cwd=ROOT, env=os.environ)
        _wait_for(tmp_path / "out.run" / "run.json")
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
    assert (tmp_path / "out.run").is_dir()
    session(tmp_path / "out.jsonl")
    assert _files(tmp_path) == quiet


def _wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} never came")


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, quiet: dict[str, str]) -> None:
    class Interrupted(FakeWriter):
        def write(self, asks: Any) -> list[str]:
            if len(self.calls) == 3:
                raise KeyboardInterrupt
            return super().write(asks)

    with pytest.raises(RunStoppedError, match=r"stopped after .* rows; run the same command again") as stopped:
        session(tmp_path / "out.jsonl", writer=Interrupted())
    assert stopped.value.exit_code == 130
    session(tmp_path / "out.jsonl")
    assert _files(tmp_path) == quiet


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl")
    writer = FakeWriter()
    report = session(tmp_path / "out.jsonl", writer=writer)
    assert report.already_done
    assert writer.calls == []
    assert report.told["kept"] == COUNTS
    session(tmp_path / "out.parquet")  # carries its own provenance
    (tmp_path / "out.meta.json").write_text("{}")
    with pytest.raises(RunError, match=r"got none in out\.meta\.json; pass --overwrite"):
        session(tmp_path / "out.parquet")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seed": 1}, "input.seed was 0, now 1"),
        ({"counts": {"joy": 3}}, "input.counts.joy was 14, now 3"),
        ({"turns": (2, 2)}, "input.turns was"),
        ({"writer": FakeWriter(name="other")}, "writer.name was fake, now other"),
        ({"options": {"candidates": 5}}, "candidates was 3, now 5"),
        ({"options": {"without": ("slurs",)}}, "gates.slurs.list was"),
        ({"chunk_rows": 5}, "chunk_rows was 4, now 5"),
        ({"dev": 0.3}, "dev was 0.2, now 0.3"),
    ],
)
def test_another_run_does_not_go_on_with_this_one(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError):
        session(tmp_path / "out.jsonl", writer=FakeWriter(dies_at=6))
    with pytest.raises(RunError, match=told):
        session(tmp_path / "out.jsonl", **changed)
    session(tmp_path / "out.jsonl", restart=True, **changed)
    with pytest.raises(RunError, match="output must not hold another run's rows"):
        session(tmp_path / "out.jsonl", seed=2)
    assert session(tmp_path / "out.jsonl", seed=9, overwrite=True).provenance.rows == 30


def test_a_full_disk_is_told_and_what_was_saved_stays(
    tmp_path: Path, quiet: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, Counter[str]()

    def full(descriptor: int) -> None:
        calls["fsync"] += 1
        if calls["fsync"] == 12:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"disk must have room .* run the same command again"):
        session(tmp_path / "out.jsonl")
    assert list((tmp_path / "out.run").glob("*.arrow"))
    session(tmp_path / "out.jsonl")
    assert _files(tmp_path) == quiet
