"""What the server needs of the parts that answer: an agent, its threads, and a model that writes.

Protocols alone; `thymos.agent.chat` has the real ones, tests have small ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypedDict

from thymos.adapters.sample import Sample
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Event
from thymos.agent.chat.values import Feedback, Message, Thread, Turn
from thymos.agent.prediction import BatchLabeler
from thymos.agent.reasoning.values import Evidence, Reasoning


class ThreadStore(Protocol):
    """Conversations that last; safe for several threads. Unknown ids and refused files raise `InputError`."""

    def turns(self, thread_id: str) -> list[Turn]:
        """Return its turns in order."""
        ...

    def create(self, taxonomy: str = "goemotions") -> Thread:
        """Begin a conversation."""
        ...

    def listed(self) -> list[Thread]:
        """Return all, the newest first."""
        ...

    def get(self, thread_id: str) -> Thread:
        """Return one, without its turns."""
        ...

    def delete(self, thread_id: str) -> None:
        """Remove it with media and feedback."""
        ...

    def rename(self, thread_id: str, title: str) -> Thread:
        """Give it another title."""
        ...

    def attach(self, thread_id: str, name: str, content: BinaryIO) -> Attachment:
        """Store a file in its folder."""
        ...

    def media(self, thread_id: str, attachment_id: str) -> tuple[Attachment, Path]:
        """Return what is known of a file, and where it lies."""
        ...

    def feedback(self, thread_id: str, turn: int, feedback: Feedback) -> None:
        """Keep what a user thinks of an answer."""
        ...

    def export(self, thread_id: str, form: Literal["markdown", "json"]) -> str:
        """Return the whole conversation as one text."""
        ...

    def export_feedback(self) -> Iterator[dict[str, Any]]:
        """Yield training rows from feedback."""
        ...


class Agent(Protocol):
    """What answers; `thymos.agent.chat.agent.ChatAgent` is one. Every method may be called from several threads."""

    @property
    def threads(self) -> ThreadStore:
        """Where conversations are kept."""
        ...

    @property
    def taxonomies(self) -> tuple[str, ...]:
        """Names of the label sets that may be asked for."""
        ...

    def reply(self, thread: str, message: Message) -> Iterator[Event]:
        """Answer in a thread, which keeps the turn; the last event is `Done` or `Failed`."""
        ...

    def answer(self, history: Sequence[Message], message: Message, media: Path | None = None) -> Iterator[Event]:
        """Answer without keeping anything; attachments lie in the folder `media`, under their ids."""
        ...

    def delete(self, thread: str) -> None:
        """Delete a conversation and all that was kept of it."""
        ...

    def close(self) -> None:
        """Let go of what is kept open."""
        ...

    def labeler(self, taxonomy: str | None = None) -> BatchLabeler:
        """Return the labeler of a label set, the same one every time."""
        ...

    def passage(self, passage_id: str) -> Evidence | None:
        """Return a passage of the knowledge base."""
        ...


class Reasons(Protocol):
    """What answers `/v1/ask`; `thymos.agent.reasoning.reasoner.Reasoner` is one."""

    def reason(self, sample: Sample | str) -> Reasoning:
        """Answer with reasons."""
        ...


class Said(TypedDict):
    """A message as a model gets it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The last thing that a writer yields.

    Attributes:
        reason: why it ended.
        prompt_tokens: read, cached ones included.
        completion_tokens: written.
        cached_tokens: of the prompt, that need not be computed again.
    """

    reason: Literal["stop", "length"] = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Writer(Protocol):
    """A language model that writes, without the agent around it."""

    @property
    def name(self) -> str:
        """Id of the model in the API (`smollm2-135m-instruct`)."""
        ...

    def stream(
        self,
        messages: Sequence[Said],
        *,
        max_tokens: int | None,
        temperature: float | None,
        top_p: float | None,
        seed: int | None,
        stop: Sequence[str],
    ) -> Iterator[str | Finish]:
        """Yield text as it is written, then one `Finish`.

        Raises:
            InputError: the prompt is too long.
        """
        ...
