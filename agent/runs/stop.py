"""Stopping on request: a signal becomes an exception that unwinds the run, and then a sentence.

Takes nothing; installs handlers for the length of a block. Knows nothing of shards.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from thymos.prompts.errors import RunError

# Ctrl-C, what schedulers send, and a closed terminal. Windows has no SIGHUP.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(BaseException):
    """Somebody asked the process to stop; no `Exception`, so that nobody on the way mistakes it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class RunStoppedError(RunError):
    """A run was stopped on request; its exit code is the shell's for that signal (130 for Ctrl-C)."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in the block when the process is asked to stop.

    A signal that is ignored stays ignored (`nohup`), and outside the main thread, where Python allows no
    handlers, the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: set by no Python code


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)
