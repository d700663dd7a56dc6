"""Logistic regression with weighted rows: softmax over labels, or one yes or no a label, all labels at once.

Takes features and labels; gives probabilities. The second has the optimum of scikit-learn's regression label by label,
and finds it for 28 labels in about the time of one, since each pass over the rows serves all.
"""

import warnings
from typing import Any

import numpy as np

from thymos.finetune.augment.values import Bools, Floats

Matrix = Any  # a dense array or a scipy matrix, (texts, features)

_ROUNDS = 300  # of a solver
_FEWER = 100  # of that for all labels, whose rounds are long; a search that is cut short regularises by itself
_CLOSE = 1e-4  # largest slope of the mean loss at which the search ends
_KEPT = 5  # steps that L-BFGS remembers


def softmax(x: Matrix, y: Bools, weight: Floats, strength: float, others: Matrix) -> Floats:
    """Learn one label a row, and label others.

    Args:
        x: features, (rows, features).
        y: labels, (rows, labels), one a row.
        weight: of each row.
        strength: C, the inverse of regularisation.
        others: features, (texts, features).

    Returns:
        Probabilities, (texts, labels); 0 for a label that no row has.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    target = y.argmax(axis=1)
    found = np.zeros((others.shape[0], y.shape[1]))
    if len(classes := np.unique(target)) == 1:
        found[:, classes[0]] = 1
        return found
    model = LogisticRegression(C=strength, max_iter=_ROUNDS, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a solution that is nearly the best is one of the grid too
        model.fit(x, target, sample_weight=weight)
    found[:, model.classes_] = model.predict_proba(others)
    return found


def one_by_one(x: Matrix, y: Bools, weight: Floats, strength: float, others: Matrix) -> Floats:
    """Learn for each label whether a row has it, and label others; see `softmax`."""
    from scipy.optimize import minimize
    from scipy.special import expit

    rows, labels = y.shape
    features = x.shape[1]
    scale = 1 / (strength * weight.sum())
    share = weight[:, None] / weight.sum()  # (rows, 1)
    gold = y.astype(np.float64)

    def loss(flat: Floats) -> tuple[float, Floats]:
        """Return the mean loss with its penalty, and its slope; the last row of weights is the intercept."""
        weights = flat.reshape(features + 1, labels)
        z = x @ weights[:-1] + weights[-1]  # (rows, labels)
        value = float((share * (np.logaddexp(0, z) - gold * z)).sum() + 0.5 * scale * (weights[:-1] ** 2).sum())
        slope = share * (expit(z) - gold)
        return value, np.concatenate([x.T @ slope + scale * weights[:-1], slope.sum(axis=0)[None]]).ravel()

    has = (share * gold).sum(axis=0).clip(0.5 / rows, 1 - 0.5 / rows)
    start = np.zeros((features + 1, labels))
    start[-1] = np.log(has / (1 - has))
    options = {"maxiter": _FEWER, "gtol": _CLOSE, "maxcor": _KEPT, "ftol": 0}
    weights = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(start.shape)
    return np.asarray(expit(others @ weights[:-1] + weights[-1]))
