"""A recipe as a classifier of an augmentation experiment: the language model, tuned anew for each training set. Slow.

Takes a recipe and training sets; gives labels of texts by the labeler with the adapter that was trained. A fifth of the
real rows is the recipe's dev split, and nothing made of these rows is learnt from.
"""

import csv
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.finetune.augment.values import Bools, Training
from thymos.finetune.publish import publish
from thymos.finetune.recipe import Recipe, load_recipe
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.tune import tune
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import RowError

_DEV = 5  # one real row in so many
_BETWEEN = "\x1f"  # stands between labels of a cell; in no label's name


class RecipeClassifier:
    """Tunes and labels."""

    def __init__(self, recipe: str, taxonomy: str, work: Path) -> None:
        """Read the recipe.

        Args:
            recipe: name or YAML file; its corpora are replaced.
            taxonomy: label set, by name or as a YAML file.
            work: folder to train in; what lies there is thrown away for each training set.

        Raises:
            InputError: it is no recipe.
        """
        self._recipe = load_recipe(recipe)
        self._given = taxonomy
        self._taxonomy = load_taxonomy(taxonomy)
        self._work = work
        self.name = f"recipe:{self._recipe.name}"
        self.fingerprint = hashlib.sha256(self._recipe.model_dump_json().encode()).hexdigest()

    def label(self, training: Training, texts: Sequence[str], seed: int) -> tuple[Bools, dict[str, float]]:
        """Tune on a training set and label texts; see `Classifier`."""
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        try:
            adapter = self._tuned(training, seed)
            labeler = Labeler.from_pretrained(self._recipe.model, taxonomy=self._given, adapter=str(adapter))
            answers = labeler.label_batch([Sample(str(place), text) for place, text in enumerate(texts)])
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
        found = np.zeros((len(texts), len(self._taxonomy)), dtype=np.bool_)
        for number, answer in enumerate(answers):
            if not isinstance(answer, RowError):
                found[number, [self._taxonomy.index(name) for name in answer.labels]] = True
        return found, {}

    def _tuned(self, training: Training, seed: int) -> Path:
        """Train on files of a training set and return the adapter."""
        order = np.random.default_rng(seed).permutation(len(training.real))
        dev = {int(place) for place in order[: max(1, len(order) // _DEV)]}
        self._write("dev.csv", [(training.real[place].text, training.real[place].labels) for place in sorted(dev)])
        rows = [(row.text, row.labels) for place, row in enumerate(training.real) if place not in dev]
        for added in training.added:
            if added.parent not in dev:
                rows += [(added.text, added.labels)] * added.times
        self._write("train.csv", rows)
        corpus = CorpusRecipe(
            name="draw",
            train=Path("train.csv"),
            dev=Path("dev.csv"),
            taxonomy=self._given,
            label_column="label",
            label_separator=_BETWEEN,
            licence="of its corpora",
            source="a draw of an augmentation experiment",
        )
        told = self._recipe.model_dump() | {"corpora": (corpus,)}
        told["train"] |= {"seed": seed}
        recipe = Recipe.model_validate(told)
        return publish(tune(recipe, self._work, self._work / "run"), recipe, self._work / "run")

    def _write(self, name: str, rows: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        with (self._work / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *((text, _BETWEEN.join(names)) for text, names in rows)])
