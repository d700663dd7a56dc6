"""Rows of CSV, JSONL, JSON or Parquet as passages: a glossary, a list of questions and answers, a lexicon.

Takes a file and names of columns; gives passages. Knows nothing of labelled corpora: `exemplars.py` reads those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thymos.adapters.readers.opening import open_records
from thymos.adapters.readers.records import Broken
from thymos.prompts.errors import InputError
from thymos.retrieval.documents.ids import Ids
from thymos.retrieval.passage import NOTE, Passage


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Which column says what; None takes the usual name where there is one.

    Attributes:
        text: what the passage says: text, definition, content or body.
        title: title, label, name, term, lemmas or question.
        id: id.
        emotions: emotions or emotion, words with commas between or a list.
    """

    text: str | None = None
    title: str | None = None
    id: str | None = None
    emotions: str | None = None


_USUAL = {
    "text": ("text", "definition", "content", "body"),
    "title": ("title", "label", "name", "term", "lemmas", "question"),
    "id": ("id",),
    "emotions": ("emotions", "emotion"),
}


def read_table(path: Path, *, name: str, columns: TableColumns, licence: str = "") -> list[Passage]:
    """Read a table.

    Args:
        path: `.csv`, `.tsv`, `.jsonl`, `.json` or `.parquet`, also gzipped.
        name: of the document; ids begin with it.
        columns: which column says what.
        licence: of its words.

    Raises:
        InputError: the file can't be read, or has no column with text.
    """
    found: list[Passage] = []
    places: dict[str, str | None] | None = None
    ids = Ids(name)
    for number, record in enumerate(open_records(path), start=1):
        if isinstance(record, Broken):
            raise InputError(f"row {number} of {path.name} must be whole: {record.reason}")
        row = record.values
        if places is None:
            places = _places(row, columns, path)
        text = _said(row.get(places["text"] or ""))
        if not text:
            continue
        identifier = _said(row.get(places["id"] or "")) or str(number)
        found.append(
            Passage(
                id=ids(identifier),
                text=text,
                title=_said(row.get(places["title"] or "")),
                kind=NOTE,
                emotions=_words(row.get(places["emotions"] or "")),
                licence=licence,
                document=name,
            )
        )
    return found


def _places(row: Mapping[str, Any], columns: TableColumns, path: Path) -> dict[str, str | None]:
    """Return which column holds what."""
    found: dict[str, str | None] = {}
    for what, usual in _USUAL.items():
        told = getattr(columns, what)
        if told is not None and told not in row:
            raise InputError(
                f"{what} column must be one of {', '.join(row)}, got {told!r} in {path.name}; name one of these"
            )
        found[what] = told or next((each for each in usual if each in row), None)
    if found["text"] is None:
        raise InputError(
            f"table must have a column with text, got {', '.join(row)} in {path.name}; name it with --text-column"
        )
    return found


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_said(each) for each in value if each is not None)
    return "" if value is None else " ".join(str(value).split())


def _words(value: Any) -> tuple[str, ...]:
    each = value if isinstance(value, list | tuple) else _said(value).split(",")
    return tuple(word for one in each if (word := _said(one)))
