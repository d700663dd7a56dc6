"""Citations: what may be cited, and what happens to a citation that names nothing.

Takes steps and the ids that exist; gives steps whose citations all exist, whoever wrote them.
"""

from collections.abc import Collection, Sequence

from thymos.agent.reasoning.values import Step


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
