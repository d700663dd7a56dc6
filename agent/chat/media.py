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


_MAGIC: tuple[tuple[bytes, int, Kind, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "face", "image/png"),
    (b"\xff\xd8\xff", 0, "face", "image/jpeg"),
    (b"GIF8", 0, "face", "image/gif"),
    (b"BM", 0, "face", "image/bmp"),
    (b"WEBP", 8, "face", "image/webp"),
    (b"WAVE", 8, "speech", "audio/wav"),
    (b"AVI ", 8, "speech", "video/x-msvideo"),
    (b"fLaC", 0, "speech", "audio/flac"),
    (b"OggS", 0, "speech", "audio/ogg"),
    (b"ID3", 0, "speech", "audio/mpeg"),
    (b"\xff\xfb", 0, "speech", "audio/mpeg"),
    (b"\xff\xf3", 0, "speech", "audio/mpeg"),
    (b"\xff\xf1", 0, "speech", "audio/aac"),
    (b"\xff\xf9", 0, "speech", "audio/aac"),
    (b"ftypM4A", 4, "speech", "audio/mp4"),
    (b"ftyp", 4, "speech", "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "speech", "video/webm"),
    (b"FORM", 0, "speech", "audio/aiff"),
    (b"caff", 0, "speech", "audio/x-caf"),
    (b"PAR1", 0, "corpus", "application/vnd.apache.parquet"),
    (b"0       ", 0, "physiology", "application/edf"),
    (b"PK\x03\x04", 0, "physiology", "application/zip"),
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
    for magic, at, kind, media_type in _MAGIC:
        if head[at : at + len(magic)] == magic:
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
    rows = list(csv.reader(StringIO(text), delimiter="\t" if "\t" in text.split("\n", 1)[0] else ","))[1:200]
    cells = [cell for row in rows for cell in row if cell.strip()]
    numbers = sum(1 for cell in cells if re.fullmatch(r"\s*-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\s*", cell))
    return len(rows) >= 8 and numbers >= 0.9 * len(cells)
