"""Thresholds of a multi-label set, one a label, that give the best F1 on a dev split.

Takes probabilities and gold labels as arrays; gives thresholds. Macro F1 is a mean over labels, so each label's
threshold can be found alone (Lipton, Elkan and Naryanaswamy 2014, arXiv:1402.1892), here under the rule that the
likeliest label of a row is chosen whatever its threshold. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_CERTAIN = 2.0  # above every probability: what is chosen in any case


def best_thresholds(probabilities: Floats, gold: Bools, *, resamples: int = 0, seed: int = 0) -> Floats:
    """Return each label's threshold of best F1.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels).
        resamples: 0 takes the rows as they are; else the median over the best thresholds of so many bootstrap
            samples, which depends less on single rows where a label is rare.
        seed: of the resamples.

    Returns:
        (labels,), in [0, 1]; 1 for a label without gold rows, which is then never chosen but as the likeliest.
    """
    top = probabilities == probabilities.max(axis=1, keepdims=True)
    probabilities = np.where(top, _CERTAIN, probabilities)
    if not resamples:
        return np.minimum(_best(probabilities, gold), 1.0)
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        rows = chance.integers(0, len(gold), len(gold))
        found.append(_best(probabilities[rows], gold[rows]))
    return np.minimum(np.median(found, axis=0), 1.0)


def choose(probabilities: Floats, thresholds: Floats) -> Bools:
    """Return the labels at their threshold or above, and the likeliest, (rows, labels)."""
    chosen = probabilities >= thresholds
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen


def macro_f1(chosen: Bools, gold: Bools) -> float:
    """Return the mean over labels of F1; 0 for a label that is neither chosen nor gold."""
    hits, size = (chosen & gold).sum(0), chosen.sum(0) + gold.sum(0)
    return float(np.divide(2 * hits, size, out=np.zeros(len(hits)), where=size > 0).mean())


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
