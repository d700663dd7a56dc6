"""What a tool finds, as values that become JSON: analyses, comparisons, timelines, passages, labels, files, sentences.

Nothing to compute and nothing to render. The terminal, the web page and the HTTP API show the same values.
"""

from typing import Annotated, Literal

from pydantic import Field

from thymos.agent.chat.attachment import Attachment, Value
from thymos.agent.reasoning.values import Evidence, Reasoning, Recording


class Place(Value):
    """A point of the valence-arousal plane (Russell 1980).

    Attributes:
        valence: unpleasant -1 to pleasant +1.
        arousal: calm -1 to excited +1.
    """

    valence: float
    arousal: float


class Analysis(Value):
    """What a text or a recording expresses.

    Attributes:
        title: what was analysed, in a few words (`text`, `clip.wav`, `A`).
        reasoning: distribution, cues, passages, steps.
        place: expectation over the labels; None where the label set has no coordinates.
        beneath: the likeliest feeling where the label that means none of them leads; else None.
        adapter: that was used, or None.
        notes: sentences on limits: licence, what was not read, quality.
    """

    type: Literal["analysis"] = "analysis"
    title: str
    reasoning: Reasoning
    place: Place | None = None
    beneath: str | None = None
    adapter: str | None = None
    notes: tuple[str, ...] = ()


class Measured(Value):
    """What was measured in a recording that no adapter names an emotion from.

    Attributes:
        title: name of the recording.
        recording: measurements and quality.
        notes: sentences on limits.
    """

    type: Literal["measured"] = "measured"
    title: str
    recording: Recording
    notes: tuple[str, ...] = ()


class Comparison(Value):
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


class Moment(Value):
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


class Timeline(Value):
    """How the emotion changes over a dialogue or a recording."""

    type: Literal["timeline"] = "timeline"
    title: str
    taxonomy: str
    moments: tuple[Moment, ...]
    notes: tuple[str, ...] = ()


class Passages(Value):
    """What the knowledge base holds on a question."""

    type: Literal["passages"] = "passages"
    query: str
    passages: tuple[Evidence, ...]


class LabelCard(Value):
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


class LabelledFile(Value):
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


class Written(Value):
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
    Analysis | Measured | Comparison | Timeline | Passages | LabelCard | LabelledFile | Written,
    Field(discriminator="type"),
]
