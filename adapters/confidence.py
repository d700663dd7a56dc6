"""`Confidence`: what was learnt on a dev split about how far a model's probabilities can be trusted. Values only.

Fitted by `thymos.finetune.calibration`, stored with an adapter, used by whoever decides. One for each taxonomy that an
adapter was calibrated for; it holds for the very label words and prompt that it was fitted with.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from thymos.prompts.errors import InputError, ModelError
from thymos.prompts.taxonomy import Taxonomy

GRID = tuple(round(hundredth / 100, 2) for hundredth in range(50, 100))  # coverages and accuracies that are stored


@dataclass(frozen=True, slots=True)
class Confidence:
    """Calibration of one adapter for one taxonomy.

    Attributes:
        taxonomy: its name.
        labels: label names in order.
        words: their verbalisers, in the same order.
        temperature: logarithms of probabilities are divided by it and normalised again (Guo et al. 2017).
        thresholds: of each label of a multi-label set, on calibrated probabilities; None for a single-label set.
        set_thresholds: for each coverage of `GRID`, the probability from which a label belongs to the set.
        answer_thresholds: for each accuracy of `GRID`, the least top probability at which rows are answered so that
            this share of the answers is right; None where no row of the dev split is that sure.
        rows: of the dev split.
        neutral_from: single-label sets with a neutral label: probability of it below which another label is better
            chosen, if the others are what counts; None where it was not fitted.
        label_weights: single-label sets: what the probability of each label is multiplied by before the likeliest is
            chosen, if each label counts alike; None where it was not fitted.
    """

    taxonomy: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    temperature: float
    thresholds: tuple[float, ...] | None
    set_thresholds: tuple[float, ...]
    answer_thresholds: tuple[float | None, ...]
    rows: int
    neutral_from: float | None = None
    label_weights: tuple[float, ...] | None = None

    def fits(self, taxonomy: Taxonomy) -> bool:
        """Say whether a taxonomy is the one that this was fitted for, label by label and word by word."""
        return self.labels == taxonomy.names and self.words == taxonomy.words

    def set_threshold(self, coverage: float) -> float:
        """Return the probability from which a label belongs to the set of a coverage.

        Raises:
            InputError: the coverage is not one of the stored hundredths.
        """
        return self.set_thresholds[_place("coverage", coverage)]

    def answer_threshold(self, accuracy: float) -> float:
        """Return the top probability below which a row is left to a person, for a wished accuracy of the answers.

        Raises:
            InputError: the accuracy is not one of the stored hundredths, or out of the model's reach.
        """
        found = self.answer_thresholds[_place("accuracy", accuracy)]
        if found is None:
            reached = [wished for wished, at in zip(GRID, self.answer_thresholds, strict=True) if at is not None]
            best = f"at most {reached[-1]:.2f}" if reached else "lower"
            raise InputError(
                f"accuracy must be one that the model reaches on {self.taxonomy}, got {accuracy}; on its dev split "
                f"it is {best} however few rows are answered"
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read plain values.

        Raises:
            ModelError: they are not those of a `Confidence`.
        """
        try:
            lists: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
            found = cls(**lists)
        except TypeError as error:
            raise ModelError(
                f"calibration must have the fields of {cls.__name__}, got {error}; save it again"
            ) from error
        if found.label_weights is not None and not _are_weights(found.label_weights, len(found.labels)):
            raise ModelError(
                f"calibration must weigh its {len(found.labels)} labels by numbers above 0 and up to 1, got others; "
                "save it again"
            )
        if not len(found.set_thresholds) == len(found.answer_thresholds) == len(GRID):
            raise ModelError(f"calibration must hold {len(GRID)} coverages and accuracies, got others; save it again")
        return found

    def digest_text(self) -> str:
        """Return one text of it, for fingerprints."""
        return json.dumps(self.as_json(), sort_keys=True)


def _are_weights(values: Any, count: int) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(value, int | float) and 0 < value <= 1 for value in values)
    )


def _place(what: str, wished: float) -> int:
    """Return the place of a hundredth in `GRID`."""
    for place, value in enumerate(GRID):
        if abs(value - wished) < 1e-9:
            return place
    raise InputError(f"{what} must be a hundredth from {GRID[0]:.2f} to {GRID[-1]:.2f}, got {wished}; 0.9 is usual")
