"""One run per output: a lock that the operating system lets go when its holder dies.

Takes a `Destination`; gives a context. Knows nothing of what happens inside it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from thymos.agent.runs.destination import Destination
from thymos.prompts.errors import RunError


class HeldError(RunError):
    """Another run holds the output."""


@contextmanager
def claim(place: Destination) -> Iterator[None]:
    """Hold the output while the block runs. What a killed run left behind does not block.

    Raises:
        HeldError: another run holds it.
        RunError: the lock file cannot be written.
    """
    lock = FileLock(place.lock, is_singleton=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise HeldError(
            f"output must belong to one run at a time, got {place.out.name} while {_holder(place)} writes it;"
            " wait for that run or choose another name with -o"
        ) from None
    except OSError as error:
        raise RunError(
            f"output folder must let {place.lock.name} be locked, got: {error.strerror or error}; choose "
            "another folder with -o"
        ) from error
    try:
        place.lock.write_text(f"{os.getpid()}\n")
        yield
    finally:
        # While still held: whoever opened this file before sees that its name is gone and makes a new one.
        place.lock.unlink(missing_ok=True)
        lock.release()


def _holder(place: Destination) -> str:
    """Name the process that holds the lock, as far as its file tells."""
    try:
        number = place.lock.read_text().strip()
    except OSError:
        number = ""
    return f"process {number}" if number.isdigit() else "another process"
