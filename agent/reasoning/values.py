"""What the reasoner says, as values that become JSON: cues, evidence, sentences with citations, steps.

Nothing to compute and nothing to render; a schema for whoever builds on it (`Reasoning.model_json_schema()`).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

StepName = Literal["perceive", "recall", "appraise", "decide", "counterfactual"]
TITLES: dict[StepName, str] = {
    "perceive": "What the words carry",
    "recall": "What is known",
    "appraise": "What it would have to mean",
    "decide": "Decision",
    "counterfactual": "What would change it",
}
STEPS = tuple(TITLES)  # in order


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cue(_Value):
    """A phrase, an earlier turn or a recording, and what the answer loses without it.

    Attributes:
        number: from 1; a citation names it `cue:1`.
        kind: phrase of the text, an earlier turn, or a recording: of the voice, of a face, of the body.
        text: the words; of a recording, what was measured in it.
        start: where a phrase begins in the text, in characters.
        end: where it ends.
        turn: which earlier turn, from 0 for the oldest.
        weight: probability of the likeliest label with everything, less that without this; below 0 it spoke against.
        without: likeliest label when it is left out.
    """

    number: int
    kind: Literal["phrase", "turn", "speech", "face", "physiology"]
    text: str
    start: int | None = None
    end: int | None = None
    turn: int | None = None
    weight: float
    without: str


class Measurement(_Value):
    """One thing that was measured in a recording.

    Attributes:
        name: in the field's term (`pitch`).
        words: what a person would say of it (`high pitch`).
        value: the number, or None.
        unit: of the value, or "".
    """

    name: str
    words: str
    value: float | None
    unit: str


class Recording(_Value):
    """What was measured in a recording.

    Attributes:
        modality: speech, face or physiology.
        measured: most telling first.
        flags: sentences about its quality.
        heard: what was said, where the voice was transcribed.
    """

    modality: str
    measured: tuple[Measurement, ...]
    flags: tuple[str, ...]
    heard: str | None


class Cause(_Value):
    """A turn that brought the feeling about.

    Attributes:
        turn: which earlier turn, from 0 for the oldest; None is the text itself.
        text: its words.
        probability: that its place is a cause's.
    """

    turn: int | None
    text: str
    probability: float


class Evidence(_Value):
    """A passage or a labelled example that was recalled.

    Attributes:
        id: a citation names it `kb:ID`, an example `ex:ID`.
        title: of the passage.
        text: its words.
        kind: of the passage; `exemplar` for an example.
        similarity: cosine to what was looked for.
        labels: an example's gold labels, or what a passage is about.
        sources: what it rests on.
        licence: of its words.
    """

    id: str
    title: str
    text: str
    kind: str
    similarity: float
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    licence: str = ""


class Sentence(_Value):
    """One sentence and what it rests on.

    Attributes:
        text: without citations.
        citations: `kb:ID`, `ex:ID` or `cue:N`; none marks a sentence that rests on nothing shown.
    """

    text: str
    citations: tuple[str, ...] = ()


class Step(_Value):
    """One step of the reasoning."""

    name: StepName
    sentences: tuple[Sentence, ...]


class Reasoning(_Value):
    """An answer with its reasons.

    Attributes:
        text: what was asked about.
        speaker: who says it, if known.
        context: earlier turns as shown.
        taxonomy: name of the label set.
        labels: the decision; none where the model abstained.
        before: label -> probability from the text alone.
        after: label -> probability with the labels of examples weighed in; the same as `before` where none were.
        cues: measured, the strongest first.
        recordings: what was measured in voice, face and body.
        causes: turns that brought the feeling about, likeliest first; none where nothing was asked to find them.
        evidence: recalled passages.
        examples: recalled examples.
        steps: perceive, recall, appraise, decide, counterfactual.
        removed: citations that named nothing and were taken out.
    """

    text: str
    speaker: str | None = None
    context: tuple[str, ...] = ()
    taxonomy: str
    labels: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    cues: tuple[Cue, ...]
    recordings: tuple[Recording, ...] = ()
    causes: tuple[Cause, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    examples: tuple[Evidence, ...] = ()
    steps: tuple[Step, ...] = Field(default=())
    removed: tuple[str, ...] = ()

    @property
    def likeliest(self) -> str:
        """The label of highest probability."""
        return max(self.after, key=lambda name: self.after[name])
