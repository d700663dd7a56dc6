"""What happens while a message is answered, as values that become JSON: one after another, the last one ends it.

Nothing to compute. A reply is a stream of these, in the terminal, on the page and over HTTP.
"""

from typing import Annotated, Literal

from pydantic import Field

from thymos.agent.chat.attachment import Value
from thymos.agent.chat.findings import Finding
from thymos.agent.chat.values import Answer, Tool


class Called(Value):
    """Event: a tool was chosen and begins; `says` tells a person what is being done."""

    type: Literal["called"] = "called"
    tool: Tool
    says: str


class Progress(Value):
    """Event: how far long work is, 0 to 1."""

    type: Literal["progress"] = "progress"
    share: float
    says: str = ""


class Found(Value):
    """Event: a finding is there."""

    type: Literal["found"] = "found"
    finding: Finding


class Said(Value):
    """Event: the next words of the answer."""

    type: Literal["said"] = "said"
    text: str


class Done(Value):
    """Event, the last one: the whole answer and its place in the thread."""

    type: Literal["done"] = "done"
    thread: str
    turn: int
    answer: Answer


class Failed(Value):
    """Event, the last one: the message could not be answered; the thread holds it all the same."""

    type: Literal["failed"] = "failed"
    says: str


Event = Annotated[Called | Progress | Found | Said | Done | Failed, Field(discriminator="type")]
