"""What `/v1/label` and `/v1/ask` take and give. Values only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

_Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
_Name = Annotated[str, Field(max_length=200)]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Earlier(_Taken):
    """An earlier turn of a conversation."""

    text: str
    speaker: _Name | None = None


class Row(_Taken):
    """What is to be labelled.

    Attributes:
        id: comes back with the answer; the row's number from 1 unless given.
        text: what was said.
        speaker: who says it.
        context: earlier turns, oldest first, at most 1,000.
    """

    id: _Name | None = None
    text: str
    speaker: _Name | None = None
    context: Annotated[list[Earlier | str], Field(max_length=1000)] = []


class LabelRequest(_Taken):
    """Texts, or rows with what came before them.

    Attributes:
        texts: texts alone.
        rows: texts with ids, speakers and context; instead of `texts`.
        taxonomy: label set.
        threshold: probability that a label of a multi-label set needs.
        abstain_below: no label where the largest probability is below this.
        accuracy: abstain so that this share of the other rows is right, as on the dev split.
        coverage: add the set of labels that holds the right ones with this probability.
        aim: of a single label: `likeliest`, or what was fitted for F1 of the `emotions` other than neutral, or for the
            `balance` of rare and common labels.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"texts": ["I miss her so much.", "We won!"], "taxonomy": "ekman"}]},
    )

    texts: list[str] | None = None
    rows: list[Row] | None = None
    taxonomy: _Name | None = None
    threshold: _Share | None = None
    abstain_below: _Share = 0.0
    accuracy: _Share | None = None
    coverage: _Share | None = None
    aim: Literal["likeliest", "emotions", "balance"] = "likeliest"

    @model_validator(mode="after")
    def _one_of_both(self) -> "LabelRequest":
        if (self.texts is None) == (self.rows is None):
            raise ValueError("body must have either texts or rows, got both or neither; give one of them")
        return self

    @property
    def asked(self) -> list[Row]:
        """The rows, texts too."""
        return self.rows if self.rows is not None else [Row(text=text) for text in self.texts or []]

    @property
    def has_wishes(self) -> bool:
        """Whether the decision is to be made otherwise than usual."""
        return (
            bool(self.abstain_below)
            or self.aim != "likeliest"
            or any(value is not None for value in (self.threshold, self.accuracy, self.coverage))
        )


class Labelled(BaseModel):
    """A row's labels.

    Attributes:
        id: of the row.
        labels: the decision; none where it abstained.
        probabilities: label -> probability.
        entropy: of the distribution, nats.
        margin: between the two largest probabilities.
        abstained: the row should go to a person.
        label_set: holds the right labels with the wished coverage; only where one was wished.
    """

    id: str
    labels: list[str]
    probabilities: dict[str, float]
    entropy: float
    margin: float
    abstained: bool
    label_set: list[str] | None = None


class Unlabelled(BaseModel):
    """A row that can't be labelled, and why."""

    id: str
    error: str


class LabelResponse(BaseModel):
    """One entry per row, in order."""

    taxonomy: str
    predictions: list[Labelled | Unlabelled]


class AskRequest(_Taken):
    """Something that somebody said, with what came before and what was recorded.

    Attributes:
        text: the words; may be empty where there is a recording.
        speaker: who says it.
        context: earlier turns, oldest first.
        taxonomy: label set.
        speech: recording of the voice, as a data URL.
        face: picture of the face, as a data URL.
        physiology: recording of the body (CSV, EDF), as a data URL.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Fine.", "speaker": "Ann", "context": ["I forgot your birthday."]}]},
    )

    text: str = ""
    speaker: _Name | None = None
    context: Annotated[list[Earlier | str], Field(max_length=100)] = []
    taxonomy: _Name | None = None
    speech: str | None = None
    face: str | None = None
    physiology: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "AskRequest":
        if not self.text.strip() and not (self.speech or self.face or self.physiology):
            raise ValueError("text must say something where there is no recording, got nothing")
        return self
