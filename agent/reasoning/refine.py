"""Cues made as short as what they carry: the word or two of a strong phrase that do nearly all of its work.

Takes measured samples and what is left of their budget; measures parts of the strongest phrases as the phrases
themselves were measured, by leaving them out, and puts the shortest sufficient part in a phrase's place.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.spans import Span, without
from thymos.agent.reasoning.values import Cue
from thymos.prompts.errors import RowError

_LONGEST = 2  # words of a part
_NEARLY_ALL = 0.8  # of a phrase's weight: a part that carries so much stands for it


class Scorer(Protocol):
    """What measures; as in `cues`."""

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order."""
        ...


def refine(
    scorer: Scorer, asked: Sequence[tuple[Sample, Prediction, Sequence[Cue]]], budgets: Sequence[int]
) -> list[list[Cue]]:
    """Shorten the cues of samples.

    Args:
        scorer: labels samples.
        asked: each sample, its answer with everything, and the phrases to shorten, the strongest first.
        budgets: scorings left for each sample.

    Returns:
        For each sample its cues in the same order, shortened where a part suffices; weights are those of the parts.
    """
    plans = [_parts(sample, cues, budget) for (sample, _, cues), budget in zip(asked, budgets, strict=True)]
    variants = [
        replace(sample, text=without(sample.text or "", [span]))
        for (sample, _, _), plan in zip(asked, plans, strict=True)
        for _, span in plan
    ]
    answers = iter(scorer.label_batch(variants))
    shortened = []
    for (sample, whole, cues), plan in zip(asked, plans, strict=True):
        label = max(whole.probabilities, key=lambda name: whole.probabilities[name])
        measured: dict[int, list[Cue]] = {}
        for number, (start, end) in plan:
            answer = next(answers)
            if isinstance(answer, RowError):
                continue  # nothing is left to score
            part = {
                "text": (sample.text or "")[start:end],
                "start": start,
                "end": end,
                "weight": whole.probabilities[label] - answer.probabilities[label],
                "without": max(answer.probabilities, key=lambda name: answer.probabilities[name]),
            }
            cue = next(cue for cue in cues if cue.number == number)
            measured.setdefault(number, []).append(cue.model_copy(update=part))
        shortened.append([_shortest(cue, measured.get(cue.number, [])) for cue in cues])
    return shortened


def _parts(sample: Sample, cues: Sequence[Cue], budget: int) -> list[tuple[int, Span]]:
    """Return the parts to measure: number of the cue, and where the part stands; the strongest phrases first."""
    found = []
    for cue in cues:
        if cue.start is None:
            continue
        words = [(cue.start + match.start(), cue.start + match.end()) for match in re.finditer(r"\S+", cue.text)]
        for length in range(1, min(_LONGEST, len(words) - 1) + 1):
            found += [
                (cue.number, (words[place][0], words[place + length - 1][1]))
                for place in range(len(words) - length + 1)
            ]
    return found[: max(0, budget)]


def _shortest(cue: Cue, parts: Sequence[Cue]) -> Cue:
    """Return the part of fewest words that carries nearly all of a cue's weight, the strongest of these; or the cue."""
    fit = [part for part in parts if part.weight >= _NEARLY_ALL * cue.weight]
    return min(fit, key=lambda part: (len(part.text.split()), -part.weight)) if fit else cue
