"""`Reply`: a text while it is written, for the thread that asked; and the other end, for the thread that writes.

The reader iterates over pieces of text, or leaves; the writer puts pieces and the end. A reply that nobody holds any
more is cancelled by itself. Knows nothing of models.
"""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event
from typing import Self

from thymos.adapters.generation.values import Finish, Usage
from thymos.prompts.errors import ThymosError


class Channel:
    """What writer and reader share.

    Attributes:
        left: the reader does not want more.
        usage: tokens so far.
        finish: why it ended; None while it is written.
    """

    def __init__(self, prompt: int) -> None:
        """Begin with nothing written.

        Args:
            prompt: tokens of the prompt.
        """
        self.left = Event()
        self.usage = Usage(prompt=prompt, cached=0, completion=0)
        self.finish: Finish | None = None
        self._pieces: SimpleQueue[str | ThymosError | None] = SimpleQueue()

    def put(self, piece: str) -> None:
        """Give the reader some text."""
        if piece:
            self._pieces.put(piece)

    def end(self, finish: Finish, usage: Usage) -> None:
        """Tell the reader that the text is whole."""
        self.finish, self.usage = finish, usage
        self._pieces.put(None)

    def fail(self, error: ThymosError) -> None:
        """Tell the reader why there is no more."""
        self._pieces.put(error)

    def get(self) -> str | ThymosError | None:
        """Wait for the next piece; None after the last."""
        return self._pieces.get()


class Reply(Iterator[str]):
    """The pieces of a text as they are written; `close` or letting go of it ends the writing."""

    def __init__(self, channel: Channel) -> None:
        """Listen.

        Args:
            channel: into which the writer writes.
        """
        self._channel = channel
        self._over = False

    @property
    def usage(self) -> Usage:
        """Tokens; whole once the text is."""
        return self._channel.usage

    @property
    def finish(self) -> Finish | None:
        """Why the text ended: `stop`, or `length` where the limit cut it; None before its end."""
        return self._channel.finish

    def __next__(self) -> str:
        """Wait for the next piece.

        Raises:
            ThymosError: the model could not go on, or was closed.
        """
        if self._over:
            raise StopIteration
        piece = self._channel.get()
        if isinstance(piece, str):
            return piece
        self._over = True
        if piece is None:
            raise StopIteration
        raise piece

    def text(self) -> str:
        """Wait for all that is left."""
        return "".join(self)

    def close(self) -> None:
        """Do not want more; may be called at any time."""
        self._over = True
        self._channel.left.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._channel.left.set()
