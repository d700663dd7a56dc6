"""`Desk`: what a tool works with: models, the thread's files, its label set.

A value with nothing to compute. Tools know the desk and never the thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.engines import Engines


class Writer(Protocol):
    """A language model that writes.

    Attributes:
        name: of the model.
    """

    name: str

    def write(self, system: str, request: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Return `count` continuations of at most `tokens` tokens, sampled; the same seed gives the same."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What a tool works with.

    Attributes:
        engines: models.
        taxonomy: label set of the thread.
        place: where an attachment lies.
        keep: puts a file into the thread, under a name, and returns it as an attachment.
        writer: loads what writes sentences.
    """

    engines: Engines
    taxonomy: str
    place: Callable[[Attachment], Path]
    keep: Callable[[str, Path], Attachment]
    writer: Callable[[], Writer]
