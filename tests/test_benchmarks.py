"""Benchmarks can still be started: what they import is there, under the name they know."""

import importlib
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from thymos.adapters.sample import Sample
from thymos.prompts.catalogue import load_taxonomy

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow  # seconds each: they import what they measure
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("[a-z]*.py")))
def test_a_benchmark_tells_how_it_is_used(name: str) -> None:
    told = subprocess.run([sys.executable, name, "--help"], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    assert f"python benchmarks/{name}" in told.stdout  # an example


def test_the_head_reads_each_row_once_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    head = importlib.import_module("classification_head")
    rows = [[1, 2, 3], [1, 2, 3, 4, 5], [1, 2], [7, 8], [1, 2, 9], [7, 8], [1, 2, 9, 9]]  # dialogues part, and repeat
    packs = head.whole(rows)
    read = {row: list(each.trunk[:end]) for each in packs for row, end in zip(each.rows, head.ends(each), strict=True)}
    assert sorted(row for each in packs for row in each.rows) == list(range(len(rows)))
    assert read == dict(enumerate(rows))
    assert len(packs) < len(rows)


def test_baselines_choose_neutral_by_dev_and_read_test_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    module = importlib.import_module("_splits")
    taxonomy = load_taxonomy("dailydialog")
    none, joy, anger = (taxonomy.names.index(name) for name in ("no emotion", "happiness", "anger"))
    told, p, gold = [], np.full((40, 7), 0.001), np.zeros((40, 7), dtype=np.bool_)
    for row in range(40):  # half have joy, at a probability of 0.4 beside the 0.6 of none
        felt, other = row % 2 == 0, joy if row % 4 < 2 else anger
        p[row, [none, other]] = (0.6, 0.4) if felt else (0.8, 0.2)
        gold[row, other if felt else none] = True
        told.append(Sample(id=str(row), text="x", gold=(taxonomy.names[other if felt else none],)))
    corpus = SimpleNamespace(taxonomy=taxonomy, dev=told)
    options = Namespace(ignore=["no emotion"], exclude=None)
    likeliest, fitted = module.Splits(corpus, told, gold, gold, [joy, anger], options).lines(p, p).splitlines()
    assert likeliest.startswith("  likeliest label: dev (40 rows)")
    assert "micro 0.0000" in likeliest
    assert fitted.startswith("  neutral from 0.70, fitted on dev")
    assert fitted.count("micro 1.0000") == 2  # of dev and of test
