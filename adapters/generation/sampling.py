"""Choosing the next token from logits.

Takes logits of one position; gives a token. One draw a token from the request's own generator, so that a seed gives the
same text whatever else the model writes meanwhile. Knows nothing of models.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from thymos.adapters.generation.products import Floats
from thymos.adapters.generation.values import Sampling


class Sampler:
    """Chooses the tokens of one request."""

    def __init__(self, sampling: Sampling) -> None:
        """Start the request's draws.

        Args:
            sampling: how to choose.
        """
        self._how = sampling
        self._chance = np.random.default_rng(sampling.seed)

    def __call__(self, logits: Floats) -> int:
        """Choose.

        Args:
            logits: (vocabulary).
        """
        if self._how.temperature == 0:
            return int(logits.argmax())
        weights = probabilities(logits, self._how)
        sums = np.cumsum(weights, dtype=np.float64)
        drawn = int(np.searchsorted(sums, self._chance.random() * sums[-1], side="right"))
        return min(drawn, len(sums) - 1)  # where the product is rounded up


def guided(logits: Floats, guidance: float) -> Floats:
    """Return logits that are led away from another prompt's, as `Request.guidance` says.

    Args:
        logits: (2, vocabulary), after the prompt and after the one that is to be followed less.
        guidance: 1 gives the first.
    """
    told: Floats = log_softmax(logits, axis=1)
    led: Floats = told[1] + np.float32(guidance) * (told[0] - told[1])
    return led


def probabilities(logits: Floats, how: Sampling) -> NDArray[np.float32]:
    """Return the probabilities from which a token is drawn, zero for those left out; they sum to 1 at most.

    Args:
        logits: (vocabulary).
        how: with a temperature above 0.
    """
    weights: NDArray[np.float32] = np.exp(
        (logits - logits.max()) * np.float32(1 / how.temperature)
    )  # the likeliest has 1
    least = np.float32(how.min_p)
    weights /= weights.sum()
    if how.top_p < 1:
        ranked = np.sort(weights)[::-1]
        enough = int(np.searchsorted(np.cumsum(ranked, dtype=np.float64), how.top_p))
        weights[weights < ranked[min(enough, len(ranked) - 1)]] = 0
    if least > 0:
        weights[weights < least * weights.max()] = 0
    return weights
