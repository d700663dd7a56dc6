"""The words of an answer, from what was found: Markdown whose sentences name what they rest on.

Takes a call and findings; gives text. Nothing is said that is not in a finding. Citations are `[kb:ID]`, `[cue:N]`,
`[ex:ID]`. The wording of analyses is here, that of what is known and made in `wording_known.py`.
"""

from collections.abc import Sequence
from itertools import pairwise

from thymos.agent.chat.calls import Call
from thymos.agent.chat.findings import Analysis, Comparison, Finding, Measured, Moment, Timeline
from thymos.agent.chat.subjects import title_of
from thymos.agent.chat.wording_known import known
from thymos.agent.reasoning.recordings import in_words
from thymos.agent.reasoning.values import Reasoning, Sentence, StepName
from thymos.prompts.catalogue import load_map, maps_from

_FIRST: tuple[StepName, ...] = ("perceive", "decide", "counterfactual")
_WHY: tuple[StepName, ...] = ("perceive", "recall", "appraise", "decide", "counterfactual")
_HUB = "ekman"  # in which readings of different label sets are set against each other
_TELLING = 0.1  # change of a probability that is worth a word


def word(call: Call, findings: Sequence[Finding]) -> str:
    """Write the answer to a call from its findings."""
    parts = []
    if call.impossible:
        parts.append(
            f"I can't change that in the material (“{call.impossible}”): I can leave words, turns or recordings out, "
            "or read other words in their place. This is the reading as it is."
        )
    analyses = [each for each in findings if isinstance(each, Analysis)]
    for finding in findings:
        if isinstance(finding, Analysis):
            parts.append(_analysis(finding, call))
        elif isinstance(finding, Measured):
            parts.append(f"**{finding.title}**: {in_words(finding.recording.measured) or 'nothing could be measured'}.")
            parts += finding.notes
        elif isinstance(finding, Comparison):
            parts.append(_comparison(finding))
        elif isinstance(finding, Timeline):
            parts.append(_timeline(finding))
        else:
            parts.append(known(finding))
    if len(analyses) >= 2:
        parts.append(_together(analyses))
    return "\n\n".join(part for part in parts if part)


def _analysis(finding: Analysis, call: Call) -> str:
    reasoning = finding.reasoning
    lines = [headline(finding.title, reasoning, finding.beneath)]
    if call.changed and not call.changed.endswith(finding.title):
        lines[0] = f"{call.changed[0].upper()}{call.changed[1:]}, {lines[0]}"
    for recording in reasoning.recordings:
        if told := in_words(recording.measured):
            lines.append(f"Measured: {told}.")
        if recording.heard:
            lines.append(f"Heard: “{recording.heard}”.")
    steps = {step.name: step.sentences for step in reasoning.steps}
    shown = _WHY if call.why else _FIRST
    sentences = [each for name in shown for each in steps.get(name, ())[: None if call.why else 2]]
    if not call.why:
        sentences = [each for each in sentences if not each.text.startswith(("Likeliest is", "What parts"))]
        sentences += [each for each in steps.get("recall", ()) if _defines(each)][:1]
    lines.append("\n".join(f"- {cited(each)}" for each in sentences))
    lines += [f"*{note}*" for note in finding.notes]
    return "\n\n".join(line for line in lines if line)


def _defines(sentence: Sentence) -> bool:
    return any(citation.startswith("kb:definition") for citation in sentence.citations)


def headline(title: str, reasoning: Reasoning, beneath: str | None = None) -> str:
    """Say the answer in one sentence; `beneath` is the likeliest feeling where neutral leads."""
    (first, p), (second, q), *_ = sorted(reasoning.after.items(), key=lambda pair: -pair[1])
    subject = title if title.startswith("“") or " " in title else f"`{title}`"
    if not reasoning.labels:
        both = f"{first} ({_percent(p)}) and {second} ({_percent(q)})"
        return f"{subject}: no label is sure enough to decide; likeliest are {both}."
    if beneath is not None:
        share = reasoning.after[beneath] / max(1e-9, 1 - p)
        return (
            f"{subject} is worded without a clear feeling (**{first}** {_percent(p)}). If it carries one, it is most "
            f"likely **{beneath}** ({_percent(reasoning.after[beneath])}, {_percent(share)} of what is left)."
        )
    named = [label for label in reasoning.labels if label != first]
    also = f", with {' and '.join(named)} beside it" if named else ""
    after = "" if second in named else f"; next is {second} ({_percent(q)})"
    return f"{subject} expresses **{first}** most likely ({_percent(p)}){also}{after}."


def cited(sentence: Sentence) -> str:
    """Return a sentence with its citations."""
    marks = "".join(f" [{citation}]" for citation in sentence.citations)
    return sentence.text + marks if sentence.citations else f"{sentence.text} (rests on nothing shown)"


