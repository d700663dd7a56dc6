"""`Work`: a bounded number of threads that answer, and a bounded number of requests that wait for one.

Takes functions and generators that block; gives results to coroutines. A client that leaves ends its work: what waits
is dropped, and a generator is closed after the step in hand. Knows nothing of what is answered.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from math import ceil
from time import monotonic
from typing import Any, Generic, TypeVar

from starlette.requests import Request

from thymos.agent.serve.batching import GONE
from thymos.agent.serve.errors import ApiError, ClientGoneError

T = TypeVar("T")

_FIRST_GUESS = 1.0  # s that an answer takes, until one was measured
_LATEST = 0.1  # weight of the latest answer in the mean
_LONGEST_RETRY = 60  # s
_STOPS = "server must be running, got a request while it stops; try again later"


class Work:
    """Threads with a queue of limited length."""

    def __init__(self, workers: int, waiting: int) -> None:
        """Start no thread yet.

        Args:
            workers: answers at once.
            waiting: answers that may wait for one to end.
        """
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="thymos-answer")
        self._workers = workers
        self._most = workers + waiting
        self._lock = threading.Lock()
        self._inside = 0
        self._mean = _FIRST_GUESS

    @property
    def inside(self) -> int:
        """Answers that are worked on or wait."""
        return self._inside

    @property
    def waiting(self) -> int:
        """Answers that wait."""
        return max(0, self._inside - self._workers)

    async def run(self, request: Request, function: Callable[[], T]) -> T:
        """Return what a function returns, computed in a thread.

        Raises:
            ApiError: too many wait, or the client left.
        """
        gone = threading.Event()

        def wanted() -> T:
            GONE.set(gone)
            return function()

        future = self._submit(lambda: copy_context().run(wanted))

        async def result() -> T:
            return await asyncio.wrap_future(future)

        try:
            return await until_gone(request, result())
        finally:
            gone.set()

    def stream(self, make: Callable[[], Iterator[T]]) -> "Stream[T]":
        """Return what an iterator gives, worked off in a thread, for `async for`.

        Raises:
            ApiError: too many wait.
        """
        stream: Stream[T] = Stream(make)
        future = self._submit(lambda: copy_context().run(stream.work))
        stream.future = future
        future.add_done_callback(stream.ended)
        return stream

    def close(self) -> None:
        """Take no more; wait for what runs."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, function: Callable[[], T]) -> "Future[T]":
        with self._lock:
            if self._inside >= self._most:
                raise ApiError(
                    429,
                    f"queue must have at most {self._most - self._workers} requests, got one more; try again later",
                    headers={"Retry-After": str(self._retry_after())},
                )
            self._inside += 1

        def timed() -> T:
            start = monotonic()
            try:
                return function()
            finally:
                self._mean += _LATEST * (monotonic() - start - self._mean)
                self._left()  # before anybody hears of the end, so that whoever does may ask again at once

        try:
            future = self._pool.submit(timed)
        except RuntimeError:
            self._left()
            raise ApiError(503, _STOPS) from None
        future.add_done_callback(self._left_early)
        return future

    def _left_early(self, future: "Future[Any]") -> None:
        """Give back the place of what was cancelled before it began."""
        if future.cancelled():
            self._left()

    def _left(self) -> None:
        with self._lock:
            self._inside -= 1

    def _retry_after(self) -> int:
        """Return in how many seconds the queue should have moved on."""
        return min(_LONGEST_RETRY, max(1, ceil(self._mean * self.waiting / self._workers)))


class Stream(Generic[T]):
    """The values of an iterator that a thread works off."""

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self.future: Future[None] | None = None
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._stop = threading.Event()

    def work(self) -> None:
        """Go through the iterator, in a thread, until it ends or nobody wants it."""
        if self._stop.is_set():
            return
        GONE.set(self._stop)
        values = self._make()
        try:
            for value in values:
                if self._stop.is_set():
                    break
                self._put("value", value)
        finally:
            close = getattr(values, "close", None)
            if close is not None:
                close()

    def ended(self, future: "Future[None]") -> None:
        """Tell whoever reads that nothing more comes, or what went wrong."""
        error = ApiError(503, _STOPS) if future.cancelled() else future.exception()
        self._put("end" if error is None else "error", error)

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield its values; leaving the loop ends the work.

        When the loop comes to its end, the work's place in the queue is free.
        """
        try:
            while True:
                kind, value = await self._queue.get()
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                yield value
        finally:
            self.stop()

    def on_end(self, function: Callable[[], None]) -> None:
        """Have the loop call a function when no thread works at it any more, whether somebody reads it or not."""
        assert self.future is not None  # `Work.stream` gave it one

        def soon(future: "Future[None]") -> None:
            with suppress(RuntimeError):  # the loop is closed: the server was stopped
                self._loop.call_soon_threadsafe(function)

        self.future.add_done_callback(soon)

    def stop(self) -> None:
        """End the work after the step in hand."""
        self._stop.set()
        if self.future is not None:
            self.future.cancel()

    def _put(self, kind: str, value: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (kind, value))
        except RuntimeError:  # the loop is closed: the server was stopped
            self._stop.set()


async def until_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await work, but no longer than the client does.

    Raises:
        ClientGoneError: the client left; the work is cancelled.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        for each in (task, gone):
            if not each.done():
                each.cancel()


async def _gone(request: Request) -> None:
    """Return when the client has left; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
