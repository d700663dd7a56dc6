"""A job as the API shows it: a corpus that is labelled in the background. Values only."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


class Job(BaseModel):
    """A corpus that is labelled.

    Attributes:
        id: random, 32 hexadecimal digits.
        state: queued, running, done, failed or cancelled.
        name: of the file, as it was sent.
        taxonomy: label set.
        rows: in the corpus; roughly until it is done, None where nobody has counted.
        done: rows that are labelled or set aside.
        bad_rows: of these, set aside.
        error: why it failed.
        created: when it was accepted, ISO 8601 in UTC.
        result: where the labelled file is, once it is done.
        text_column: column with the words; the obvious one where None.
        format: of the file; by its name where None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    state: State
    name: str
    taxonomy: str
    rows: int | None = None
    done: int = 0
    bad_rows: int = 0
    error: str | None = None
    created: str
    result: str | None = None
    text_column: str | None = None
    format: str | None = None
