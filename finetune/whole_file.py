"""Files that are there whole or not at all.

Takes a path; gives a handle to write through. Knows nothing of what is written.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from thymos.prompts.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that appears under its name only when it is complete; what was there before is replaced.

    Args:
        path: final name; the unfinished file lies beside it.

    Raises:
        InputError: the system refuses to write there.
    """
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(
                f"{path} must be writable, got: {error.strerror or error}; choose another place or make room"
            ) from error
        raise
