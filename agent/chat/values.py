"""What a conversation is made of, as values that become JSON: messages, answers, turns, threads, feedback.

Nothing to compute and nothing to render. The terminal, the web page and the HTTP API show the same values.
"""

from typing import Literal

from thymos.agent.chat.attachment import Attachment, Value
from thymos.agent.chat.findings import Finding
from thymos.agent.reasoning.values import Evidence

Tool = Literal["analyse", "search", "compare", "timeline", "label_file", "synthesise", "explain_label", "none"]
Guarded = Literal["workplace", "school", "lie-detection", "crisis", "profiling"]


class Message(Value):
    """What a user says.

    Attributes:
        text: may be empty where something is attached.
        attachments: files, already in the thread.
        taxonomy: label set that is wished for; None keeps the thread's.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    taxonomy: str | None = None


class Answer(Value):
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
    guarded: Guarded | None = None
    findings: tuple[Finding, ...] = ()
    sources: tuple[Evidence, ...] = ()
    chosen_by: str = "router"


class Feedback(Value):
    """What a user thinks of an answer.

    Attributes:
        rating: 1 for good, -1 for bad.
        label: what would have been right, if said.
        comment: in the user's words.
    """

    rating: Literal[1, -1]
    label: str | None = None
    comment: str = ""


class Turn(Value):
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


class Thread(Value):
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
