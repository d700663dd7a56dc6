"""`Ahead`: the recordings of the rows that come next are encoded while a chunk is labelled.

Takes what encodes; gives it the next chunk in a thread of its own. What is done there lands in the cache of frames, so
that nothing is in two places and a stop loses nothing. Knows neither encoders nor models.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Self

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.prompts.errors import ThymosError

Prepare = Callable[[Sequence[Sample], Callable[[], bool]], None]  # samples, and whether to stop after what is in hand
_Chunk = list[Sample | BadRow]


class Ahead:
    """One thread that is a chunk ahead. Used as a context; at its end what is in hand is finished, no more."""

    def __init__(self, prepare: Prepare | None) -> None:
        """Keep what encodes.

        Args:
            prepare: encodes samples until it is told to stop; None encodes nothing ahead.
        """
        self._prepare = prepare
        self._stop = Event()
        self._pool = ThreadPoolExecutor(1, "ahead") if prepare else None

    def __enter__(self) -> Self:
        """Be ready."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self._stop.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, chunk: Sequence[Sample | BadRow]) -> None:
        """Turn to a chunk; what is left of the one before is done by whoever labels it."""
        if self._pool is None or self._prepare is None:
            return
        self._stop.set()
        self._stop = stop = Event()
        samples = [row for row in chunk if isinstance(row, Sample)]
        self._pool.submit(self._prepare, samples, stop.is_set)


def with_next(chunks: Iterator[_Chunk]) -> Iterator[tuple[_Chunk, _Chunk]]:
    """Yield each chunk with the one after it, the last with an empty one.

    A chunk after which the corpus cannot be read is labelled first, as if nobody had looked ahead.
    """
    held = next(chunks, None)
    while held is not None:
        failed: ThymosError | None = None
        following: _Chunk | None = None
        try:
            following = next(chunks, None)
        except ThymosError as error:
            failed = error
        yield held, following or []
        if failed is not None:
            raise failed
        held = following
