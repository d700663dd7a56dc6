"""A moving average of weights, which generalises better than the last ones (Polyak and Juditsky 1992).

Takes parameters step by step; gives their average. Knows nothing of what they are.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average; early on it forgets faster, so that the first weights do not linger."""

    def __init__(self, decay: float, weights: Mapping[str, Tensor]) -> None:
        """Start from weights.

        Args:
            decay: share of the old average kept at each step.
            weights: by name; copied.
        """
        self._decay = decay
        self.weights = {name: weight.detach().clone() for name, weight in weights.items()}

    @torch.no_grad()
    def update(self, parameters: Mapping[str, nn.Parameter], step: int) -> None:
        """Take in the weights after a step, counted from 0."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, weight in self.weights.items():
            weight.lerp_(parameters[name], share)
