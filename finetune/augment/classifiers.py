"""Classifiers that learn in seconds: words or sentence embeddings, under a logistic regression.

Takes training sets; gives label sets of texts. Regularisation, the weight of added rows and, for multi-label sets, the
threshold are chosen by cross-validation within the training draw: real rows are held out in turn, and what was made of
a row is held out with it. The test set is only ever labelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thymos.finetune.augment.regression import Matrix, one_by_one, softmax
from thymos.finetune.augment.values import Bools, Floats, Row, Training
from thymos.prompts.taxonomy import Kind, Taxonomy

_STRENGTHS = (1.0, 10.0, 100.0)  # C: the inverse of regularisation
_WEIGHTS = (1.0, 0.3, 0.1)  # of an added row beside a real one; the first is tried with every strength
_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5)
_FOLDS = 3
_MANY = 5000  # real rows from which one fold tells enough
_RARE = 2  # texts that a word must be in, where there are many


class Features(Protocol):
    """What turns texts into numbers, learnt from training texts alone."""

    def __call__(self, training: Sequence[str], others: Sequence[str]) -> tuple[Matrix, Matrix]:
        """Return features of training texts and of others, (texts, features) each."""
        ...


class Embeds(Protocol):
    """What makes vectors, as `thymos.retrieval.embedder.Embedder` does."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, (texts, dim)."""
        ...


def tfidf(training: Sequence[str], others: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Weigh words and pairs of words by how rare they are in the training texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    least = _RARE if len(training) > _MANY else 1
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", min_df=least)
    return vectorizer.fit_transform(training), vectorizer.transform(others)


class Embedded:
    """Sentence embeddings; a text is embedded once however often it comes."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, training: Sequence[str], others: Sequence[str]) -> tuple[Matrix, Matrix]:
        """Embed both."""
        new = [text for text in dict.fromkeys((*training, *others)) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        first, second = (np.stack([self._known[text] for text in texts]) for texts in (training, others))
        return first, second


@dataclass(frozen=True, slots=True)
class _Choice:
    strength: float
    weight: float
    threshold: float


class Regression:
    """Logistic regression over features: one softmax for single-label sets, one yes or no a label for multi-label."""

    def __init__(self, name: str, features: Features, taxonomy: Taxonomy) -> None:
        """Keep what it is made of.

        Args:
            name: for tables and files.
            features: of texts.
            taxonomy: label set.
        """
        self.name = name
        self._features = features
        self._labels = taxonomy.names
        self._multi = taxonomy.kind is Kind.MULTI

    def label(self, training: Training, texts: Sequence[str], seed: int) -> tuple[Bools, dict[str, float]]:
        """Choose hyperparameters within the training set, learn from all of it, and label the texts."""
        choice = self._choose(training, seed)
        found = self._fitted(training, range(len(training.real)), texts, choice)
        chosen = {"strength": choice.strength}
        if training.added:
            chosen["weight"] = choice.weight
        if self._multi:
            chosen["threshold"] = choice.threshold
        return self._decided(found, choice.threshold), chosen

    def _choose(self, training: Training, seed: int) -> _Choice:
        """Find the strength first, then the weight of added rows: the best of each grid, with its best threshold."""
        if len(training.real) < 2 * _FOLDS:  # nothing to hold out
            return _Choice(_STRENGTHS[1], 1.0, _THRESHOLDS[-1])
        folds = folds_of(training.real, self._labels, seed)
        tried = [self._validated(training, folds, strength, 1.0) for strength in _STRENGTHS]
        best = max(tried, key=lambda each: each[0])  # the first of equals
        if training.added:
            lighter = [self._validated(training, folds, best[1].strength, weight) for weight in _WEIGHTS[1:]]
            best = max([best, *lighter], key=lambda each: each[0])
        return best[1]

    def _validated(
        self, training: Training, folds: Sequence[Sequence[int]], strength: float, weight: float
    ) -> tuple[float, _Choice]:
        """Return the best macro F1 over the folds, by threshold, and the choice that gave it."""
        held = [self._held(training, fold, _Choice(strength, weight, 0.0)) for fold in folds]
        gold = [self._matrix([training.real[place].labels for place in fold]) for fold in folds]

        def right(threshold: float) -> float:
            pairs = zip(gold, held, strict=True)
            return float(np.mean([macro_f1(truth, self._decided(p, threshold)) for truth, p in pairs]))

        thresholds = _THRESHOLDS if self._multi else _THRESHOLDS[-1:]
        threshold = max(thresholds, key=right)
        return right(threshold), _Choice(strength, weight, threshold)

    def _held(self, training: Training, fold: Sequence[int], choice: _Choice) -> Floats:
        """Return probabilities of the held-out rows."""
        held = set(fold)
        kept = [place for place in range(len(training.real)) if place not in held]
        return self._fitted(training, kept, [training.real[place].text for place in fold], choice)

    def _fitted(self, training: Training, kept: Sequence[int], texts: Sequence[str], choice: _Choice) -> Floats:
        """Learn from some real rows and what belongs to them; return probabilities of texts, (texts, labels)."""
        there = set(kept)
        added = [each for each in training.added if each.parent is None or each.parent in there]
        real = [training.real[place] for place in kept]
        x, others = self._features([row.text for row in real] + [each.text for each in added], texts)
        y = self._matrix([row.labels for row in real] + [each.labels for each in added])
        weight = np.array([1.0] * len(real) + [choice.weight * each.times for each in added])
        fitted = one_by_one if self._multi else softmax
        return fitted(x, y, weight, choice.strength, others)

    def _decided(self, p: Floats, threshold: float) -> Bools:
        """Return label sets: the likeliest, and in multi-label sets all that reach the threshold beside it."""
        likeliest = np.zeros(p.shape, dtype=np.bool_)
        likeliest[np.arange(len(p)), p.argmax(axis=1)] = True
        return likeliest | (p >= threshold) if self._multi else likeliest

    def _matrix(self, rows: Sequence[Sequence[str]]) -> Bools:
        place = {name: number for number, name in enumerate(self._labels)}
        found = np.zeros((len(rows), len(self._labels)), dtype=np.bool_)
        for number, names in enumerate(rows):
            found[number, [place[name] for name in names]] = True
        return found


def folds_of(rows: Sequence[Row], labels: Sequence[str], seed: int) -> list[list[int]]:
    """Deal the rows of each label (their rarest) in turn to the folds, by chance.

    Returns:
        Places of the rows of each fold; empty folds are left out, and of many rows one fold is enough.
    """
    support = {name: sum(name in row.labels for row in rows) for name in labels}
    chance = np.random.default_rng(seed)
    by_label: dict[str, list[int]] = {name: [] for name in labels}
    for place, row in enumerate(rows):
        by_label[min(row.labels, key=lambda each: (support[each], each))].append(place)
    folds: list[list[int]] = [[] for _ in range(_FOLDS)]
    turn = 0
    for name in labels:
        for place in chance.permutation(by_label[name]):
            folds[turn % _FOLDS].append(int(place))
            turn += 1
    return [sorted(fold) for fold in folds if fold][: 1 if len(rows) > _MANY else _FOLDS]


def macro_f1(gold: Bools, guess: Bools) -> float:
    """Return F1 averaged over labels; a label that is neither there nor guessed counts 0, as in `metrics.score`."""
    below = gold.sum(0) + guess.sum(0)
    return float(np.divide(2 * (gold & guess).sum(0), below, out=np.zeros(len(below)), where=below > 0).mean())
