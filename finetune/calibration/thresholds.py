"""Thresholds of a multi-label set, one a label, that give the best F1 on a dev split.

Takes probabilities and gold labels as arrays; gives thresholds. Macro F1 is a mean over labels, so each label's
threshold can be found alone (Lipton, Elkan and Naryanaswamy 2014, arXiv:1402.1892), here under the rule that the
likeliest label of a row is chosen whatever its threshold. `expected_thresholds` are for use, since they depend less on
single rows; `best_thresholds` say what the rows at hand allow at most. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_TINY = 1e-9
_CERTAIN = 2.0  # above every probability: what is chosen in any case


def best_thresholds(probabilities: Floats, gold: Bools) -> Floats:
    """Return each label's threshold of best F1.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels).

    Returns:
        (labels,), in [0, 1]; 1 for a label without gold rows, which is then never chosen but as the likeliest.
    """
    top = probabilities == probabilities.max(axis=1, keepdims=True)
    probabilities = np.where(top, _CERTAIN, probabilities)
    return np.minimum(_best(probabilities, gold), 1.0)


def expected_thresholds(probabilities: Floats, gold: Bools) -> Floats:
    """Return each label's threshold of best expected F1, under chances fitted by logistic regression.

    Counting hits among a few dozen gold rows is noisy; a chance of being gold that rises with the probability (Platt
    1999) smooths them. The expected F1 of choosing a set of rows is twice the sum of their chances, over their number
    and the sum of all chances.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels).

    Returns:
        (labels,), in [0, 1]; 1 for a label without gold rows, which is then never chosen but as the likeliest.
    """
    found = np.ones(gold.shape[1])
    for label, (p, column) in enumerate(zip(probabilities.T, gold.T, strict=True)):
        if column.all():
            found[label] = 0.0
        elif column.any():
            found[label] = _expected(p, column)
    return found


def choose(probabilities: Floats, thresholds: Floats) -> Bools:
    """Return the labels at their threshold or above, and the likeliest, (rows, labels)."""
    chosen = probabilities >= thresholds
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen


def macro_f1(chosen: Bools, gold: Bools) -> float:
    """Return the mean over labels of F1; 0 for a label that is neither chosen nor gold."""
    hits, size = (chosen & gold).sum(0), chosen.sum(0) + gold.sum(0)
    return float(np.divide(2 * hits, size, out=np.zeros(len(hits)), where=size > 0).mean())


def _expected(p: Floats, gold: Bools) -> float:
    from sklearn.linear_model import LogisticRegression

    logits = np.log(np.maximum(p, _TINY)) - np.log(np.maximum(1 - p, _TINY))
    platt = LogisticRegression(C=1e3).fit(logits[:, None], gold)
    if platt.coef_[0, 0] <= 0:
        return 1.0  # probabilities say nothing of this label, and every row would be chosen
    order = np.argsort(-p, kind="stable")
    chances = platt.predict_proba(logits[order, None])[:, 1]
    f1 = 2 * chances.cumsum() / (np.arange(1, len(p) + 1) + chances.sum())
    below = np.append(p[order][1:], 0.0)
    f1[p[order] == below] = -1  # equal probabilities are chosen together
    at = int(f1.argmax())
    return float((p[order][at] + below[at]) / 2)


def _best(probabilities: Floats, gold: Bools) -> Floats:
    order = np.argsort(-probabilities, axis=0, kind="stable")
    sorted_p = np.take_along_axis(probabilities, order, axis=0)
    hits = np.take_along_axis(gold, order, axis=0).cumsum(axis=0)  # (rows, labels), of the first 1, 2, ... rows
    chosen = np.arange(1, len(gold) + 1)[:, None]
    f1 = 2 * hits / (chosen + gold.sum(0))
    below = np.vstack([sorted_p[1:], np.zeros(sorted_p.shape[1])])
    f1[sorted_p == below] = -1  # equal probabilities are chosen together
    at = f1.argmax(axis=0)[None]
    middle = (np.take_along_axis(sorted_p, at, 0) + np.take_along_axis(below, at, 0))[0] / 2
    return np.where(gold.any(axis=0), middle, 1.0)
