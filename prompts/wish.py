"""A wish for labelled text, as a model that was tuned to write is asked: in training and in use the same words.

Takes plain values; gives an instruction and a request. Examples are data: one line each, without what looks like a
control tag or a quotation mark, so that they can't close the place they stand in. Knows nothing of models.
"""

import re
from dataclasses import dataclass

from thymos.prompts.template import render

INTENSITIES = ("mild", "clear", "strong")
WORDS = {"short": (4, 12), "medium": (10, 25), "long": (20, 45)}  # of a turn
TEMPLATES = ("synth/tuned", "synth/tuned_system")
_LONGEST_EXAMPLE = 300  # characters
_TAGS = re.compile(r"\[[^\]]*\]?|<\|[^>]*\|?>?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ue000-\uf8ff\ufeff]+")


@dataclass(frozen=True, slots=True)
class WrittenWish:
    """What is asked.

    Attributes:
        label: the emotion, in words.
        intensity: mild, clear or strong.
        length: of each turn: short, medium or long.
        turns: 1 for a single utterance.
        stages: sentences about other turns, from `stage`.
        situation: what happens, or "".
        examples: of the feeling.
    """

    label: str
    intensity: str
    length: str
    turns: int = 1
    stages: tuple[str, ...] = ()
    situation: str = ""
    examples: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        """The instruction, the same for every wish."""
        return render("synth/tuned_system").strip()

    @property
    def request(self) -> str:
        """The wish in words."""
        return render(
            "synth/tuned",
            label=self.label,
            intensity=self.intensity,
            length=self.length,
            turns=self.turns,
            stages=self.stages,
            situation=self.situation,
            examples=[tame(each) for each in self.examples],
        ).strip()

    @property
    def opening(self) -> str:
        """How the answer begins."""
        return "A:" if self.turns > 1 else ""


def stage(place: int, label: str, *, weakly: bool = False) -> str:
    """Return the wish for a turn of a conversation, counted from 0; A speaks the even ones."""
    return f"Turn {place + 1}, {'AB'[place % 2]}: {'a little ' if weakly else ''}{label}."


def tame(text: str) -> str:
    """Return a text as one quoted line of material: no control tags, no quotation marks, no hidden characters."""
    line = _TAGS.sub(" ", _UNPRINTABLE.sub(" ", text)).replace('"', "'")
    return " ".join(line.split())[:_LONGEST_EXAMPLE]
