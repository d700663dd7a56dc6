"""Commit and hardware are those of this place."""

import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from thymos.finetune import surroundings
from thymos.finetune.surroundings import command_line, commit, hardware, versions

GIT = shutil.which("git")


def git(folder: Path, *arguments: str) -> str:
    assert GIT is not None
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        [GIT, "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_the_commit_is_that_of_the_checkout_and_tells_when_files_differ(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    assert commit(tmp_path) is None  # nothing committed yet
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    (tmp_path / "scores.json").write_text("untracked files do not count")
    assert commit(tmp_path) == {"hash": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "code.py").write_text("2")
    assert commit(tmp_path) == {"hash": git(tmp_path, "rev-parse", "HEAD"), "dirty": True}


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_a_package_installed_inside_another_repository_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    (tmp_path / "site-packages").mkdir()
    assert commit(tmp_path / "site-packages") is None


def test_a_folder_outside_any_checkout_has_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path) is None


def test_hardware_names_processor_cores_and_memory() -> None:
    found = hardware()
    assert 1 <= found["usable_cores"] <= psutil.cpu_count()
    assert 0 < found["memory_bytes"] <= psutil.virtual_memory().total
    assert len(found["processor"]) > 3
    assert isinstance(found["gpus"], list)


def test_versions_name_what_is_installed() -> None:
    import numpy as np

    assert versions()["numpy"] == np.__version__


def test_the_command_line_leaves_out_where_the_program_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/env/bin/thymos", "eval", "a b.parquet"])
    assert command_line() == ["thymos", "eval", "a b.parquet"]


@pytest.mark.parametrize(
    ("here", "line"),
    [
        (None, "an installed package"),
        ({"hash": "abc", "dirty": False}, "abc"),
        ({"hash": "abc", "dirty": True}, "abc, with changes that are not in it"),
    ],
)
def test_a_card_says_whether_the_tree_was_as_committed(
    here: dict[str, object] | None, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "commit", lambda: here)
    assert surroundings.commit_line() == line
