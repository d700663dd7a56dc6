"""What `/v1/chat/completions` gives, in OpenAI's form: whole answers, pieces of a stream, models.

Takes texts and counts; gives JSON values. What the agent says beside words stands in `thymos`, which OpenAI's clients
keep and hand on.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from thymos.agent.chat.values import Answer
from thymos.agent.serve.protocols import Finish

Reason = Literal["stop", "length"]


class PromptDetails(BaseModel):
    """Of the prompt."""

    cached_tokens: int


class Usage(BaseModel):
    """Tokens; of `thymos`, which reads and writes by rule, words and marks."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails

    @classmethod
    def of(cls, finish: Finish) -> "Usage":
        """Return what a writer counted."""
        return cls(
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            total_tokens=finish.prompt_tokens + finish.completion_tokens,
            prompt_tokens_details=PromptDetails(cached_tokens=finish.cached_tokens),
        )


class Outgoing(BaseModel):
    """What was answered."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    thymos: Answer | None = None


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: Outgoing
    logprobs: None = None
    finish_reason: Reason


class Completion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class Model(BaseModel):
    """A model that can be asked."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "thymos"


class Models(BaseModel):
    """All that can be asked."""

    object: Literal["list"] = "list"
    data: list[Model]


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an answer: its counts, and what the agent says beside words."""

    finish: Finish
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One completion: the id and time that all of its pieces share.

    Attributes:
        model: that answers.
        with_usage: pieces of a stream tell of usage.
    """

    model: str
    with_usage: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, text: str, ended: Ended) -> Completion:
        """Return an answer in one piece."""
        choice = Choice(message=Outgoing(content=text, thymos=ended.answer), finish_reason=ended.finish.reason)
        return Completion(
            id=self.id, created=self.created, model=self.model, choices=[choice], usage=Usage.of(ended.finish)
        )

    def first(self) -> bytes:
        """Return the piece that says who speaks."""
        return self._piece({"role": "assistant", "content": "", "refusal": None})

    def words(self, text: str) -> bytes:
        """Return a piece of the answer."""
        return self._piece({"content": text})

    def last(self, ended: Ended) -> bytes:
        """Return the pieces that end a stream."""
        delta = {"thymos": ended.answer.model_dump(mode="json")} if ended.answer else {}
        piece = self._piece(delta, ended.finish.reason)
        if self.with_usage:
            piece += self._event({"choices": [], "usage": Usage.of(ended.finish).model_dump()})
        return piece + b"data: [DONE]\n\n"

    def _piece(self, delta: dict[str, Any], reason: Reason | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return self._event({"choices": [choice]} | ({"usage": None} if self.with_usage else {}))

    def _event(self, values: dict[str, Any]) -> bytes:
        frame = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}
        return event(frame | values)


def event(values: dict[str, Any]) -> bytes:
    """Return JSON values as a server-sent event."""
    return f"data: {json.dumps(values, separators=(',', ':'))}\n\n".encode("ascii")


def comment(text: str) -> bytes:
    """Return a line that clients pass over: it tells people who watch, and keeps a connection alive."""
    plain = " ".join(text.split())
    return f": {plain}\n\n".encode("utf-8", "replace")
