"""`Prediction`: what Thymos says about one sample. A value, with nothing to compute.

The columns of an output file are these fields, in this order; a test binds the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from thymos.adapters.sample import Sample
from thymos.prompts.errors import RowError
from thymos.prompts.taxonomy import Taxonomy


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
        label_set: labels that together hold the gold ones with the wished coverage; None where none was wished.
    """

    id: str
    labels: tuple[str, ...]
    probabilities: Mapping[str, float]
    entropy: float
    margin: float
    abstained: bool
    label_set: tuple[str, ...] | None = None


class BatchLabeler(Protocol):
    """What a run needs of a labeler; `thymos.agent.labeler.Labeler` is one."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The label set in use."""
        ...

    def identity(self) -> Mapping[str, object]:
        """Return what makes its answers its answers, as JSON values: weights, prompt, taxonomy, options."""
        ...

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order; a row that cannot be labelled gives its error.

        Equal batches give equal answers, bit by bit, on one machine.
        """
        ...
