"""The grid is filled once, in any number of goes, and comes out the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.finetune.augment_rows import LABELS, TAXONOMY, rows
from thymos.finetune.augment.arms import Arms
from thymos.finetune.augment.cells import Cells
from thymos.finetune.augment.classifiers import Regression, tfidf
from thymos.finetune.augment.experiment import Experiment, run
from thymos.finetune.augment.values import Bools, Cell, Training
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

POOL, TEST, MADE = rows(120, 1), rows(40, 2, "t"), rows(40, 3, "s")


class Counting:
    """Says the commonest label; stops the run after so many trainings."""

    name = "counting"

    def __init__(self, last: int = 1000) -> None:
        self.trained: list[Training] = []
        self._last = last

    def label(self, training: Training, texts: Sequence[str], seed: int) -> tuple[Bools, dict[str, float]]:
        if len(self.trained) == self._last:
            raise KeyboardInterrupt
        self.trained.append(training)
        found = np.zeros((len(texts), len(LABELS)), dtype=np.bool_)
        found[:, seed % len(LABELS)] = True
        return found, {}


def experiment(*classifiers: Any, **changes: Any) -> Experiment:
    told: dict[str, Any] = {"arms": Arms(LABELS, MADE, edits=2), "sizes": (4, 8), "seeds": (0, 1)}
    told |= changes
    return Experiment(TAXONOMY, POOL, TEST, classifiers=classifiers, **told)


def test_every_cell_is_filled_and_told_of(tmp_path: Path) -> None:
    told: list[tuple[int, int, Cell]] = []
    found = run(experiment(Counting()), Cells(tmp_path / "c", {}), lambda *each: told.append(each))
    assert len(found) == 2 * 2 * 4  # sizes, seeds, arms
    assert [each[:2] for each in told] == [(number, 16) for number in range(1, 17)]
    assert found[Cell("counting", 8, 1, "synthetic")].real == 8 * len(LABELS)
    assert found[Cell("counting", 8, 1, "synthetic")].added == len(MADE)
    assert found[Cell("counting", 4, 1, "oversample")].added == 2 * 4 * len(LABELS)
    assert found[Cell("counting", 4, 1, "real")].added == 0


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = run(experiment(Counting()), Cells(tmp_path / "whole", {}))
    with pytest.raises(KeyboardInterrupt):
        run(experiment(Counting(last=5)), Cells(tmp_path / "c", {}))
    second = Counting()
    assert run(experiment(second), Cells(tmp_path / "c", {})) == whole
    assert len(second.trained) == 16 - 5
    third = Counting()
    run(experiment(third, sizes=(4, 8, 12)), Cells(tmp_path / "c", {}))  # a wider grid takes what is there
    assert len(third.trained) == 8


def test_arms_of_a_seed_learn_from_the_same_draw_and_classifiers_from_the_same_rows(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    second.name = "second"
    run(experiment(first, second), Cells(tmp_path / "c", {}))
    assert first.trained == second.trained
    draws = [training.real for training in first.trained]
    assert draws[0] == draws[1] == draws[2] == draws[3] != draws[4]  # four arms a seed


def test_equal_experiments_give_equal_results(tmp_path: Path) -> None:
    first, second = (
        run(experiment(Regression("tfidf", tfidf, TAXONOMY), sizes=(4,)), Cells(tmp_path / name, {})) for name in "ab"
    )
    assert first == second


def test_a_grid_without_a_side_or_with_one_twice_is_refused() -> None:
    with pytest.raises(InputError, match="sizes must be at least one"):
        experiment(Counting(), sizes=())
    with pytest.raises(InputError, match="seeds must differ"):
        experiment(Counting(), seeds=(1, 1))
    one = Taxonomy("one", "One", Kind.SINGLE, (Label("joy", "joy", "joy"),))
    with pytest.raises(InputError, match="two labels or more"):
        Experiment(one, POOL, TEST, Arms(("joy",)), (Counting(),), (4,), (0,))
