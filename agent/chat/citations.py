"""Citations of an answer: each names something that was found, once, or it does not get through.

Takes findings and text; gives text, findings whose cues have numbers of their own, and the passages that are cited.
"""

import re
from collections.abc import Iterator, Sequence

from thymos.agent.chat.findings import Analysis, Comparison, Finding, LabelCard, Passages
from thymos.agent.reasoning.values import Evidence, Reasoning, Sentence

_CITATION = re.compile(r"\s?\[((?:kb|cue|ex):[^\]]+)\]")
_BETWEEN = re.compile(r"\s*[;,]\s*")  # of several in one pair of brackets


def renumbered(finding: Finding, before: Sequence[Finding]) -> Finding:
    """Return a finding whose cues have numbers that no earlier finding uses."""
    start = max((cue.number for each in before for reasoning in _reasonings(each) for cue in reasoning.cues), default=0)
    if isinstance(finding, Analysis):
        return finding.model_copy(update={"reasoning": _shifted(finding.reasoning, start)})
    if isinstance(finding, Comparison):
        first = finding.first.model_copy(update={"reasoning": _shifted(finding.first.reasoning, start)})
        start = max((cue.number for cue in first.reasoning.cues), default=start)
        second = finding.second.model_copy(update={"reasoning": _shifted(finding.second.reasoning, start)})
        return finding.model_copy(update={"first": first, "second": second})
    return finding


def checked(text: str, findings: Sequence[Finding]) -> str:
    """Return a text without citations of what was not found; each of those that were stands in brackets of its own."""
    known = _known(findings)

    def kept(match: re.Match[str]) -> str:
        if match[1] in known:
            return match[0]
        return "".join(f" [{each}]" for each in _BETWEEN.split(match[1].strip()) if each in known)

    return _CITATION.sub(kept, text)


def sources(text: str, findings: Sequence[Finding]) -> tuple[Evidence, ...]:
    """Return the passages that a text cites, each once, in the order in which it does."""
    cited = dict.fromkeys(match[1] for match in _CITATION.finditer(text))
    passages = {f"kb:{each.id}": each for finding in findings for each in _passages(finding)}
    return tuple(passages[name] for name in cited if name in passages)


def cited(text: str) -> tuple[str, ...]:
    """Return what a text cites, each once."""
    return tuple(dict.fromkeys(match[1] for match in _CITATION.finditer(text)))


def _known(findings: Sequence[Finding]) -> frozenset[str]:
    cues = (f"cue:{cue.number}" for each in findings for reasoning in _reasonings(each) for cue in reasoning.cues)
    examples = (f"ex:{one.id}" for each in findings for reasoning in _reasonings(each) for one in reasoning.examples)
    passages = (f"kb:{one.id}" for each in findings for one in _passages(each))
    return frozenset([*cues, *examples, *passages])


def _passages(finding: Finding) -> Iterator[Evidence]:
    if isinstance(finding, Passages | LabelCard):
        yield from finding.passages
    for reasoning in _reasonings(finding):
        yield from reasoning.evidence


def _reasonings(finding: Finding) -> Iterator[Reasoning]:
    if isinstance(finding, Analysis):
        yield finding.reasoning
    if isinstance(finding, Comparison):
        yield finding.first.reasoning
        yield finding.second.reasoning


def _shifted(reasoning: Reasoning, by: int) -> Reasoning:
    """Return a reasoning whose cues count on from a number, in its sentences too."""
    if not by:
        return reasoning

    def moved(citation: str) -> str:
        kind, _, number = citation.partition(":")
        return f"cue:{int(number) + by}" if kind == "cue" else citation

    def said(sentence: Sentence) -> Sentence:
        return sentence.model_copy(update={"citations": tuple(map(moved, sentence.citations))})

    cues = tuple(cue.model_copy(update={"number": cue.number + by}) for cue in reasoning.cues)
    steps = tuple(step.model_copy(update={"sentences": tuple(map(said, step.sentences))}) for step in reasoning.steps)
    return reasoning.model_copy(update={"cues": cues, "steps": steps})
