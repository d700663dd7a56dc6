"""What each step of an explanation is asked of a small model with: its facts, and the grammar that its answer keeps to.

Takes what was measured and recalled; gives requests. A grammar (Lark, as llguidance reads it) lets quotation marks
hold nothing but cues, percent nothing but measured ones, and brackets nothing but what may be cited, and it lets no
sentence end without a citation. Knows nothing of models.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thymos.agent.reasoning.cues import likeliest
from thymos.agent.reasoning.values import Cue, Sentence, Step
from thymos.agent.reasoning.wording import capital, percent, points, quoted, short
from thymos.agent.reasoning.writing import Material
from thymos.prompts.steps import MOST_SPANS, NOT_SAID, StepWish, shown_turns
from thymos.prompts.wish import tame

WRITTEN = ("perceive", "appraise", "decide", "counterfactual")  # `recall` quotes passages as they are
_MOST = 6  # sentences of a step
_CITED = re.compile(r"(.+?)((?: \[(?:cue|kb|ex):[^\]]+\])+)(?: |$)")
_NAME = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class StepRequest:
    """What a step is asked with.

    Attributes:
        wish: its facts.
        grammar: of its answer, after the opening.
    """

    wish: StepWish
    grammar: str


def step_requests(material: Material, steps: Sequence[Step]) -> list[StepRequest]:
    """Return the requests for steps.

    Args:
        material: what they may rest on.
        steps: as the templates write them; a step of which these say nothing, and `recall`, is not asked for.
    """
    return [
        StepRequest(StepWish(step.name, _facts(material, step.name)), _grammar(material, step.name))
        for step in steps
        if step.name in WRITTEN and model_written(step)
    ]


def model_written(step: Step) -> tuple[Sentence, ...]:
    """Return the sentences of a step that say what was measured; those that quote a passage no model need write."""
    return tuple(each for each in step.sentences if any(not name.startswith("kb:") for name in each.citations))


def answer(sentences: Sequence[Sentence]) -> str:
    """Return sentences as a model learns to write them."""
    return " ".join(each.text + "".join(f" [{name}]" for name in each.citations) for each in sentences)


def sentences_of(text: str) -> tuple[Sentence, ...]:
    """Read what `answer` wrote, or a model within its grammar: each sentence ends with what it cites."""
    return tuple(
        Sentence(text=found[1], citations=tuple(dict.fromkeys(_NAME.findall(found[2]))))
        for found in _CITED.finditer(text)
    )


def cause_grammar(turns: Sequence[tuple[str, str]], only: int | None = None) -> str:
    """Return the grammar of the answer that names what brought a feeling about: words of the turns, or that they lack.

    Args:
        turns: as for `thymos.prompts.steps.cause_wish`.
        only: turn in which the words stand, where that is known; one that is not shown is as none.
    """
    shown = shown_turns(turns)
    known = only is not None and only >= len(turns) - len(shown) and shown[only - len(turns)][1]
    texts = [shown[only - len(turns)][1]] if only is not None and known else [text for _, text in shown if text]
    spans = [f'SPAN{place}: %regex {{"substring_words": {_literal(text)}}}' for place, text in enumerate(texts)]
    named = " | ".join(f"SPAN{place}" for place in range(len(texts))) or _literal(NOT_SAID)
    return "\n".join(
        [
            f'start: " " (quote (", " quote)~0..{MOST_SPANS - 1}{"" if known else f" | {_literal(NOT_SAID)}"}) "."',
            f'quote: "\\"" ({named}) "\\""',
            *spans,
        ]
    )


def _facts(material: Material, step: str) -> tuple[str, ...]:
    before, after = material.before, material.after
    top = likeliest(before)
    first, second, *_ = sorted(after, key=lambda name: -after[name])
    lines = [f'Text: "{tame(material.text)}"']
    lines.append(f"Likeliest: {first} {percent(after[first])}, then {second} {percent(after[second])}")
    lines += [f"By the text alone: {top} {percent(before[top])}"] if dict(before) != dict(after) else []
    for cue in _shown(material):
        told = f"[cue:{cue.number}] {quoted(cue)}: without it {top} {percent(before[top] - cue.weight)}"
        lines.append(f"{told}, likeliest {cue.without}, {points(cue.weight)}")
    if step == "appraise":
        lines += [f"[kb:{each.id}] {each.title}" for each in material.evidence if each.kind == "appraisal"]
    if step == "decide":
        lines += [f'[ex:{each.id}] "{short(tame(each.text))}": {", ".join(each.labels)}' for each in material.examples]
    return tuple(lines)


def _shown(material: Material) -> list[Cue]:
    """Return the cues that the templates may speak of: cited ones, the strongest, the one against, one that decides."""
    cues = material.cues
    top = likeliest(material.before)
    deciding = [cue for cue in cues if cue.without != top][:1]
    chosen = {cue.number: cue for cue in (*material.cited, *cues[:1], *cues[-1:], *deciding)}
    return [chosen[number] for number in sorted(chosen)]


def _grammar(material: Material, step: str) -> str:
    cues = _shown(material)
    before, after = material.before, material.after
    top = before[likeliest(before)]
    numbers = [percent(value) for value in (*before.values(), *after.values(), *(top - cue.weight for cue in cues))]
    numbers += [points(cue.weight) for cue in cues]
    words = [named for cue in cues for named in (quoted(cue), capital(quoted(cue)))]
    names = [f"cue:{cue.number}" for cue in cues]
    if step == "appraise":
        names += [f"kb:{each.id}" for each in material.evidence if each.kind == "appraisal"]
    if step == "decide":
        names += [f"ex:{each.id}" for each in material.examples]
    return "\n".join(
        [
            "start: TEXT",  # one terminal: several would each take as much as they can
            f'TEXT: SENTENCE (" " SENTENCE){{0,{_MOST - 1}}}',
            "SENTENCE: (WORD | QUOTE | NUMBER | LABEL)+ CITED+",
            r'WORD: /[^"\[\]0-9%\n]/',
            f"QUOTE: {_either(words)}",
            f"NUMBER: {_either(numbers)}",
            f"LABEL: {_either(after)}",
            'CITED: " [" NAME "]"',
            f"NAME: {_either(names)}",
        ]
    )


def _either(texts: Iterable[str]) -> str:
    return " | ".join(map(_literal, dict.fromkeys(texts))) or '"\\uFFFF"'


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
