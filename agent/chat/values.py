"""What a conversation is made of, as values that become JSON: messages, findings, answers, and the events of a reply.

Nothing to compute and nothing to render. The terminal, the web page and the HTTP API show the same values.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from thymos.agent.reasoning.values import Evidence, Reasoning

Kind = Literal["speech", "face", "physiology", "corpus", "dialogue"]
Tool = Literal["analyse", "search", "compare", "timeline", "label_file", "synthesise", "explain_label", "none"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attachment(_Value):
    """A file that came with a message.

    Attributes:
        id: SHA-256 of its content, the first 32 digits; its name within the thread's folder.
        name: as the user called it, without folders.
        kind: what it is taken for.
        media_type: by its content, not by its name (`audio/wav`).
        size: bytes.
    """

    id: str
    name: str
    kind: Kind
    media_type: str
    size: int


class Message(_Value):
    """What a user says.

    Attributes:
        text: may be empty where something is attached.
        attachments: files, already in the thread.
        taxonomy: label set that is wished for; None keeps the thread's.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    taxonomy: str | None = None


class Place(_Value):
    """A point of the valence-arousal plane (Russell 1980).

    Attributes:
        valence: unpleasant -1 to pleasant +1.
        arousal: calm -1 to excited +1.
    """

    valence: float
    arousal: float


class Analysis(_Value):
    """What a text or a recording expresses.

    Attributes:
        title: what was analysed, in a few words (`text`, `clip.wav`, `A`).
        reasoning: distribution, cues, passages, steps.
        place: expectation over the labels; None where the label set has no coordinates.
        adapter: that was used, or None.
        notes: sentences on limits: licence, what was not read, quality.
    """

    type: Literal["analysis"] = "analysis"
    title: str
    reasoning: Reasoning
    place: Place | None = None
    adapter: str | None = None
    notes: tuple[str, ...] = ()


class Comparison(_Value):
    """Two analyses side by side.

    Attributes:
        first: of A.
        second: of B.
        change: label -> probability in B less that in A, the largest change first.
    """

    type: Literal["comparison"] = "comparison"
    first: Analysis
    second: Analysis
    change: dict[str, float]


class Moment(_Value):
    """One turn of a dialogue or one stretch of a recording.

    Attributes:
        text: its words, or what was heard, or "".
        speaker: who speaks, if known.
        start: s, of a recording.
        end: s, of a recording.
        labels: the decision.
        probabilities: label -> probability.
        place: in the valence-arousal plane.
        problem: why it could not be labelled; then there are no labels.
    """

    text: str = ""
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    labels: tuple[str, ...] = ()
    probabilities: dict[str, float] = Field(default_factory=dict)
    place: Place | None = None
    problem: str | None = None


class Timeline(_Value):
    """How the emotion changes over a dialogue or a recording."""

    type: Literal["timeline"] = "timeline"
    title: str
    taxonomy: str
    moments: tuple[Moment, ...]
    notes: tuple[str, ...] = ()


class Passages(_Value):
    """What the knowledge base holds on a question."""

    type: Literal["passages"] = "passages"
    query: str
    passages: tuple[Evidence, ...]


class LabelCard(_Value):
    """What a label of a label set means.

    Attributes:
        name: of the label.
        taxonomy: label set that it is of.
        description: one line.
        place: in the valence-arousal plane.
        maps: other label set -> its counterparts there.
        passages: on it.
    """

    type: Literal["label"] = "label"
    name: str
    taxonomy: str
    description: str
    place: Place | None = None
    maps: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    passages: tuple[Evidence, ...] = ()


class LabelledFile(_Value):
    """A corpus that was labelled.

    Attributes:
        source: name of the file that was given.
        result: the labelled file, as an attachment of the thread.
        taxonomy: label set.
        rows: labelled.
        bad_rows: set aside.
        counts: label -> rows whose first label it is, the most frequent first.
        preview: the first rows.
    """

    type: Literal["file"] = "file"
    source: str
    result: Attachment
    taxonomy: str
    rows: int
    bad_rows: int
    counts: dict[str, int]
    preview: tuple[Moment, ...] = ()


class Written(_Value):
    """Sentences that were written for a label, and how the labeler reads each.

    Attributes:
        label: that was asked for.
        taxonomy: it is of.
        kept: those that the labeler, which did not write them, reads as the label; the surest first.
        tried: sentences written in all.
        writer: name of the model.
    """

    type: Literal["written"] = "written"
    label: str
    taxonomy: str
    kept: tuple[Moment, ...]
    tried: int
    writer: str


Finding = Annotated[
    Analysis | Comparison | Timeline | Passages | LabelCard | LabelledFile | Written, Field(discriminator="type")
]


class Answer(_Value):
    """What the agent says.

    Attributes:
        text: Markdown. Citations are `[kb:ID]`, `[cue:N]`, `[ex:ID]`, each of something in `findings`.
        tool: that was used; `none` for small talk and for what the guard answered.
        guarded: why the guard answered instead of a tool, or None.
        findings: what the answer rests on.
        sources: every passage that is cited, once.
        chosen_by: what chose the tool: the router, or a model's name.
    """

    text: str
    tool: Tool
    guarded: Literal["workplace", "school", "lie-detection", "crisis", "profiling"] | None = None
    findings: tuple[Finding, ...] = ()
    sources: tuple[Evidence, ...] = ()
    chosen_by: str = "router"


class Feedback(_Value):
    """What a user thinks of an answer.

    Attributes:
        rating: 1 for good, -1 for bad.
        label: what would have been right, if said.
        comment: in the user's words.
    """

    rating: Literal[1, -1]
    label: str | None = None
    comment: str = ""


class Turn(_Value):
    """A message with its answer.

    Attributes:
        number: within the thread, from 0.
        at: when it was sent, ISO 8601 in UTC.
        message: what was said.
        answer: None where the process ended before there was one.
        feedback: if given.
    """

    number: int
    at: str
    message: Message
    answer: Answer | None = None
    feedback: Feedback | None = None


class Thread(_Value):
    """A conversation, without its turns.

    Attributes:
        id: random, 32 hexadecimal digits.
        title: the first words of its first message.
        created: ISO 8601 in UTC.
        updated: likewise.
        taxonomy: label set of its analyses.
        turns: how many there are.
    """

    id: str
    title: str
    created: str
    updated: str
    taxonomy: str
    turns: int


class Called(_Value):
    """Event: a tool was chosen and begins; `says` tells a person what is being done."""

    type: Literal["called"] = "called"
    tool: Tool
    says: str


class Progress(_Value):
    """Event: how far long work is, 0 to 1."""

    type: Literal["progress"] = "progress"
    share: float
    says: str = ""


class Found(_Value):
    """Event: a finding is there."""

    type: Literal["found"] = "found"
    finding: Finding


class Said(_Value):
    """Event: the next words of the answer."""

    type: Literal["said"] = "said"
    text: str


class Done(_Value):
    """Event, the last one: the whole answer and its place in the thread."""

    type: Literal["done"] = "done"
    thread: str
    turn: int
    answer: Answer


class Failed(_Value):
    """Event, the last one: the message could not be answered; the thread holds it all the same."""

    type: Literal["failed"] = "failed"
    says: str


Event = Annotated[Called | Progress | Found | Said | Done | Failed, Field(discriminator="type")]
