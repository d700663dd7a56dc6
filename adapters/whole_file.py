"""Files and folders that are there whole or not at all, whatever happens while they are written.

Takes a path and gives a handle or a folder to write into. Knows nothing of what is written.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from thymos.prompts.errors import OutputError

TEMPORARY = ".tmp"  # suffix of a file that is being written

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def whole_file(path: Path, *, via: Path | None = None) -> Iterator[BinaryIO]:
    """Write a file that appears under its name only when it is complete and on the disk.

    Args:
        path: final name; what was there before is replaced.
        via: temporary name on the same file system; `path` with `.tmp` added unless given.

    Raises:
        OutputError: the disk is full or refuses.
    """
    temporary = via or path.with_name(path.name + TEMPORARY)
    try:
        with temporary.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        put(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise refusal(path, error) from error
        raise


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Fill a folder that appears under its name only when it is complete.

    Args:
        path: final name.
        replace: whether a folder of that name goes; else it stays, and this one is refused.

    Raises:
        OutputError: the disk is full or refuses.
    """
    stage = path.with_name(path.name + TEMPORARY)
    try:
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        yield stage
        if replace:
            shutil.rmtree(path, ignore_errors=True)
        stage.replace(path)
    except BaseException as error:
        shutil.rmtree(stage, ignore_errors=True)
        if isinstance(error, OSError):
            raise refusal(path, error) from error
        raise


def put(temporary: Path, path: Path) -> None:
    """Give a finished file its name, and see that the name itself is on the disk."""
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names, or a power cut could forget a rename (Windows has no such call)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def refusal(path: Path, error: OSError) -> OutputError:
    """Return the sentence for a write that the system refused."""
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return OutputError(
            f"disk must have room for {path}, got: {why}; what was saved before stays: free some space and run the "
            "same command again"
        )
    return OutputError(
        f"{path} must be writable, got: {why}; what was saved before stays: mend that and run the same command again"
    )
