"""What an uploaded file is taken for, going by its content, and what is refused.

Takes bytes; gives a kind and a media type. Names decide nothing but between kinds of text. Nothing is decoded here
beyond a picture's size. Knows nothing of threads.
"""

import csv
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath, PureWindowsPath

from thymos.agent.chat.attachment import Kind
from thymos.agent.chat.reading import dialogue_lines
from thymos.prompts.errors import InputError

_HEAD = 65_536  # bytes that are looked at
_NAME = 120  # characters of a name that are kept
_TOO_MANY_PIXELS = "a picture must have at most {most:,} pixels, got {width} x {height}; make it smaller first"


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be attached.

    Attributes:
        size: bytes of one file.
        pixels: of a picture.
        total: bytes of all files of a thread.
    """

    size: int = 50_000_000
    pixels: int = 40_000_000
    total: int = 500_000_000


_MARKS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"II*\0", 0, "image/tiff"),
    (b"MM\0*", 0, "image/tiff"),
    (b"WAVE", 8, "audio/wav"),
    (b"AVI ", 8, "video/x-msvideo"),
    (b"fLaC", 0, "audio/flac"),
    (b"OggS", 0, "audio/ogg"),
    (b"ID3", 0, "audio/mpeg"),
    (b"ftypM4A", 4, "audio/mp4"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b".snd", 0, "audio/basic"),
    (b"AIFF", 8, "audio/aiff"),
    (b"caff", 0, "audio/x-caf"),
)
_OTHER: tuple[tuple[bytes, Kind, str], ...] = (
    (b"PAR1", "corpus", "application/vnd.apache.parquet"),
    (b"0       ", "physiology", "application/edf"),
    (b"PK\x03\x04", "physiology", "application/zip"),
)
_BY_NAME: dict[str, tuple[Kind, str]] = {
    ".wav": ("speech", "audio/wav"),
    ".mp3": ("speech", "audio/mpeg"),
    ".m4a": ("speech", "audio/mp4"),
    ".flac": ("speech", "audio/flac"),
    ".ogg": ("speech", "audio/ogg"),
    ".webm": ("speech", "video/webm"),
    ".mp4": ("speech", "video/mp4"),
    ".png": ("face", "image/png"),
    ".jpg": ("face", "image/jpeg"),
    ".jpeg": ("face", "image/jpeg"),
}


def sniff(name: str, head: bytes) -> tuple[Kind, str]:
    """Return what a file is taken for, and its media type.

    Args:
        name: as the user calls it.
        head: its first bytes, 65,536 are enough.

    Raises:
        InputError: it is empty, or nothing that can be used.
    """
    if not head:
        raise InputError(f"{name} must hold something, got an empty file; attach another")
    found = media_type_of(head)
    if found is not None:
        return ("face" if found.startswith("image/") else "speech"), found
    for mark, kind, media_type in _OTHER:
        if head.startswith(mark):
            return kind, media_type
    suffix = Path(name).suffix.lower()
    text = _as_text(head)
    if text is not None:
        return _of_text(suffix, text)
    if suffix in _BY_NAME:  # damaged, which its reader tells in better words
        return _BY_NAME[suffix]
    raise InputError(
        f"{name} must be a recording, a picture, a video, a recording of the body, a table or text, got "
        "something else; WAV, MP3, M4A, FLAC, OGG, PNG, JPEG, WebP, MP4, WebM, CSV, EDF, JSON lines, Parquet and text "
        "are read"
    )


def media_type_of(head: bytes) -> str | None:
    """Return the media type of a picture, sound or film that its first bytes tell; None where they tell none."""
    for mark, place, name in _MARKS:
        if head[place : place + len(mark)] == mark:
            return name
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "image/bmp"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"  # ADTS
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] >> 1 & 3 in (1, 2):
        return "audio/mpeg"  # a frame of layer II or III without a tag; a byte order mark would be layer I
    return None


def check_picture(path: Path, name: str, limits: Limits) -> None:
    """Refuse a picture with too many pixels; only its header is read.

    Raises:
        InputError: it has too many.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        raise InputError(
            f"{name}: a picture must have at most {limits.pixels:,} pixels; make it smaller first"
        ) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return  # its reader tells what is wrong
    if width * height > limits.pixels:
        raise InputError(f"{name}: " + _TOO_MANY_PIXELS.format(most=limits.pixels, width=width, height=height))


def plain_name(name: str) -> str:
    """Return a file's name without folders and control characters; never empty."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"/\\|?*').strip(" .")
    return kept[-_NAME:] or "file"


def _as_text(head: bytes) -> str | None:
    if b"\x00" in head:
        return None
    for cut in range(4):  # the piece may end inside a character
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return None


def _of_text(suffix: str, text: str) -> tuple[Kind, str]:
    if suffix in (".jsonl", ".ndjson", ".json"):
        return "corpus", "application/jsonl"
    if suffix in (".csv", ".tsv") or (suffix not in (".txt", ".md") and _columns(text) > 1):
        return ("physiology" if _is_signal(text) else "corpus"), "text/csv"
    named = [line for line in dialogue_lines(text) if line.speaker]
    return ("dialogue" if len(named) >= 2 else "corpus"), "text/plain"


def _columns(text: str) -> int:
    return len(next(csv.reader(StringIO(text)), []))


def _is_signal(text: str) -> bool:
    """Say whether a table holds signals: nearly all its cells below the first line are numbers."""
    rows = list(csv.reader(StringIO(text, newline=None), delimiter="\t" if "\t" in text.split("\n", 1)[0] else ","))[
        1:200
    ]
    cells = [cell for row in rows for cell in row if cell.strip()]
    numbers = sum(1 for cell in cells if re.fullmatch(r"\s*-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\s*", cell))
    return len(rows) >= 8 and numbers >= 0.9 * len(cells)
