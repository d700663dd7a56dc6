"""From dialogues of which is known which words brought a feeling about, to lessons: the turns, and those words.

Takes rows of the format `reccon`; gives lessons. Spans are told as they stand in the shown turns; one that does not
stand there is not learnt. RECCON, causal span extraction: Poria et al. 2021, arXiv:2012.11820. Knows no model.
"""

import random
import re
from collections.abc import Sequence

from thymos.adapters.readers.reccon import MARKED, OUTSIDE
from thymos.adapters.sample import Sample
from thymos.prompts.mapping import LabelMap
from thymos.prompts.steps import MOST_SPANS, StepLesson, cause_answer, cause_wish, shown_turns
from thymos.prompts.wish import tame

_EMOTION = "emotion"  # column of the feeling


def cause_lessons(
    samples: Sequence[Sample], feelings_as: Sequence[LabelMap], chance: random.Random
) -> list[StepLesson]:
    """Return one lesson a row, of those whose marked words stand in the shown turns.

    Args:
        samples: rows with all turns before them.
        feelings_as: translations of the feeling; whether and into which it is translated is drawn.
        chance: of the draws.
    """
    found = []
    for sample in samples:
        turns = turns_of(sample)
        spans = _spans(sample, turns)
        if not spans and OUTSIDE not in (sample.gold or ()):
            continue
        called = _called(str(sample.metadata[_EMOTION]), feelings_as, chance)
        found.append(StepLesson(cause_wish(called, turns), cause_answer(spans)))
    return found


def turns_of(sample: Sample) -> list[tuple[str, str]]:
    """Return speaker and words of all turns, the sample's own last."""
    return [(turn.speaker or "", turn.text) for turn in sample.context] + [(sample.speaker or "", sample.text or "")]


def _called(feeling: str, feelings_as: Sequence[LabelMap], chance: random.Random) -> str:
    names = [feeling, *(name for each in feelings_as if (name := each.entries.get(feeling)))]
    return chance.choice(names)


def _spans(sample: Sample, turns: Sequence[tuple[str, str]]) -> list[str]:
    """Return the marked words as they stand in the shown turns, in their order."""
    shown = shown_turns(turns)
    first = len(turns) - len(shown)
    placed: dict[tuple[int, int], str] = {}
    for turn, span in sample.metadata.get(MARKED, ()):
        place = turn - 1 - first
        if not 0 <= place < len(shown):
            continue
        text, words = shown[place][1], tame(span)
        hit = re.search(re.escape(words), text, re.IGNORECASE) if words else None
        if hit is not None:
            placed[place, hit.start()] = hit[0]
    return list(dict.fromkeys(placed[at] for at in sorted(placed)))[:MOST_SPANS]
