"""Where a corpus lies: a file, a folder that `datasets` wrote, or a hub data set.

Takes what the user named; gives a `Place` that exists (a hub data set may still turn out not to).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.readers.files import check_file
from thymos.adapters.readers.folder import is_dataset
from thymos.adapters.readers.hub import hub_id
from thymos.adapters.readers.registry import FORMATS, SUFFIXES
from thymos.prompts.errors import InputError


@dataclass(frozen=True, slots=True)
class Place:
    """One of three.

    Attributes:
        file: path of a file, or None.
        folder: path of a `datasets` folder, or None.
        hub: `owner/name`, or None.
        split: of the folder or the hub data set, where one was named.
    """

    file: Path | None = None
    folder: Path | None = None
    hub: str | None = None
    split: str | None = None

    @property
    def base_dir(self) -> Path:
        """The corpus' own folder."""
        if self.file is not None:
            return self.file.parent
        return self.folder or Path()


def locate(text: str) -> Place:
    """Return where the corpus lies that `text` names.

    Raises:
        InputError: there is no such thing, or it is of a kind that cannot be read.
    """
    if text == "-":
        raise InputError("corpus must be a file, got standard input, which a run could not resume; save it first")
    path = Path(text)
    if _is_folder(path):
        return Place(folder=_checked(path))
    name, colon, split = text.rpartition(":")
    if not _exists(path) and colon and name and _is_folder(Path(name)):
        return Place(folder=_checked(Path(name)), split=split)
    if found := hub_id(text, SUFFIXES):
        return Place(hub=found[0], split=found[1])
    check_file(path)
    return Place(file=path)


def _checked(folder: Path) -> Path:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError(f"corpus must be readable, got {folder}, which you may not enter; change its permissions")
    if not is_dataset(folder):
        raise InputError(
            f"a folder must be one that datasets' save_to_disk wrote, got {folder}; pass one of its files "
            f"(formats: {', '.join(FORMATS)})"
        )
    return folder


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False
