"""Citations: what may be cited, and what happens to a citation that names nothing.

Takes steps and the ids that exist; gives steps whose citations all exist. Used on what templates write and on what a
language model writes alike.
"""

import re
from collections.abc import Collection, Sequence

from thymos.agent.reasoning.values import Sentence, Step

_CITATION = re.compile(r"\[((?:kb|ex|cue):[^\]\s]+)\]")


def parse(text: str) -> Sentence:
    """Return a sentence with the citations that stand in it taken out of its words."""
    return Sentence(text=" ".join(_CITATION.sub("", text).split()), citations=tuple(_CITATION.findall(text)))


def verified(steps: Sequence[Step], known: Collection[str]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Take out citations that name nothing.

    Args:
        steps: with sentences.
        known: citations that exist: `kb:ID`, `ex:ID`, `cue:N`.

    Returns:
        The steps, and the citations that were taken out. A sentence left without one stays, and shows that it is bare.
    """
    removed: list[str] = []
    checked = []
    for step in steps:
        sentences = []
        for sentence in step.sentences:
            removed += [each for each in sentence.citations if each not in known]
            kept = tuple(dict.fromkeys(each for each in sentence.citations if each in known))
            sentences.append(sentence.model_copy(update={"citations": kept}))
        checked.append(step.model_copy(update={"sentences": tuple(sentences)}))
    return tuple(checked), tuple(removed)


def share_cited(steps: Sequence[Step]) -> float:
    """Return the share of sentences that carry a citation; 1 where there is no sentence."""
    sentences = [sentence for step in steps for sentence in step.sentences]
    return sum(bool(sentence.citations) for sentence in sentences) / len(sentences) if sentences else 1.0
