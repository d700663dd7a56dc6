"""Cues: what the answer loses when a phrase or an earlier turn is left out and everything is scored again.

Takes a sample and a labeler; gives cues, the strongest first. So a cue is a fact about the model's answer, and not an
opinion about the text (erasure, Li, Monroe and Jurafsky 2016, arXiv:1612.08220; comprehensiveness and sufficiency,
DeYoung et al. 2020, arXiv:1911.03429).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, Protocol, cast

from thymos.adapters.modality import MODALITIES
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.refine import refine
from thymos.agent.reasoning.spans import Span, only, phrases, without
from thymos.agent.reasoning.values import Cue
from thymos.prompts.errors import RowError

BUDGET = 48  # scorings of one sample
CITED = 3  # cues that an explanation names
_Kind = Literal["speech", "face", "physiology"]
_NOTHING: Mapping[str, str] = MappingProxyType({})

LEAST = 0.01  # probability: a weaker cue is none


class Scorer(Protocol):
    """What measures; `thymos.agent.labeler.Labeler` is one."""

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """A sample's answer and its cues.

    Attributes:
        prediction: with everything.
        cues: the strongest first; those that spoke against come last.
    """

    prediction: Prediction
    cues: tuple[Cue, ...]

    def cited(self, most: int = CITED) -> tuple[Cue, ...]:
        """Return the cues that speak for the likeliest label, the strongest first."""
        return tuple(cue for cue in self.cues if cue.weight >= LEAST)[:most]


def measure(scorer: Scorer, sample: Sample, *, budget: int = BUDGET, told: Mapping[str, str] = _NOTHING) -> Measured:
    """Measure the cues of one sample; see `measure_many`.

    Raises:
        RowError: the sample can't be labelled.
    """
    (found,) = measure_many(scorer, [sample], budget=budget, told=[told])
    if isinstance(found, RowError):
        raise found
    return found


def measure_many(
    scorer: Scorer, samples: Sequence[Sample], *, budget: int = BUDGET, told: Sequence[Mapping[str, str]] | None = None
) -> list[Measured | RowError]:
    """Leave out each phrase, turn and recording in turn, then parts of the strongest phrases, and score all together.

    Args:
        scorer: labels samples.
        samples: to explain.
        budget: scorings of one sample; a longer text is cut into longer phrases, and the latest turns come first. What
            is left goes into shortening the strongest cues.
        told: for each sample, modality -> what was measured in its recording, in words.
    """
    words = told or [_NOTHING] * len(samples)
    variants = [_variants(sample, budget, each) for sample, each in zip(samples, words, strict=True)]
    asked = [each for sample, found in zip(samples, variants, strict=True) for each in (sample, *(v for v, _ in found))]
    answers = iter(scorer.label_batch(asked))
    results: list[Measured | RowError] = []
    for found in variants:
        whole = next(answers)
        parts = [next(answers) for _ in found]
        if isinstance(whole, RowError):
            results.append(whole)
            continue
        results.append(Measured(whole, _ranked(whole, found, parts)))
    return _shortened(scorer, samples, results, [budget - len(found) for found in variants])


def likeliest(probabilities: Mapping[str, float]) -> str:
    """Return the label of highest probability."""
    return max(probabilities, key=lambda name: probabilities[name])


def remainder(sample: Sample, cues: Sequence[Cue]) -> Sample:
    """Return a sample without the phrases of cues."""
    return replace(sample, text=without(sample.text or "", _spans(cues)) or "...")


def extract(sample: Sample, cues: Sequence[Cue]) -> Sample:
    """Return a sample with nothing but the phrases of cues."""
    return replace(sample, text=only(sample.text or "", _spans(cues)) or "...")


def _spans(cues: Sequence[Cue]) -> list[Span]:
    return [(cue.start, cue.end) for cue in cues if cue.start is not None and cue.end is not None]


def _shortened(
    scorer: Scorer, samples: Sequence[Sample], found: Sequence[Measured | RowError], budgets: Sequence[int]
) -> list[Measured | RowError]:
    """Put the shortest sufficient parts in the place of the phrases that would be cited."""
    asked = [
        (sample, each.prediction, [cue for cue in each.cited() if cue.kind == "phrase"])
        for sample, each in zip(samples, found, strict=True)
        if not isinstance(each, RowError)
    ]
    left = [budget for budget, each in zip(budgets, found, strict=True) if not isinstance(each, RowError)]
    shorter = iter(refine(scorer, asked, left))
    results: list[Measured | RowError] = []
    for each in found:
        if isinstance(each, RowError):
            results.append(each)
            continue
        by_number = {cue.number: cue for cue in next(shorter)}
        results.append(Measured(each.prediction, _numbered([by_number.get(cue.number, cue) for cue in each.cues])))
    return results


def _numbered(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Return cues by weight, numbered from 1."""
    ranked = sorted(cues, key=lambda cue: -cue.weight)
    return tuple(cue.model_copy(update={"number": number}) for number, cue in enumerate(ranked, start=1))


def _variants(sample: Sample, budget: int, told: Mapping[str, str]) -> list[tuple[Sample, Cue]]:
    """Return samples that lack something, each with what it lacks."""
    text = sample.text or ""
    turns = list(range(len(sample.context)))[max(0, len(sample.context) - budget // 3) :]
    spans = phrases(text, most=max(1, budget - len(turns)))
    found = _silenced(sample, told)
    for turn in turns:
        context = sample.context[:turn] + sample.context[turn + 1 :]
        said = Cue(number=0, kind="turn", text=sample.context[turn].text, turn=turn, weight=0, without="")
        found.append((replace(sample, context=context), said))
    for start, end in spans if len(spans) > 1 else []:  # a text of one phrase can't lack it
        left = without(text, [(start, end)])
        said = Cue(number=0, kind="phrase", text=text[start:end], start=start, end=end, weight=0, without="")
        found.append((replace(sample, text=left), said))
    return found


def _silenced(sample: Sample, told: Mapping[str, str]) -> list[tuple[Sample, Cue]]:
    """Return a sample without each of its recordings, as long as something is left."""
    found = []
    for modality in MODALITIES if len(sample.modalities) > 1 else ():
        if modality in sample.modalities:
            without_it = _without(sample, modality)
            said = told.get(modality, "")
            kind = cast(_Kind, modality)
            found.append((without_it, Cue(number=0, kind=kind, text=said, weight=0, without="")))
    return found


def _without(sample: Sample, modality: str) -> Sample:
    """Return a sample without a recording."""
    return replace(
        sample,
        speech=None if modality == "speech" else sample.speech,
        face=None if modality == "face" else sample.face,
        physiology=None if modality == "physiology" else sample.physiology,
    )


def _ranked(
    whole: Prediction, variants: Sequence[tuple[Sample, Cue]], answers: Sequence[Prediction | RowError]
) -> tuple[Cue, ...]:
    label = likeliest(whole.probabilities)
    found = []
    for (_, cue), answer in zip(variants, answers, strict=True):
        if isinstance(answer, RowError):
            continue  # nothing is left to score
        weight = whole.probabilities[label] - answer.probabilities[label]
        found.append(cue.model_copy(update={"weight": weight, "without": likeliest(answer.probabilities)}))
    return _numbered(found)
