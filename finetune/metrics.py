"""Scores of predicted label sets against gold label sets, in plain numpy.

Takes label names row by row (and probabilities where there are any); gives a frozen `Scores`. Knows nothing
of files, joins or plots. Conventions are scikit-learn's with `labels=taxonomy.names` and `zero_division=0`:
a label that is neither gold nor predicted has F1 = 0 and counts in the macro average.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thymos.finetune.bootstrap import intervals
from thymos.finetune.calibration_error import Calibration, calibration, if_calibrated
from thymos.finetune.confusion import confusion
from thymos.finetune.scores import LabelScore, Scores
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Taxonomy

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def score(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    taxonomy: Taxonomy,
    *,
    probabilities: Floats | None = None,
    abstained: Sequence[bool] | None = None,
    ignore: Sequence[str] = (),
    bootstrap: int = 0,
    seed: int = 0,
) -> Scores:
    """Score predicted label sets against gold ones.

    Args:
        gold: gold label names of each row; exactly one if the taxonomy is single-label, any number if multi.
        predicted: predicted label names of each row; at most one if the taxonomy is single-label.
        taxonomy: label set and kind.
        probabilities: of each label in taxonomy order, shape (rows, labels); None leaves calibration out.
        abstained: whether each row was handed to a person, shape (rows,); None: rows with no predicted label.
        ignore: labels left out of macro, micro and weighted F1 (`no emotion` for DailyDialog).
        bootstrap: resamples for the intervals; 0 for none.
        seed: of the resamples, and of the draws behind the error of a perfectly calibrated model.

    Returns:
        The scores.

    Raises:
        InputError: there is no row, lengths differ, a label set does not fit the kind, or a probability is
            not in [0, 1].
        TaxonomyError: a label is not in the taxonomy.
    """
    _same_length(gold, predicted, probabilities, abstained, len(taxonomy))
    truth = _matrix("gold", gold, taxonomy)
    guess = _matrix("predicted", predicted, taxonomy)
    handed_over = np.asarray(~guess.any(axis=1) if abstained is None else abstained, dtype=np.bool_)
    guess &= ~handed_over[:, None]  # an abstained row has no label
    kept = _kept(taxonomy, ignore)
    exact = (truth == guess).all(axis=1) & ~handed_over
    rows = np.column_stack([truth & guess, guess, truth, exact, ~handed_over])  # (rows, 3 * labels + 2)

    def figures(sums: Floats) -> dict[str, Floats]:
        return _figures(sums, len(truth), kept)

    whole = {name: float(value) for name, value in figures(rows.sum(axis=0, dtype=np.float64)).items()}
    top = None if probabilities is None else probabilities.argmax(axis=1)
    return Scores(
        taxonomy=taxonomy,
        n=len(truth),
        n_abstained=int(handed_over.sum()),
        accuracy=whole["accuracy"],
        answered_accuracy=whole["answered_accuracy"] if not handed_over.all() else None,
        unweighted_accuracy=whole["unweighted_accuracy"],
        macro_f1=whole["macro_f1"],
        micro_f1=whole["micro_f1"],
        weighted_f1=whole["weighted_f1"],
        ignored=tuple(dict.fromkeys(ignore)),
        per_label=_per_label(taxonomy, truth, guess),
        confusion=confusion(taxonomy, truth, guess, top),
        calibration=None if probabilities is None else _top_label_calibration(probabilities, truth, seed),
        intervals=intervals(rows, figures, resamples=bootstrap, seed=seed),
        resamples=bootstrap,
        seed=seed,
    )


def _figures(sums: Floats, n: int, kept: Bools) -> dict[str, Floats]:
    """Turn summed counts (..., 3 * labels + 2) into the headline figures (...)."""
    hits, predicted, support = np.split(sums[..., :-2], 3, axis=-1)  # (..., labels) each
    exact, answered = sums[..., -2], sums[..., -1]
    f1 = _ratio(2 * hits, predicted + support)
    recall = _ratio(hits, support)
    there = (support > 0).sum(axis=-1)
    return {
        "accuracy": exact / n,
        "answered_accuracy": _ratio(exact, answered, empty=np.nan),
        "unweighted_accuracy": _ratio(recall.sum(axis=-1), there),
        "macro_f1": f1[..., kept].mean(axis=-1),
        "micro_f1": _ratio(2 * hits[..., kept].sum(-1), (predicted + support)[..., kept].sum(-1)),
        "weighted_f1": _ratio((f1 * support)[..., kept].sum(-1), support[..., kept].sum(-1)),
    }


def _ratio(above: Floats, below: Floats | NDArray[np.int_], empty: float = 0.0) -> Floats:
    """Divide, giving `empty` where there is nothing to divide by."""
    below = np.asarray(below, dtype=np.float64)
    return np.divide(above, below, out=np.full_like(below, empty), where=below > 0)


def _per_label(taxonomy: Taxonomy, truth: Bools, guess: Bools) -> tuple[LabelScore, ...]:
    """Precision, recall and F1 of each label; 0 where undefined."""
    hits, predicted, support = ((truth & guess).sum(0), guess.sum(0), truth.sum(0))  # (labels,) each
    precision, recall = _ratio(hits, predicted), _ratio(hits, support)
    f1 = _ratio(2 * hits, predicted + support)
    return tuple(
        LabelScore(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]), int(predicted[i]))
        for i, name in enumerate(taxonomy.names)
    )


def _top_label_calibration(probabilities: Floats, truth: Bools, seed: int) -> Calibration:
    """Calibrate the most probable label, which is right when it is in the gold set."""
    if not bool(np.all((probabilities >= 0) & (probabilities <= 1 + 1e-6))):  # softmax may round to just above 1
        raise InputError(
            "probabilities must be numbers in [0, 1], got "
            f"{probabilities[~((probabilities >= 0) & (probabilities <= 1 + 1e-6))][0]}; pass a distribution"
        )
    confidence = np.minimum(probabilities.max(axis=1), 1.0)
    right = np.take_along_axis(truth, probabilities.argmax(axis=1)[:, None], axis=1)[:, 0]
    found = calibration(confidence, right & (confidence > 0))  # all zero: there is no most probable label
    return replace(found, if_calibrated=if_calibrated(confidence, seed=seed))


def _kept(taxonomy: Taxonomy, ignore: Sequence[str]) -> Bools:
    """Mark the labels that the F1 averages are over."""
    kept = np.ones(len(taxonomy), dtype=np.bool_)
    kept[[taxonomy.index(name) for name in ignore]] = False
    if not kept.any():
        raise InputError(
            f"ignored labels must leave at least one of {', '.join(taxonomy.names)}, got all; ignore fewer"
        )
    return kept


def _matrix(what: str, rows: Sequence[Sequence[str]], taxonomy: Taxonomy) -> Bools:
    """Turn label names into a matrix (rows, labels)."""
    position = {name: i for i, name in enumerate(taxonomy.names)}
    matrix = np.zeros((len(rows), len(taxonomy)), dtype=np.bool_)
    for row, names in enumerate(rows):
        for name in names:
            matrix[row, position[name] if name in position else taxonomy.index(name)] = True
    if taxonomy.kind is Kind.SINGLE:
        count = matrix.sum(axis=1)
        wrong = np.flatnonzero((count > 1) | ((count == 0) & (what == "gold")))
        if len(wrong):
            raise InputError(
                f"{what} labels of a row must be one for the single-label taxonomy {taxonomy.name!r}, got "
                f"{list(rows[wrong[0]])!r} in row {wrong[0] + 1}; use a multi-label taxonomy or mend the row"
            )
    return matrix


def _same_length(
    gold: Sequence[object],
    predicted: Sequence[object],
    probabilities: Floats | None,
    abstained: Sequence[bool] | None,
    labels: int,
) -> None:
    """Refuse no rows, and inputs that are not about the same rows."""
    n = len(gold)
    if n == 0:
        raise InputError("rows to score must be at least one, got none; check that the ids agree")
    for what, length in (
        ("predicted", len(predicted)),
        ("abstained", n if abstained is None else len(abstained)),
    ):
        if length != n:
            raise InputError(f"{what} rows must be as many as gold rows, got {length} for {n}; align them first")
    if probabilities is not None and probabilities.shape != (n, labels):
        raise InputError(
            f"probabilities must be of shape {(n, labels)}, got {probabilities.shape}; "
            "pass a row for each sample and a column for each label"
        )
