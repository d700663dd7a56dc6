"""Kills real processes in the middle of a run: `python -m tests.agent.runs.crash HOW FOLDER SUFFIX COUNT`.

This process imports once and forks the processes that it kills, so that a kill costs milliseconds; it never
runs anything itself. Prints what happened as JSON.
"""

import hashlib
import importlib
import json
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from tests.agent.runs.fakes import CountingCorpus, HashLabeler
from thymos.agent.runs.run import run

ROWS = 600
CHUNK = 16  # rows; 38 shards
PAUSE = 0.006  # s per batch, so 0.3 s for a whole run with its end
FURTHEST = 8  # shards until a kill
PATIENCE = 5.0  # s that a shard may take, on a busy machine too; a run that is through writes none

SMALL, SMALL_CHUNK = 104, 52  # rows for the walk over every step: 2 shards, the second with two bad rows

importlib.import_module("pandas")  # pyarrow does so when first used, a quarter of a second in every fork

# Opening a file is no step: until it is renamed, nobody looks at it.
FILE_STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


def session(out: Path, rows: int, chunk: int, pause: float, kill_at: int | None = None) -> int:
    """Fork a process that runs it all, or dies before its `kill_at`-th step on files; return its id."""
    child = os.fork()
    if child:
        return child
    if kill_at is not None:
        _die_before(out.parent, kill_at)
    run(CountingCorpus(rows), HashLabeler(pause=pause), out, keep_columns=("all",), chunk_rows=chunk)
    os._exit(0)


def finished(child: int) -> bool:
    """Wait for a process; tell whether it came to its end."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        raise SystemExit(f"a session failed with status {status}")
    return True


def harvest(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder, and empty it."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".run.lock"):  # of a killed process; the next claim removes it
            path.unlink()
            continue
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        path.unlink()
    return found


def at_random(out: Path, kills: int) -> dict[str, Any]:
    """Kill at random moments, go on each time; a run that gets through is put aside and begun again."""
    chance = random.Random(20)
    results, saved, done = [], [], 0
    while done < kills:
        child = session(out, ROWS, CHUNK, PAUSE)
        _await_shards(out, shards(out) + chance.randint(0, FURTHEST))
        time.sleep(chance.uniform(0, PAUSE))  # anywhere inside a batch
        os.kill(child, signal.SIGKILL)
        if finished(child):
            results.append(harvest(out.parent))
        else:
            done += 1
            saved.append(shards(out))
    finished(session(out, ROWS, CHUNK, 0.0))
    results.append(harvest(out.parent))
    return {"kills": done, "saved": saved, "results": results}


def shards(out: Path) -> int:
    """Return how many shards a run has saved."""
    return len(list(out.with_suffix(".run").glob("*.arrow")))


def _await_shards(out: Path, wanted: int) -> None:
    """Wait until a run has saved so many shards, or is through."""
    until = time.monotonic() + PATIENCE
    while shards(out) < wanted and not out.exists() and time.monotonic() < until:
        time.sleep(PAUSE / 10)


def at_every_step(out: Path) -> dict[str, Any]:
    """Kill before the first step on files, then before the second, and so on until a run gets through."""
    results: list[dict[str, str]] = []
    for step in count(1):
        through = finished(session(out, SMALL, SMALL_CHUNK, 0.0, kill_at=step))
        if not through:
            finished(session(out, SMALL, SMALL_CHUNK, 0.0))
        results.append(harvest(out.parent))
        if through:
            return {"kills": step - 1, "results": results}
    raise AssertionError


def _die_before(folder: Path, step: int) -> None:
    """Let this process be killed by its own hand before it touches files under a folder once more."""
    left = step

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event in FILE_STEPS and str(args[0]).startswith(str(folder)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


if __name__ == "__main__":
    how, where, suffix, kills = sys.argv[1:]
    target = Path(where) / f"labels{suffix}"
    print(json.dumps(at_random(target, int(kills)) if how == "random" else at_every_step(target)))
