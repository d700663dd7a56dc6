"""What the quality benchmarks share: a recipe's rows with its leaks dropped, and a figure of the test split.

Thresholds come from dev; the test split is read once, through the same `decide` and `evaluate` as `thymos eval`.
"""

from argparse import Namespace
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.agent.cli.eval_inputs import excluded_ids
from thymos.agent.decide import Rule, decide
from thymos.finetune.calibration.neutral import best_neutral
from thymos.finetune.calibration.thresholds import choose, expected_thresholds, macro_f1
from thymos.finetune.evaluate import Scores, evaluate
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpus
from thymos.finetune.recipe import Recipe
from thymos.finetune.training.dev import gold_matrix
from thymos.prompts.taxonomy import Kind


@dataclass(frozen=True, slots=True)
class Splits:
    """The rows of a recipe's first corpus.

    Attributes:
        corpus: train and dev.
        test: rows with text and gold labels.
        train_gold: (rows, labels).
        dev_gold: likewise.
        counted: places of the labels that figures are over.
        options: of the command line: `ignore` and `exclude`.
    """

    corpus: TrainingCorpus
    test: list[Sample]
    train_gold: Any
    dev_gold: Any
    counted: list[int]
    options: Namespace

    def thresholds(self, dev: Any) -> Any:
        """Return thresholds that suit probabilities of dev, (rows, labels); None where a row has one label."""
        return expected_thresholds(dev, self.dev_gold) if self.corpus.taxonomy.kind is Kind.MULTI else None

    def dev_figure(self, dev: Any) -> float:
        """Return the macro F1 of dev."""
        found = self.thresholds(dev)
        chosen = choose(dev, np.full(dev.shape[1], 2.0) if found is None else found)
        return macro_f1(chosen[:, self.counted], self.dev_gold[:, self.counted])

    def rules(self, dev: Any) -> dict[str, Rule]:
        """Return how labels are chosen, by name: what there is to fit is fitted to probabilities of dev."""
        found = self.thresholds(dev)
        if found is not None:
            return {"thresholds fitted on dev": Rule(threshold=tuple(found))}
        neutral, rules = self.corpus.taxonomy.neutral, {"likeliest label": Rule()}
        if neutral is not None:
            least = best_neutral(dev, self.dev_gold, self.corpus.taxonomy.names.index(neutral))
            rules[f"neutral from {least:.2f}, fitted on dev"] = Rule(neutral_from=least)
        return rules

    def lines(self, dev: Any, test: Any) -> str:
        """Return the figures of dev and test, each way to choose a line, for probabilities of both, (rows, labels)."""
        exclude = excluded_ids(self.options.exclude) if self.options.exclude else ()
        lines = []
        for name, rule in self.rules(dev).items():
            told = []
            for rows, probabilities, left_out in ((self.corpus.dev, dev, ()), (self.test, test, exclude)):
                scores = self.scores(rows, probabilities, rule, left_out)
                told.append(
                    f"({scores.n} rows) accuracy {scores.accuracy:.4f}, macro F1 {scores.macro_f1:.4f}, "
                    f"micro {scores.micro_f1:.4f}, weighted {scores.weighted_f1:.4f}"
                )
            lines.append(f"  {name}: dev {told[0]}; test {told[1]}")
        return "\n".join(lines)

    def scores(self, rows: Sequence[Sample], probabilities: Any, rule: Rule, exclude: Collection[str]) -> Scores:
        """Return the figures of rows for their probabilities, (rows, labels)."""
        taxonomy, logs = self.corpus.taxonomy, np.log(np.clip(probabilities, 1e-12, 1))
        predictions = decide([row.id for row in rows], logs, taxonomy, rule)
        return evaluate(predictions, rows, taxonomy, ignore=self.options.ignore, exclude=exclude)


def add_options(parser: Any) -> None:
    """Add what `splits` reads to a command line."""
    parser.add_argument("recipe")
    parser.add_argument("--data", type=Path, required=True, help="folder that the recipe's paths are relative to")
    parser.add_argument("--ignore", nargs="*", default=(), help="labels that figures are not over")
    parser.add_argument("--exclude", type=Path, help="table of test ids to leave out")


def splits(recipe: Recipe, options: Namespace) -> Splits:
    """Read the rows of a recipe's first corpus."""
    told = recipe.corpora[0]
    corpus = load_corpus(told, options.data)
    held_out = open_corpus(str(options.data / told.held_out[0]), format=told.format, context_turns=told.context_turns)
    test = [row for row in held_out if not isinstance(row, BadRow) and row.gold and (row.text or "").strip()]
    train_gold, dev_gold = (
        gold_matrix([row.gold or () for row in rows], corpus.taxonomy) for rows in (corpus.train, corpus.dev)
    )
    counted = [place for place, name in enumerate(corpus.taxonomy.names) if name not in options.ignore]
    return Splits(corpus, test, train_gold, dev_gold, counted, options)
