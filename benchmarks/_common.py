"""What the benchmarks share: rows of a realistic length, contenders in turn, medians and their ratios.

Contenders run one after another in every round, so that a slow minute of the machine hits all of them; a figure is the
median over rounds, and what counts is the ratio of medians.
"""

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
TAXONOMY = "goemotions"

# Lengths in words of Reddit comments: median 12, one in twenty above 25. For machines without the corpus.
_WORDS = [
    "the",
    "of",
    "a",
    "this",
    "that",
    "never",
    "always",
    "why",
    "my",
    "your",
    "friend",
    "day",
    "cat",
    "rain",
    "really",
    "love",
    "hate",
    "lost",
    "found",
    "again",
]


def rows(number: int, seed: int = 7) -> list[str]:
    """Texts of the GoEmotions test split where it is found, else random words of like lengths; shuffled by seed."""
    shared = Path(os.environ.get("THYMOS_SHARED", ROOT.parent / "shared")) / "data/text/goemotions/test.tsv"
    chance = random.Random(seed)
    if shared.is_file():
        texts = [line.split("\t")[0].strip() for line in shared.read_text(encoding="utf-8").splitlines()]
        chance.shuffle(texts)
        return texts[:number]
    return [" ".join(chance.choices(_WORDS, k=min(30, max(1, round(chance.gauss(12.5, 6.5)))))) for _ in range(number)]


def race(
    contenders: dict[str, tuple[Callable[[Sequence[str]], object], int]], texts: Sequence[str], rounds: int
) -> dict[str, float]:
    """Run every contender over its first rows in each round; return the median rows/s of each.

    Args:
        contenders: name -> (function over texts, how many rows it gets: fewer for slow ones).
        texts: the rows.
        rounds: how often; a warm-up on 32 rows comes first.
    """
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for function, _ in contenders.values():
        function(texts[:32])
    for turn in range(rounds):
        for name, (function, count) in contenders.items():
            start = time.perf_counter()
            function(texts[:count])
            speeds[name].append(count / (time.perf_counter() - start))
        print(f"  round {turn + 1}: " + ", ".join(f"{name} {values[-1]:.1f}" for name, values in speeds.items()))
    return {name: statistics.median(values) for name, values in speeds.items()}


def report(medians: dict[str, float], ours: Sequence[str]) -> None:
    """Print medians and how many times faster each of ours is than each of the others."""
    print(f"\n{'rows/s, median':44s}{'':>8s}" + "".join(f"{name:>22s}" for name in ours))
    for name, speed in medians.items():
        ratios = "".join("" if name in ours else f"{medians[mine] / speed:>21.1f}x" for mine in ours)
        print(f"{name:44s}{speed:8.1f}{ratios}")


def machine_line() -> str:
    """One line: processor, threads, torch."""
    from thymos.adapters.machine import machine

    here = machine()
    features = " ".join(here.features)
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"{here.processor}, {torch.get_num_threads()} threads, {features}; {versions}"
