"""What the votes of labelled examples count beside a model's distribution: one number, fitted on a dev split.

Takes label log-probabilities, log-shares of the votes and gold labels; gives the weight, 0 where votes do not help.
Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from thymos.finetune.calibration.temperature import calibrated
from thymos.retrieval.votes import pool

Floats = NDArray[np.float64]
_WEIGHTS = np.round(np.arange(0.0, 2.05, 0.05), 2)
_LARGE = np.round(np.geomspace(2.2, 32.0, 24), 2)
_COLDEST, _HOTTEST = -1.6, 1.6  # logarithms of the temperatures that are tried
_HOTTEST_LARGE = 3.6  # likewise, where a vote may count ten times and sharpen tenfold
_WORTH = 0.002  # nats a row: a smaller gain on dev may be chance, and votes are not free to explain


def best_weight(
    log_probabilities: Floats, log_shares: Floats, gold: NDArray[np.bool_], *, large: bool = False
) -> float:
    """Return the weight of the least cross entropy against equal shares of the gold labels.

    At every weight the temperature is the best one, since multiplying distributions sharpens them.

    Args:
        log_probabilities: of the model, (rows, labels), natural logarithms.
        log_shares: of the votes, likewise.
        gold: whether a row has a label, (rows, labels).
        large: whether the votes may know more than the model: weights up to 32 are tried, else up to 2.
    """
    weights = np.concatenate([_WEIGHTS, _LARGE]) if large else _WEIGHTS
    bounds = _COLDEST, _HOTTEST_LARGE if large else _HOTTEST
    shares = gold / gold.sum(axis=1, keepdims=True)

    def loss(weight: float) -> float:
        pooled = pool(log_probabilities, log_shares, weight)

        def at(logarithm: float) -> float:
            return float(-(shares * calibrated(pooled, float(np.exp(logarithm)))).sum(axis=1).mean())

        return float(minimize_scalar(at, bounds=bounds, method="bounded", options={"xatol": 1e-2}).fun)

    losses = [loss(float(weight)) for weight in weights]
    best = int(np.argmin(losses))
    return float(weights[best]) if losses[0] - losses[best] >= _WORTH else 0.0
