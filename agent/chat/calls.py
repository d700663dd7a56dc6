"""What is to be done for a message, as a value: the tool and what it is given. The router makes one, so does an LLM.

Nothing to compute. A call is JSON, so that a conversation that was interrupted knows what it was about to do.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.values import Tool

Talk = Literal["greeting", "thanks", "goodbye", "help", "about", "unclear"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Value):
    """One turn of a dialogue that was pasted or attached."""

    text: str
    speaker: str | None = None


class Subject(_Value):
    """What an analysis is about.

    Attributes:
        title: how the answer calls it.
        text: the words, or None.
        speaker: who says them.
        context: what was said before, oldest first.
        recordings: of the voice, of a face or of the body, at most one of each.
    """

    title: str = "the text"
    text: str | None = None
    speaker: str | None = None
    context: tuple[Line, ...] = ()
    recordings: tuple[Attachment, ...] = ()

    def of(self, kind: str) -> Attachment | None:
        """Return the recording of a kind, if there is one."""
        return next((each for each in self.recordings if each.kind == kind), None)


class Call(_Value):
    """A tool with what it is given.

    Attributes:
        tool: which.
        subjects: of an analysis one or more, of a comparison two, of a timeline one whose context is the dialogue.
        taxonomy: label set that was asked for; None keeps the thread's.
        query: what is looked for, of `search`; the question as it was put.
        labels: that are explained or written for.
        count: sentences to write.
        attachment: the file to label, or the recording that a timeline is of.
        why: the reasons were asked for.
        changed: what a follow-up changed (`without the first sentence`); "" where nothing.
        impossible: what a follow-up wished to change and can't be; "" where nothing.
        talk: what kind of small talk, of tool `none`.
        missing: what the user has to give first; "" where nothing is.
    """

    tool: Tool
    subjects: tuple[Subject, ...] = ()
    taxonomy: str | None = None
    query: str = ""
    labels: tuple[str, ...] = ()
    count: int = 5
    attachment: Attachment | None = None
    why: bool = False
    changed: str = ""
    impossible: str = ""
    talk: Talk = "unclear"
    missing: str = ""
