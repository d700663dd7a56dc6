"""What passes between plan, writer, gates and output: asks, texts, candidates, verdicts. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from thymos.adapters.sample import Sample, Turn
from thymos.agent.synth.plan import PlanRow


@dataclass(frozen=True, slots=True)
class Contrast:
    """The same wish for another feeling, from which a text can be led away.

    Attributes:
        label: of it; a turn that is to show this one is not led away from it.
        request: the wish.
    """

    label: str
    request: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What a writer is asked.

    Attributes:
        system: the instruction.
        request: the wish.
        opening: how the answer begins, for writers that can be made to.
        tokens: written at most.
        seed: of the draws.
        turns: of a conversation, one a line, A first; 1 for a single utterance.
        labels: of its turns, None where any will do; for writers that are guided.
        contrast: the wish with no feeling, or another, for writers that can be led away from it.
    """

    system: str
    request: str
    opening: str
    tokens: int
    seed: int
    turns: int = 1
    labels: tuple[str | None, ...] = ()
    contrast: Contrast | None = None


class Writer(Protocol):
    """A language model that writes many texts at a time."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def identity(self) -> Mapping[str, object]:
        """Return what makes its texts its texts, as JSON values."""
        ...

    def write(self, asks: Sequence[Ask]) -> list[str]:
        """Return one text per ask, in order, each with its ask's opening or without.

        Raises:
            ModelError: it can't be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """A turn: who says it, what, and the label it was asked with; None where any would do."""

    speaker: str
    text: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that a writer gave for a plan row, well formed.

    Attributes:
        row: asked for.
        turns: said, in order.
        number: of the candidate among all of its row, from 0.
        seed: it was written with.
        prompt_sha256: of the prompt.
    """

    row: PlanRow
    turns: tuple[Said, ...]
    number: int
    seed: int
    prompt_sha256: str

    @property
    def id(self) -> str:
        """The row's id and the candidate's number."""
        return f"{self.row.id}/{self.number}"

    @property
    def text(self) -> str:
        """What was said, without speakers."""
        return "\n".join(turn.text for turn in self.turns)

    @property
    def target(self) -> int:
        """Place of the turn that carries the row's label: the last of A's."""
        return (len(self.turns) - 1) // 2 * 2

    def sample(self, place: int) -> Sample:
        """Return a turn as a labeler gets it: with what was said before, without any label."""
        turn = self.turns[place]
        before = tuple(Turn(each.text, each.speaker) for each in self.turns[:place])
        speaker = turn.speaker if len(self.turns) > 1 else None
        return Sample(id=f"{self.id}/{place}", text=turn.text, speaker=speaker, context=before)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says of a candidate.

    Attributes:
        kept: whether it passes.
        score: what was measured; None where there is no number.
        reason: why it does not pass; "" where it does.
        contradicted: places of turns that do not show what they were asked with, whether it passes or not.
    """

    kept: bool
    score: float | None = None
    reason: str = ""
    contradicted: tuple[int, ...] = ()

    def told(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {"score": None if self.score is None else round(self.score, 6), "kept": self.kept, "reason": self.reason}
