"""One number that makes probabilities mean what they say (Guo et al. 2017, arXiv:1706.04599).

Takes label log-probabilities and gold labels; gives the temperature. What is asked of a probability here is that the
likeliest label is among the gold labels as often as its probability says, since that is what a user reads it as; a row
with two gold labels is right with either. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.float64]
_FROM, _TO = 0.2, 5.0


def calibrated(log_probabilities: Floats, temperature: float) -> Floats:
    """Return log-probabilities at a temperature, normalised, (rows, labels)."""
    scaled: Floats = log_softmax(log_probabilities / temperature, axis=1)
    return scaled


def best_temperature(log_probabilities: Floats, gold: NDArray[np.bool_], *, most: float = _TO) -> float:
    """Return the temperature of the least cross entropy between "the likeliest label is gold" and its probability.

    Args:
        log_probabilities: (rows, labels), natural logarithms.
        gold: whether a row has a label, (rows, labels).
        most: highest temperature that is tried.
    """
    right = gold[np.arange(len(gold)), log_probabilities.argmax(axis=1)]

    def loss(logarithm: float) -> float:
        top = calibrated(log_probabilities, float(np.exp(logarithm))).max(axis=1)
        wrong = np.log(np.maximum(-np.expm1(top), 1e-12))
        return float(-np.where(right, top, wrong).mean())

    found = minimize_scalar(loss, bounds=(np.log(_FROM), np.log(most)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))
