"""The experiment: for each classifier, number of real rows, seed and arm, learn from a draw and label the test set.

Takes rows, arms and classifiers; gives a result for each cell. What was done before is not done again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from thymos.finetune.augment.arms import Arms
from thymos.finetune.augment.cells import Cells
from thymos.finetune.augment.draw import draw
from thymos.finetune.augment.values import Cell, Classifier, Result, Row, Training
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is compared.

    Attributes:
        taxonomy: label set.
        pool: real rows to draw from; none of them in the test set.
        test: real rows to label.
        arms: what is added.
        classifiers: that learn.
        sizes: real rows a label.
        seeds: of the draws.
    """

    taxonomy: Taxonomy
    pool: tuple[Row, ...]
    test: tuple[Row, ...]
    arms: Arms
    classifiers: tuple[Classifier, ...]
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.taxonomy) < 2:
            raise InputError(f"label set must have two labels or more, got {len(self.taxonomy)}; choose another")
        for what, values in (("sizes", self.sizes), ("seeds", self.seeds), ("classifiers", self.classifiers)):
            if not values:
                raise InputError(f"{what} must be at least one, got none; name some")
            if len(set(values)) < len(values):
                raise InputError(f"{what} must differ, got one twice; name each once")

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The grid, small and quick first."""
        return tuple(
            Cell(classifier.name, size, seed, arm)
            for size in self.sizes
            for classifier in self.classifiers
            for seed in self.seeds
            for arm in self.arms.names
        )


def run(
    experiment: Experiment, kept: Cells, on_cell: Callable[[int, int, Cell], None] = lambda done, total, cell: None
) -> dict[Cell, Result]:
    """Fill the grid.

    Args:
        experiment: what is compared.
        kept: results that are there; new ones are added as they come.
        on_cell: called after each cell with the number done, the number to do, and the cell.

    Returns:
        A result for each cell.
    """
    classifiers = {each.name: each for each in experiment.classifiers}
    texts = [row.text for row in experiment.test]
    made: dict[tuple[int, int, str], Training] = {}  # of the size in hand: classifiers share it, and a paraphrase costs
    found: dict[Cell, Result] = {}
    for number, cell in enumerate(experiment.cells, start=1):
        result = kept.get(cell)
        if result is None or len(result.predicted) != len(texts):
            made = {key: value for key, value in made.items() if key[0] == cell.size}
            key = (cell.size, cell.seed, cell.arm)
            if key not in made:
                made[key] = _training(experiment, cell)
            result = learnt(classifiers[cell.classifier], made[key], texts, cell.seed)
            kept.put(cell, result)
        found[cell] = result
        on_cell(number, len(experiment.cells), cell)
    return found


def learnt(classifier: Classifier, training: Training, texts: Sequence[str], seed: int) -> Result:
    """Return the result of one classifier on one training set."""
    labelled, chosen = classifier.label(training, texts, seed)
    predicted = tuple(tuple(int(place) for place in np.flatnonzero(row)) for row in labelled)
    return Result(predicted, len(training.real), sum(each.times for each in training.added), chosen)


def _training(experiment: Experiment, cell: Cell) -> Training:
    rows = draw(experiment.pool, experiment.taxonomy.names, cell.size, cell.seed)
    return experiment.arms.training(rows, cell.arm, cell.seed)
