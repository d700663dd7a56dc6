"""What the tests of reasoning share: a labeler whose answers anyone can work out."""

from collections.abc import Sequence

import pytest

from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.prompts.errors import RowError

VALUES = {"won": 2.0, "lost": -2.0, "party": 1.0, "alone": -1.0}


class WordScorer:
    """joy gets 0.5 and a tenth for each point of the words, in text and context; sadness the rest, fear a hundredth."""

    def __init__(self) -> None:
        self.scored = 0

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.scored += len(samples)
        return [self._label(sample) for sample in samples]

    @staticmethod
    def _label(sample: Sample) -> Prediction | RowError:
        if not (sample.text or "").strip():
            return RowError("row must have text, got nothing")
        said = " ".join([*(turn.text for turn in sample.context), sample.text or ""]).lower()
        points = sum(value for word, value in VALUES.items() if word in said)
        joy = min(0.98, max(0.01, 0.5 + points / 10))
        p = {"joy": joy, "sadness": 0.99 - joy, "fear": 0.01}
        top = max(p, key=lambda name: p[name])
        return Prediction(id=sample.id, labels=(top,), probabilities=p, entropy=0, margin=0, abstained=False)


@pytest.fixture
def scorer() -> WordScorer:
    return WordScorer()
