"""`MappedScorer`: predictions in another label set, by a map between the two.

Takes a scorer and the names of two built-in label sets; gives predictions in the second. The probability of labels
without a counterpart is shared out among those that have one, as the map says. Knows nothing of models.
"""

from collections.abc import Sequence

import numpy as np

from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.cues import Scorer
from thymos.prompts.catalogue import load_map
from thymos.prompts.errors import RowError


class MappedScorer:
    """Labels with one label set and answers in another."""

    def __init__(self, scorer: Scorer, source: str, target: str) -> None:
        """Load the map.

        Args:
            scorer: labels with `source`.
            source: built-in label set.
            target: built-in label set.

        Raises:
            TaxonomyError: there is no map.
        """
        self._scorer = scorer
        self._map = load_map(source, target)

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order. The decision is the likeliest label."""
        return [
            each if isinstance(each, RowError) else self._mapped(each) for each in self._scorer.label_batch(samples)
        ]

    def _mapped(self, prediction: Prediction) -> Prediction:
        told = self._map.probabilities(prediction.probabilities)
        names = self._map.target.names
        raw = np.array([told.get(name, 0.0) for name in names])
        shares = raw / raw.sum() if raw.sum() > 0 else np.full(len(names), 1 / len(names))
        order = np.argsort(-shares)
        positive = shares[shares > 0]
        return Prediction(
            id=prediction.id,
            labels=(names[order[0]],),
            probabilities=dict(zip(names, map(float, shares), strict=True)),
            entropy=float(-(positive * np.log(positive)).sum()),
            margin=float(shares[order[0]] - shares[order[1]]) if len(names) > 1 else 1.0,
            abstained=prediction.abstained,
        )
