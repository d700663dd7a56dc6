"""The recipe of the face network: numbers, and what they make of a step.

Values with a little arithmetic; no tensors.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

EPOCHS = 70.0


@dataclass(frozen=True, slots=True)
class FaceRecipe:
    """How the network is trained.

    Attributes:
        epochs: views of each face, about.
        seed: of weights, order and augmentation.
        batch: faces per step.
        rate: learning rate of SGD with Nesterov's momentum: warm-up, plateau, linear decline to zero (Hägele et al.
            2024, arXiv:2405.18392), so that the length can be settled on the plateau.
        warm: epochs of warm-up.
        decline: part of the run that the decline takes.
        momentum: of SGD.
        decay: weight decay of convolutions and heads.
        smooth: label smoothing of FER2013's labels (Szegedy et al. 2016, arXiv:1512.00567).
        keep: of the moving average of the weights, per step.
        small: epochs with views of `sides[0]` pixels, which are cheap (Tan and Le 2021, arXiv:2104.00298).
        sides: of a view: at first, then, and in the second half of the decline.
    """

    epochs: float = EPOCHS
    seed: int = 0
    batch: int = 128
    rate: float = 0.1
    warm: float = 1.5
    decline: float = 0.4
    momentum: float = 0.9
    decay: float = 5e-4
    smooth: float = 0.1
    keep: float = 0.998
    small: float = 36.0
    sides: tuple[int, int, int] = (32, 40, 44)

    def steps(self, rows: int) -> int:
        """Return how many steps a run over so many rows has."""
        return max(1, round(self.epochs * rows / self.batch))

    def side(self, epoch: float) -> int:
        """Return the side of a view after so many epochs."""
        if epoch < min(self.small, self.epochs * (1 - self.decline)):
            return self.sides[0]
        return self.sides[1 if epoch < self.epochs * (1 - self.decline / 2) else 2]

    def rate_at(self, epoch: float) -> float:
        """Return the learning rate after so many epochs."""
        left = (self.epochs - epoch) / (self.epochs * self.decline)
        return self.rate * max(0.0, min(1.0, (epoch + 0.1) / self.warm, left))

    def fingerprint(self, data: str) -> str:
        """Return a hash over the recipe and the fingerprint of the data."""
        return hashlib.sha256(json.dumps([asdict(self), data], sort_keys=True).encode()).hexdigest()
