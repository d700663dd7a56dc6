"""Causes: which turns of a dialogue brought a feeling about, by an adapter that was tuned for that question alone.

Takes samples with context; gives the turns, each with its probability. The question is answered by scoring labels that
count turns back (label set `cause`, recipe `cause`), so it can name no turn that is not there. Recognising emotion
cause in conversations: Poria et al. 2021, arXiv:2012.11820.
"""

from collections.abc import Sequence
from typing import Protocol, Self

from thymos.adapters.readers.reccon import turns_back
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.shared import SharedModel
from thymos.adapters.weights import DEFAULT
from thymos.agent.labeler import Labeler
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.values import Cause
from thymos.prompts.errors import InputError, RowError

LABELS = "cause"  # the label set
_LEAST = 0.1  # probability of a cause: by token F1 on RECCON's dev split, where 0.08 to 0.2 differ by a hundredth


class Scorer(Protocol):
    """What says how far back causes lie; a `Labeler` of the label set `cause` is one."""

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order."""
        ...


class CauseFinder:
    """Finds the turns that caused what a sample expresses."""

    def __init__(self, scorer: Scorer) -> None:
        """Keep what scores."""
        self._scorer = scorer

    @classmethod
    def from_pretrained(cls, adapter: str, model: str | SharedModel = DEFAULT) -> Self:
        """Load an adapter that was tuned with the recipe `cause`.

        Args:
            adapter: folder or hub id.
            model: base model, or one in memory that is shared.

        Raises:
            ThymosError: model or adapter can't be used here.
        """
        labeler = Labeler.from_pretrained(model, adapter=adapter, taxonomy=LABELS, threshold=_LEAST)
        if labeler.identity()["prompt"] != LABELS:
            raise InputError(
                f"adapter for causes must be tuned with the recipe `{LABELS}`, got {adapter!r}, which was not; "
                f"make one with `thymos finetune {LABELS}`"
            )
        return cls(labeler)

    def find(self, sample: Sample) -> tuple[Cause, ...]:
        """Find the causes of one sample; see `find_many`."""
        return self.find_many([sample])[0]

    def find_many(self, samples: Sequence[Sample]) -> list[tuple[Cause, ...]]:
        """Find causes.

        Args:
            samples: with the turns before them.

        Returns:
            Turns that caused each, likeliest first; none where there is no earlier turn to choose from, or where the
            cause is not in the dialogue.
        """
        asked = [sample for sample in samples if sample.context]
        answers = iter(self._scorer.label_batch(asked))
        return [_causes(sample, next(answers)) if sample.context else () for sample in samples]


def _causes(sample: Sample, answer: Prediction | RowError) -> tuple[Cause, ...]:
    if isinstance(answer, RowError):
        return ()
    found: dict[int | None, Cause] = {}
    for label in answer.labels:
        back = turns_back(label)
        if back is None or back > len(sample.context):
            continue  # not said, or before the dialogue begins
        turn = None if back == 0 else len(sample.context) - back
        said = (sample.text or "") if turn is None else sample.context[turn].text
        found.setdefault(turn, Cause(turn=turn, text=said, probability=answer.probabilities[label]))
    return tuple(found.values())
