"""`Reasoner`: a sample in, an answer with checkable reasons out. The body of `reason` is the list of steps.

Takes a labeler and a knowledge base; gives a `Reasoning`. Knows nothing of the command line or of how it is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from thymos.adapters.modality import Observed
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.causes import CauseFinder
from thymos.agent.reasoning.citations import verified
from thymos.agent.reasoning.cues import BUDGET, Measured, Scorer, likeliest, measure
from thymos.agent.reasoning.decide import weighed
from thymos.agent.reasoning.recall import examples, recall
from thymos.agent.reasoning.recordings import in_words, recordings
from thymos.agent.reasoning.values import Evidence, Reasoning, Step
from thymos.agent.reasoning.writing import Material, write_steps
from thymos.prompts.errors import InputError
from thymos.retrieval.builtin import open_base
from thymos.retrieval.knowledge_base import KnowledgeBase

Writer = Callable[[Material], tuple[Step, ...]]
Observer = Callable[[Sample], Mapping[str, Observed]]


def observe_nothing(sample: Sample) -> Mapping[str, Observed]:
    """Return nothing: recordings are not measured."""
    return {}


class Reasoner:
    """Explains labels: perceive, recall, appraise, decide, and what would change the answer.

    Example:
        >>> reasoner = Reasoner.from_pretrained(taxonomy="ekman")
        >>> reasoning = reasoner.reason("I miss her so much, the house is empty.")
        >>> reasoning.labels
        ('sadness',)
    """

    def __init__(
        self,
        scorer: Scorer,
        taxonomy: str,
        base: KnowledgeBase | None = None,
        *,
        budget: int = BUDGET,
        neighbour_weight: float = 0.0,
        causes: CauseFinder | None = None,
        writer: Writer = write_steps,
        observe: Observer = observe_nothing,
    ) -> None:
        """Keep what reasons.

        Args:
            scorer: labels samples.
            taxonomy: name of its label set.
            base: what is known; None recalls nothing.
            budget: scorings of one sample.
            neighbour_weight: what the labels of examples count; 0 shows them and does not weigh them.
            causes: finds the turns that brought a feeling about; None asks nobody.
            writer: writes the steps: the templates, or a `FreeWriter`.
            observe: measures what can be said of a sample's recordings, by modality.

        Raises:
            InputError: the budget or the weight is out of range.
        """
        if budget < 2:
            raise InputError(f"budget must be 2 scorings or more, got {budget}; {BUDGET} is usual")
        if neighbour_weight < 0:
            raise InputError(f"neighbour_weight must be 0 or more, got {neighbour_weight}; 0 leaves examples out")
        self._scorer = scorer
        self._taxonomy = taxonomy
        self._base = base
        self._budget = budget
        self._weight = neighbour_weight
        self._causes = causes
        self._writer = writer
        self._observe = observe

    @classmethod
    def from_pretrained(cls, *, taxonomy: str = "goemotions", retrieval: bool = True) -> Self:
        """Make a reasoner of the default model and knowledge base.

        Args:
            taxonomy: label set.
            retrieval: whether passages are recalled.

        Raises:
            ThymosError: the model or the base can't be used here.
        """
        labeler = Labeler.from_pretrained(taxonomy=taxonomy)
        base = open_base() if retrieval else None
        return cls(labeler, labeler.taxonomy.name, base, observe=labeler.observe)

    def reason(self, sample: Sample | str) -> Reasoning:
        """Answer with reasons.

        Args:
            sample: what to label, with what came before it; a text stands for a sample with nothing else.

        Raises:
            RowError: the sample can't be labelled.
        """
        asked = Sample(id="1", text=sample) if isinstance(sample, str) else sample
        observed = self._observe(asked)
        heard = observed["speech"].text if "speech" in observed else None
        if asked.text is None and heard:
            asked = replace(asked, text=heard)
        seen = recordings(observed)
        told = {each.modality: in_words(each.measured) for each in seen}
        perceived = measure(self._scorer, asked, budget=self._budget, told=told)
        before = dict(perceived.prediction.probabilities)
        evidence, neighbours = self._recalled(asked, before)
        after = weighed(before, neighbours, self._weight)
        causes = self._causes.find(asked) if self._causes else ()
        text, cited = asked.text or "", perceived.cited()
        material = Material(
            text, before, after, perceived.cues, cited, evidence, neighbours, causes, asked.speaker, asked.context
        )
        steps, removed = verified(self._writer(material), _known(perceived, evidence, neighbours))
        return Reasoning(
            text=text,
            speaker=asked.speaker,
            context=tuple(f"{turn.speaker}: {turn.text}" if turn.speaker else turn.text for turn in asked.context),
            taxonomy=self._taxonomy,
            labels=_decided(perceived.prediction, before, after),
            before=before,
            after=after,
            cues=perceived.cues,
            causes=causes,
            evidence=evidence,
            examples=neighbours,
            recordings=seen,
            steps=steps,
            removed=removed,
        )

    def _recalled(self, sample: Sample, before: dict[str, float]) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        if self._base is None or not len(self._base):
            return (), ()
        first, second, *_ = sorted(before, key=lambda name: -before[name])
        return recall(self._base, sample, first, second), examples(self._base, sample)


def _known(perceived: Measured, evidence: Sequence[Evidence], neighbours: Sequence[Evidence]) -> frozenset[str]:
    """Return every citation that names something."""
    return frozenset(
        [
            *(f"cue:{cue.number}" for cue in perceived.cues),
            *(f"kb:{each.id}" for each in evidence),
            *(f"ex:{each.id}" for each in neighbours),
        ]
    )


def _decided(prediction: Prediction, before: dict[str, float], after: dict[str, float]) -> tuple[str, ...]:
    """Return the labeler's decision, or the likeliest label where examples changed it."""
    first = likeliest(after)
    if first == likeliest(before) or prediction.abstained:
        return prediction.labels
    if len(prediction.labels) == 1:
        return (first,)
    return (first, *(label for label in prediction.labels if label != first))
