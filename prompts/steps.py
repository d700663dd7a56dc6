"""A step of an explanation, as a model that was tuned to explain is asked for it: in training and in use alike.

Takes facts as lines, or the turns of a dialogue; gives an instruction and a request, and reads the answer. What people
said is data: one line each, without marks that could close the place it stands in. Knows nothing of models.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from thymos.prompts.template import render
from thymos.prompts.wish import tame

TEMPLATES = ("explain/step", "explain/step_system")
CAUSE = "cause"  # the step that asks where a feeling comes from
NOT_SAID = "it is not said"
MOST_SPANS = 4  # of a cause
_TURNS = 8  # before the one that shows the feeling
_OPENING = "What brought it about:"
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class StepWish:
    """What is asked.

    Attributes:
        step: its name.
        facts: what the step may rest on, a line each.
        opening: how the answer begins, or "".
    """

    step: str
    facts: tuple[str, ...]
    opening: str = ""

    @property
    def system(self) -> str:
        """The instruction, the same for every step."""
        return render("explain/step_system").strip()

    @property
    def request(self) -> str:
        """The step and its facts."""
        return render("explain/step", step=self.step, facts=self.facts).strip()


@dataclass(frozen=True, slots=True)
class StepLesson:
    """What a model learns: to answer a wish with the sentences of a step."""

    wish: StepWish
    answer: str


def shown_turns(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the turns that a wish for a cause shows, as it shows them: speaker and words, the latest last."""
    return [(tame(speaker), tame(text)) for speaker, text in turns[-_TURNS - 1 :]]


def cause_wish(feeling: str, turns: Sequence[tuple[str, str]]) -> StepWish:
    """Return the wish for the words that brought a feeling about.

    Args:
        feeling: in words.
        turns: speaker (or "") and words, oldest first; the last one shows the feeling.
    """
    lines = [f'{speaker or "Somebody"}: "{text}"' for speaker, text in shown_turns(turns)]
    return StepWish(CAUSE, (f"Feeling, in the last line: {feeling}", *lines), _OPENING)


def cause_answer(spans: Sequence[str]) -> str:
    """Return the answer that names spans of the shown turns; none says that the cause is not in them."""
    named = ", ".join(f'"{span}"' for span in spans[:MOST_SPANS])
    return f"{_OPENING} {named or NOT_SAID}."


def cause_spans(answer: str) -> tuple[str, ...]:
    """Return the spans that an answer names, each once."""
    return tuple(dict.fromkeys(each.strip() for each in _QUOTED.findall(answer) if each.strip()))
