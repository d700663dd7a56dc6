"""`Prediction`: what Thymos says about one sample. A value, with nothing to compute.

The columns of an output file are these fields, in this order; a test binds the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """Label distribution and decision for one sample.

    Attributes:
        id: the sample's id.
        labels: the decision: one label (single), a set (multi), or empty when abstained.
        probabilities: label -> probability in taxonomy order; sums to 1.
        entropy: of the distribution, in nats.
        margin: difference between the two largest probabilities.
        abstained: True when the row should go to a person.
    """

    id: str
    labels: tuple[str, ...]
    probabilities: Mapping[str, float]
    entropy: float
    margin: float
    abstained: bool