def _together(analyses: Sequence[Analysis]) -> str:
    """Say whether readings agree, in Ekman's labels where all have a map there."""
    told = []
    for each in analyses:
        label = each.reasoning.likeliest
        taxonomy = each.reasoning.taxonomy
        common = load_map(taxonomy, _HUB).labels([label]) if taxonomy == _HUB or _HUB in maps_from(taxonomy) else ()
        told.append((each.title, label, common[0] if common else None))
    listed = ", ".join(f"{title}: {label}" for title, label, _ in told)
    commons = {common for _, _, common in told}
    if None in commons:
        return f"Side by side: {listed}. Not all of these labels have a counterpart in the others' label sets."
    if len(commons) == 1:
        return f"They agree ({listed}): all come down to {commons.pop()}."
    return (
        f"They do not agree ({listed}). I do not average them: words and expression often part in irony, politeness "
        "and self-control, and which of them tells more depends on the situation."
    )


def _comparison(finding: Comparison) -> str:
    lines = [
        f"- A: {headline(*_titled(finding.first), finding.first.beneath)}",
        f"- B: {headline(*_titled(finding.second), finding.second.beneath)}",
    ]
    moved = [(name, delta) for name, delta in finding.change.items() if abs(delta) >= _TELLING][:3]
    if moved:
        told = ", ".join(f"{name} {'+' if delta > 0 else '−'}{abs(100 * delta):.0f} points" for name, delta in moved)
        lines.append(f"\nFrom A to B: {told}.")
    else:
        lines.append("\nNo label changes by more than 10 points: in this reading the two are much alike.")
    cues = [cited(s) for each in (finding.first, finding.second) for s in _perceived(each.reasoning)[:1]]
    return "\n".join([*lines, *([""] if cues else []), *(f"- {cue}" for cue in cues)])


def _titled(finding: Analysis) -> tuple[str, Reasoning]:
    text = finding.reasoning.text
    return (title_of(text) if text else finding.title), finding.reasoning


def _perceived(reasoning: Reasoning) -> tuple[Sentence, ...]:
    return next((step.sentences for step in reasoning.steps if step.name == "perceive"), ())


def _timeline(finding: Timeline) -> str:
    read = [each for each in finding.moments if each.probabilities]
    if not read:
        problems = " ".join(dict.fromkeys(each.problem or "" for each in finding.moments))
        return f"Nothing of {finding.title} could be read: {problems}"
    lines = [f"**{finding.title}**, {len(finding.moments)} {'stretches' if read[0].start is not None else 'turns'}:"]
    rows = [f"- {_where(n, each)}: **{_dominant(each)}**{_quoted(each)}" for n, each in enumerate(finding.moments, 1)]
    lines.append("\n".join(rows if len(rows) <= 14 else [*rows[:7], "- …", *rows[-6:]]))
    lines.append(_turning(finding.moments))
    lines += [f"*{note}*" for note in finding.notes]
    return "\n\n".join(line for line in lines if line)


def _turning(moments: Sequence[Moment]) -> str:
    """Say where the mood changes most, going by valence."""
    placed = [(number, each, each.place.valence) for number, each in enumerate(moments, 1) if each.place]
    if len(placed) < 2:
        return ""
    first, last = placed[0], placed[-1]
    jumps = [(after[2] - before[2], after) for before, after in pairwise(placed)]
    jump, (number, moment, _) = max(jumps, key=lambda pair: abs(pair[0]))
    way = "up" if last[2] - first[2] > _TELLING else "down" if first[2] - last[2] > _TELLING else "about level"
    told = f"From first to last the mood goes {way} (valence {first[2]:+.2f} to {last[2]:+.2f})."
    if abs(jump) < _TELLING:
        return f"{told} It never changes much from one to the next."
    return f"{told} The sharpest turn, {'up' if jump > 0 else 'down'}, is at {_where(number, moment)}{_quoted(moment)}."


def _where(number: int, moment: Moment) -> str:
    if moment.start is not None and moment.end is not None:
        return f"{moment.start:.0f}–{moment.end:.0f} s"
    return f"turn {number}, {moment.speaker}" if moment.speaker else f"turn {number}"


def _dominant(moment: Moment) -> str:
    if not moment.probabilities:
        return "not read"
    name, p = max(moment.probabilities.items(), key=lambda pair: pair[1])
    return f"{name} {_percent(p)}"


def _quoted(moment: Moment) -> str:
    text = " ".join(moment.text.split())
    return f" “{text if len(text) <= 80 else text[:79] + '…'}”" if text else ""


def _percent(probability: float) -> str:
    return f"{round(100 * probability)} %"
