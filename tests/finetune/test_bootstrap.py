"""Intervals: repeatable, independent of row order, and as wide as theory says."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from thymos.finetune.bootstrap import intervals
from thymos.finetune.metrics import score
from thymos.prompts.taxonomy import Kind, Label, Taxonomy


def coin(n: int, heads: int) -> NDArray[np.bool_]:
    return (np.arange(n) < heads)[:, None]


def test_equal_seeds_give_equal_intervals_and_others_do_not() -> None:
    def draw(seed: int) -> object:
        return intervals(coin(50, 20), lambda s: {"share": s[:, 0] / 50}, resamples=200, seed=seed)

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_the_order_of_rows_does_not_matter() -> None:
    rows = np.random.default_rng(0).random((80, 9)) < 0.4
    first, second = (
        intervals(r, lambda s: {"ratio": s[:, 0] / s[:, 8]}, resamples=300, seed=1) for r in (rows, rows[::-1])
    )
    assert first == second


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    # share 0.4 of 1000 rows: standard error sqrt(0.4 * 0.6 / 1000) = 0.01549, 1.96 of it = 0.0304
    found = intervals(coin(1000, 400), lambda s: {"share": s[:, 0] / 1000}, resamples=4000, seed=0)["share"]
    assert found.low == pytest.approx(0.4 - 0.0304, abs=0.003)
    assert found.high == pytest.approx(0.4 + 0.0304, abs=0.003)


def test_no_resamples_give_no_interval() -> None:
    assert intervals(coin(10, 5), lambda s: {"share": s[:, 0] / 10}, resamples=0, seed=0) == {}


def test_resampled_figures_agree_with_drawing_the_rows_one_by_one() -> None:
    names = ("a", "b", "c")
    taxonomy = Taxonomy("abc", "ABC", Kind.SINGLE, tuple(Label(n, "", n) for n in names))
    generator = np.random.default_rng(5)
    gold = generator.choice(names, 150)
    predicted = np.where(generator.random(150) < 0.7, gold, generator.choice(names, 150))

    def figures(rows: NDArray[np.intp]) -> float:
        return score([(g,) for g in gold[rows]], [(p,) for p in predicted[rows]], taxonomy).macro_f1

    slow = np.percentile([figures(generator.integers(0, 150, 150)) for _ in range(1500)], [2.5, 97.5])
    fast = score([(g,) for g in gold], [(p,) for p in predicted], taxonomy, bootstrap=1500).intervals["macro_f1"]
    assert [fast.low, fast.high] == pytest.approx(slow, abs=0.015)


def test_five_thousand_rows_of_28_labels_take_a_second_or_two() -> None:
    names = tuple(f"label {i}" for i in range(28))
    taxonomy = Taxonomy("many", "Many", Kind.MULTI, tuple(Label(n, "", n) for n in names))
    generator = np.random.default_rng(0)
    gold, predicted = ([tuple(generator.choice(names, 2)) for _ in range(5000)] for _ in range(2))
    began = time.process_time()
    found = score(gold, predicted, taxonomy, bootstrap=1000)
    assert time.process_time() - began < 10  # processor seconds, all threads; about 1 when measured
    assert found.intervals["macro_f1"].low <= found.macro_f1 <= found.intervals["macro_f1"].high
