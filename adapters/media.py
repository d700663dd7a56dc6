"""Where a recording or picture lies: a path, perhaps into a zip archive, perhaps with the part of it that is meant.

Takes what a cell or a flag says; gives a `MediaPlace` and, from that, bytes. A part is named as in W3C Media Fragments
URI 1.0 (2012): `clip.wav#t=3.5,8` in seconds, `crowd.jpg#xywh=160,120,320,240` in pixels. `clips.zip/a.flac` is the
file `a.flac` in the archive. Knows no format of sound, picture or signal.
"""

import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from thymos.adapters.broken import BROKEN
from thymos.prompts.errors import RowError

MAX_BYTES = 2_000_000_000  # of one file; a longer recording is to be cut first

_ARCHIVES = 16  # that stay open

_NUMBER = r"\d+(?:\.\d+)?"
_TIME = re.compile(rf"t=(?:npt:)?({_NUMBER})?(?:,({_NUMBER}))?")
_BOX = re.compile(r"xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)")


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """A file of sound, picture or signal, and the part of it that is meant.

    Attributes:
        path: of the file, or of a zip archive followed by the name in it.
        start: of the part, s; None is the beginning.
        end: of the part, s; None is the end.
        box: left, top, width and height of the part of a picture, pixels.
    """

    path: Path
    start: float | None = None
    end: float | None = None
    box: tuple[int, int, int, int] | None = None


def media_place(what: str, text: str, base_dir: Path, *, folders: bool = False) -> MediaPlace:
    """Return the file that a cell or flag names.

    Args:
        what: the column or flag, for the error.
        text: a path, with or without a fragment.
        base_dir: folder that relative paths start from.
        folders: whether a folder will do.

    Raises:
        RowError: there is no such file, or the fragment is none.
    """
    if media_exists(base_dir / text, folders=folders):  # a name may hold a `#`
        return MediaPlace(base_dir / text)
    name, mark, fragment = text.rpartition("#")
    if not mark or not media_exists(base_dir / name, folders=folders):
        raise RowError(
            f"{what} must be a file that exists, got {(name or text)[:80]!r}; relative paths start at {base_dir}"
        )
    start = end = box = None
    for part in fragment.split("&"):
        time, place = _TIME.fullmatch(part), _BOX.fullmatch(part)
        if time and (time[1] or time[2]):
            start, end = (float(each) if each else None for each in time.groups())
        elif place:
            left, top, width, height = map(int, place.groups())
            box = left, top, width, height
        else:
            raise RowError(
                f"part of {what} must be t=from,to or xywh=left,top,width,height, got {part[:40]!r}; say #t=3.5,8"
            )
    if (end is not None and end <= (start or 0.0)) or (box is not None and 0 in box[2:]):
        raise RowError(f"part of {what} must not be empty, got {fragment[:40]!r}; name a later end or a larger box")
    return MediaPlace(base_dir / name, start, end, box)


def media_exists(path: Path, *, folders: bool = False) -> bool:
    """Say whether there is such a file, on disk or in an archive, or such a folder where one will do."""
    try:
        if path.is_file() or (folders and path.is_dir()):
            return True
        found = _in_archive(path)
        if found is None:
            return False
        return found[1] in _archive(found[0]).NameToInfo
    except BROKEN:  # a name too long, a folder that may not be entered, a NUL, an archive that is damaged
        return False


def media_size(path: Path) -> int | None:
    """Return the bytes of a file, on disk or in an archive, or of all in a folder; None where there is none."""
    try:
        if path.is_dir():
            return sum(each.stat().st_size for each in path.iterdir() if each.is_file())
        found = None if path.is_file() else _in_archive(path)
        return path.stat().st_size if found is None else _archive(found[0]).getinfo(found[1]).file_size
    except BROKEN:
        return None


def open_media(path: Path) -> BinaryIO:
    """Open a file for reading and seeking; one in an archive is unpacked into memory.

    Raises:
        RowError: it cannot be opened, is empty, or has more than `MAX_BYTES`.
    """
    try:
        found = None if path.is_file() else _in_archive(path)
        if found is None:
            size = path.stat().st_size
            if size <= MAX_BYTES and size:
                return path.open("rb")
        else:
            archive = _archive(found[0])
            size = archive.getinfo(found[1]).file_size
            if size <= MAX_BYTES and size:
                with archive.open(found[1]) as member:
                    return BytesIO(member.read(MAX_BYTES))
    except BROKEN as error:
        raise RowError(
            f"media file must be one that opens, got {path.name}: {error}; fetch or save it again"
        ) from error
    if not size:
        raise RowError(f"media file must not be empty, got {path.name} of 0 bytes; fetch or record it again")
    raise RowError(f"media file must have at most {MAX_BYTES:,} bytes, got {path.name} of {size:,}; cut it first")


def _archive(path: Path) -> zipfile.ZipFile:
    """Return an archive, whose table of contents is read again only where it changed: it may name thousands."""
    told = path.stat()
    return _opened(path, told.st_size, told.st_mtime_ns)


@lru_cache(maxsize=_ARCHIVES)
def _opened(path: Path, size: int, changed: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _in_archive(path: Path) -> tuple[Path, str] | None:
    """Return the archive that a path leads into and the name in it, or None."""
    for parent in path.parents:
        if parent.suffix.lower() == ".zip" and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None
