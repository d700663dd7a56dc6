"""The sentences of each step, written from what was measured and recalled; each with what it rests on.

Takes values; gives steps. The wording is plain and the same every time, so that nothing is claimed that was not
measured or read. Knows nothing of models or bases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thymos.adapters.sample import Turn
from thymos.agent.reasoning.cues import likeliest
from thymos.agent.reasoning.values import Cause, Cue, Evidence, Sentence, Step
from thymos.agent.reasoning.wording import capital, percent, points, quoted, short
from thymos.retrieval.sentences import sentences


@dataclass(frozen=True, slots=True)
class Material:
    """What an explanation may rest on.

    Attributes:
        text: what was asked about.
        before: label -> probability from the text alone.
        after: likewise with examples weighed in.
        cues: all, the strongest first.
        cited: those that speak for the likeliest label.
        evidence: passages.
        examples: labelled examples.
        causes: turns that brought the feeling about.
        speaker: of the text, if known.
        context: earlier turns.
    """

    text: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    cues: Sequence[Cue]
    cited: Sequence[Cue]
    evidence: Sequence[Evidence]
    examples: Sequence[Evidence]
    causes: Sequence[Cause] = ()
    speaker: str | None = None
    context: Sequence[Turn] = ()


def write_steps(material: Material) -> tuple[Step, ...]:
    """Write the five steps."""
    before, after, cues, cited = material.before, material.after, material.cues, material.cited
    evidence, examples, causes = material.evidence, material.examples, material.causes
    first, second, *_ = sorted(after, key=lambda name: -after[name])
    by_kind = {each.kind: each for each in reversed(evidence)}
    return (
        Step(name="perceive", sentences=tuple(_perceive(before, cues, cited, first))),
        Step(name="recall", sentences=tuple(_recall(by_kind, examples))),
        Step(name="appraise", sentences=(*brought_about(causes, cues), *_appraise(by_kind, cited, first))),
        Step(name="decide", sentences=tuple(_decide(before, after, cues, cited, by_kind, examples, first, second))),
        Step(name="counterfactual", sentences=tuple(_counterfactual(before, cues, cited))),
    )


def _perceive(before: Mapping[str, float], cues: Sequence[Cue], cited: Sequence[Cue], first: str) -> list[Sentence]:
    top = likeliest(before)
    found = [
        Sentence(
            text=f"{capital(quoted(cue))} speaks for {top}: it has {percent(before[top])} with it and "
            f"{percent(before[top] - cue.weight)} without.",
            citations=(f"cue:{cue.number}",),
        )
        for cue in cited
    ]
    if cues and cues[-1].weight <= -0.05:
        against = cues[-1]
        found.append(
            Sentence(
                text=f"{capital(quoted(against))} speaks against it: without it {top} would have "
                f"{percent(before[top] - against.weight)}.",
                citations=(f"cue:{against.number}",),
            )
        )
    if not found and cues:
        found.append(
            Sentence(
                text=f"Nothing alone carries {first}: leaving out {quoted(cues[0])} changes its probability most, "
                f"by {points(cues[0].weight)}.",
                citations=(f"cue:{cues[0].number}",),
            )
        )
    return found


def _recall(by_kind: Mapping[str, Evidence], examples: Sequence[Evidence]) -> list[Sentence]:
    found = [
        Sentence(text=_said(by_kind[kind]), citations=(f"kb:{by_kind[kind].id}",))
        for kind in ("definition", "language", "regulation", "note", "term")
        if kind in by_kind
    ]
    found += [
        Sentence(
            text=f'People labelled "{short(each.text)}" {" and ".join(each.labels)}.', citations=(f"ex:{each.id}",)
        )
        for each in examples
    ]
    return found


def brought_about(causes: Sequence[Cause], cues: Sequence[Cue]) -> list[Sentence]:
    """Say which turns caused the feeling; each rests on what leaving that turn out did."""
    found = []
    for cause in causes:
        kind = "phrase" if cause.turn is None else "turn"
        own = next((cue for cue in cues if (cue.kind, cue.turn) == (kind, cause.turn)), None)
        where = "The text itself" if cause.turn is None else f'What was said before, "{short(cause.text)}",'
        says = f"{where} is where its cause lies, with {percent(cause.probability)}."
        found.append(Sentence(text=says, citations=(f"cue:{own.number}",) if own else ()))
    return found


def _appraise(by_kind: Mapping[str, Evidence], cited: Sequence[Cue], first: str) -> list[Sentence]:
    if "appraisal" not in by_kind:
        return []
    appraisal = by_kind["appraisal"]
    found = [Sentence(text=_said(appraisal), citations=(f"kb:{appraisal.id}",))]
    if cited:
        words = " and ".join(quoted(cue) for cue in cited[:2])
        found.append(
            Sentence(
                text=f"Here {words} would have to carry that meaning for {first} to be right.",
                citations=(f"kb:{appraisal.id}", *(f"cue:{cue.number}" for cue in cited[:2])),
            )
        )
    return found


def _decide(
    before: Mapping[str, float],
    after: Mapping[str, float],
    cues: Sequence[Cue],
    cited: Sequence[Cue],
    by_kind: Mapping[str, Evidence],
    examples: Sequence[Evidence],
    first: str,
    second: str,
) -> list[Sentence]:
    grounds = tuple(f"cue:{cue.number}" for cue in cited or cues[:1])
    if examples and dict(before) != dict(after):
        top = likeliest(before)
        change = f"; the text alone gave {top} {percent(before[top])}"
        grounds += tuple(f"ex:{each.id}" for each in examples)
    else:
        change = ""
    found = [
        Sentence(
            text=f"Likeliest is {first} at {percent(after[first])}, then {second} at {percent(after[second])}{change}.",
            citations=grounds or tuple(f"kb:{each.id}" for each in list(by_kind.values())[:1]),
        )
    ]
    if "confusion" in by_kind:
        told = by_kind["confusion"]
        found.append(Sentence(text=f"What parts the two: {told.text}", citations=(f"kb:{told.id}",)))
    return found


def _counterfactual(before: Mapping[str, float], cues: Sequence[Cue], cited: Sequence[Cue]) -> list[Sentence]:
    top = likeliest(before)
    for cue in cues:
        if cue.without != top:
            return [
                Sentence(
                    text=f"Without {quoted(cue)} the answer would be {cue.without}.", citations=(f"cue:{cue.number}",)
                )
            ]
    if not cues:
        return []
    strongest = (cited or cues)[0]
    return [
        Sentence(
            text=f"No single phrase or turn changes the answer: without {quoted(strongest)}, {top} would still lead "
            f"at {percent(before[top] - strongest.weight)}.",
            citations=(f"cue:{strongest.number}",),
        )
    ]


def _said(evidence: Evidence) -> str:
    """Return the first two sentences of a passage."""
    return " ".join(sentences(evidence.text)[:2])
