"""Single cells: a value as read to text, a name, a number, labels or a path, or a sentence why not.

Takes values of any kind; gives plain ones or raises `RowError`. An empty cell is None everywhere.
"""

import json
import math
from pathlib import Path

from thymos.adapters.media import MediaPlace, media_place
from thymos.adapters.readers.records import shown
from thymos.prompts.errors import RowError


def filled(value: object) -> object:
    """Return the value of a cell; None for NaN too, as pandas writes what is missing."""
    return None if isinstance(value, float) and math.isnan(value) else value


def words(value: object, max_chars: int) -> str | None:
    """Return an utterance as written.

    Raises:
        RowError: it is no string, too long or not text.
    """
    value = filled(value)
    if isinstance(value, bytes):  # Parquet files of old writers do not mark strings as such
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RowError(f"text must be valid utf-8, got {error.reason} at byte {error.start + 1}") from error
    if value is None:
        return None
    if not isinstance(value, str):
        raise RowError(f"text must be a string, got {type(value).__name__}; is it the right column?")
    _check("text", value, max_chars)
    return value if value.strip() else None


def name(what: str, value: object, max_chars: int) -> str | None:
    """Return a short cell (id, speaker, dialogue) as text.

    Raises:
        RowError: it is too long or not text.
    """
    if (value := filled(value)) is None:
        return None
    if isinstance(value, list | tuple | dict | bytes):
        raise RowError(f"{what} must be a single value, got {shown(value)}; is it the right column?")
    text = str(value)
    _check(what, text, max_chars)
    return text if text.strip() else None


def number(what: str, value: object) -> float:
    """Return a cell that must be a finite number.

    Raises:
        RowError: it is none.
    """
    try:
        found = float(value)  # type: ignore[arg-type]  # what is no number fails here
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise RowError(f"{what} must be a number, got {shown(value)}; correct it or leave the column out")
    return found


def labels(what: str, value: object, separator: str | None, max_chars: int) -> tuple[str, ...] | None:
    """Return label names: of a list, of a JSON list in a string, or of a string cut at `separator`.

    () when the corpus says that there are none (an empty list), None when it says nothing (an empty cell). A label that
    is named twice is one.

    Raises:
        RowError: it is too long or not text.
    """
    if (value := filled(value)) is None:
        return None
    if isinstance(value, str):
        _check(what, value, max_chars)
        if not value.strip():
            return None
        listed = _json_list(value)
        cut = value.split(separator) if separator else [value]
        value = cut if listed is None else listed
    entries = value if isinstance(value, list | tuple) else [value]
    names = (name(what, entry, max_chars) for entry in entries)
    return tuple(dict.fromkeys(entry.strip() for entry in names if entry))


def media(what: str, value: object, base_dir: Path, *, folders: bool = False) -> MediaPlace | None:
    """Return the file that a cell names, and the part of it that is meant.

    Args:
        what: name of the column.
        value: of the cell.
        base_dir: folder that relative paths start from.
        folders: whether a folder will do (recorders of the body write several files).

    Raises:
        RowError: there is no such file, or the cell is no path.
    """
    if (value := filled(value)) is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise RowError(f"{what} must be the path of a file, got {type(value).__name__}; store paths")
    return media_place(what, value, base_dir, folders=folders)


def _json_list(text: str) -> list[object] | None:
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _check(what: str, text: str, max_chars: int) -> None:
    if len(text) > max_chars:
        raise RowError(
            f"{what} must have at most {max_chars:,} characters, got {len(text):,}; shorten it or raise --max-chars"
        )
    if "\0" in text:
        raise RowError(f"{what} must be text, got a NUL character; remove it")
