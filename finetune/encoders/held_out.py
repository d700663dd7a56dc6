"""Leave one person out: what simple models reach for people they have not seen, and how it is scored.

Takes arrays, labels and whose each row is; gives probabilities and macro-F1, pooled over all rows and as a mean over
people. Only `stacked` chooses anything, inside the training people, by inner folds of people. Knows no corpus.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Model = Callable[[NDArray[np.intp], NDArray[np.intp]], Floats]  # rows to learn from, rows asked -> probabilities
_FOLDS = 4  # of people, inside the training people


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How good answers for unseen people are.

    Attributes:
        pooled: macro-F1 over all rows together.
        mean: of the people's own macro-F1; a class that a person has not counts as 0 only if it was answered.
        accuracy: over all rows.
    """

    pooled: float
    mean: float
    accuracy: float


def held_out_scores(gold: NDArray[np.int64], answers: NDArray[np.int64], people: NDArray[np.str_]) -> HeldOut:
    """Score answers, shape (rows,)."""
    from sklearn.metrics import f1_score

    own = [f1_score(gold[people == each], answers[people == each], average="macro") for each in np.unique(people)]
    return HeldOut(
        pooled=float(f1_score(gold, answers, average="macro")),
        mean=float(np.mean(own)),
        accuracy=float((gold == answers).mean()),
    )


def held_out(model: Model, people: NDArray[np.str_], classes: int) -> Floats:
    """Return probabilities for each person from a model of the others, shape (rows, classes)."""
    found = np.zeros((len(people), classes))
    for person in np.unique(people):
        asked = np.flatnonzero(people == person)
        found[asked] = model(np.flatnonzero(people != person), asked)
    return found


def own_scale(values: Floats, people: NDArray[np.str_]) -> Floats:
    """Return features as standard deviations from each person's mean over all of their rows, clipped to 5.

    No label is read, but the held-out person's other rows are, later ones too.
    """
    found = np.zeros_like(values)
    for person in np.unique(people):
        rows = values[people == person]
        found[people == person] = (rows - rows.mean(0)) / (rows.std(0) + 1e-9)
    return np.clip(found, -5.0, 5.0)


def linear(values: Floats, gold: NDArray[np.int64], strength: float) -> Model:
    """Return a logistic regression over standardised features, classes weighted alike."""

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        from sklearn.linear_model import LogisticRegression

        x, z = _standard(values, train, asked)
        fitted = LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(x, gold[train])
        return np.asarray(fitted.predict_proba(z))

    return model


def kernel(values: Floats, gold: NDArray[np.int64]) -> Model:
    """Return a support vector machine with a Gaussian kernel; its margins go through a softmax."""
    from sklearn.svm import SVC

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        x, z = _standard(values, train, asked)
        fitted = SVC(C=1.0, gamma=0.01, class_weight="balanced").fit(x, gold[train])
        margins = np.asarray(fitted.decision_function(z), dtype=np.float64)
        return _softmax(np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins)

    return model


def trees(values: Floats, gold: NDArray[np.int64], *, boosted: bool, seed: int = 0) -> Model:
    """Return gradient boosting, or a random forest, with fixed settings."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        fitted = (
            HistGradientBoostingClassifier(
                max_iter=80,
                learning_rate=0.06,
                max_leaf_nodes=12,
                max_bins=63,
                class_weight="balanced",
                random_state=seed,
            )
            if boosted
            else RandomForestClassifier(100, min_samples_leaf=2, class_weight="balanced", random_state=seed)
        )
        return np.asarray(fitted.fit(values[train], gold[train]).predict_proba(values[asked]))

    return model


def characters(columns: Sequence[Sequence[str]], gold: NDArray[np.int64], strength: float) -> Model:
    """Return a logistic regression over TF-IDF of one to three characters; no word boundaries are needed."""

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        parts: list[tuple[Any, Any]] = []
        for texts in columns:
            words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
            seen = words.fit_transform([texts[row] for row in train])
            parts.append((seen, words.transform([texts[row] for row in asked])))
        fitted = LogisticRegression(C=strength, class_weight="balanced", max_iter=500)
        fitted.fit(hstack([seen for seen, _ in parts]).tocsr(), gold[train])
        return np.asarray(fitted.predict_proba(hstack([new for _, new in parts]).tocsr()))

    return model


def stacked(models: Mapping[str, Model], gold: NDArray[np.int64], people: NDArray[np.str_], classes: int) -> Model:
    """Return a model that weighs several: a logistic regression over their log-probabilities.

    It is fitted on what each says of training people it has not seen (four inner folds of people).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        inner = np.zeros((len(train), len(models) * classes))
        for seen, new in GroupKFold(_FOLDS).split(train, groups=people[train]):
            inner[new] = said(train[seen], train[new])
        judge = LogisticRegression(C=0.1, class_weight="balanced", max_iter=500).fit(inner, gold[train])
        return np.asarray(judge.predict_proba(said(train, asked)))

    def said(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        return np.hstack([np.log(each(train, asked) + 1e-6) for each in models.values()])

    return model


def averaged(models: Mapping[str, Model]) -> Model:
    """Return a model that means the log-probabilities of several, all weighed alike."""

    def model(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        return _softmax(np.mean([np.log(each(train, asked) + 1e-6) for each in models.values()], axis=0))

    return model


def remembered(model: Model) -> Model:
    """Return a model that fits each fold once, however many mixes ask for it."""
    known: dict[tuple[bytes, bytes], Floats] = {}

    def again(train: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
        key = train.tobytes(), asked.tobytes()
        if key not in known:
            known[key] = model(train, asked)
        return known[key]

    return again


def told(name: str, model: Model, gold: NDArray[np.int64], people: NDArray[np.str_]) -> str:
    """Return a line with what a model reaches for people it has not seen."""
    scores = held_out_scores(gold, held_out(model, people, int(gold.max()) + 1).argmax(1), people)
    return (
        f"{name:64s} macro-F1 pooled {scores.pooled:.3f}, mean over people {scores.mean:.3f}, "
        f"accuracy {scores.accuracy:.3f}"
    )


def _standard(values: Floats, train: NDArray[np.intp], asked: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return rows in standard deviations of the training rows; what was not measured is their mean."""
    known = np.isfinite(values[train])
    count = np.maximum(known.sum(0), 1)
    middle = np.where(known, values[train], 0.0).sum(0) / count
    spread = np.sqrt(np.where(known, np.square(values[train] - middle), 0.0).sum(0) / count)
    x, z = (np.nan_to_num((values[rows] - middle) / np.where(spread > 1e-9, spread, 1.0)) for rows in (train, asked))
    return x, z


def _softmax(scores: Floats) -> Floats:
    found = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(found / found.sum(1, keepdims=True))
