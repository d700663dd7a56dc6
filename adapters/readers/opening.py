"""`open_corpus`: from what the user named to a corpus, with everything that can be wrong said at once.

Takes a path or a hub id and options; gives a `FileCorpus`. The body is the list of steps.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from thymos.adapters.readers.columns import AUTO, NONE, Columns, resolve
from thymos.adapters.readers.file_corpus import FileCorpus, expanded
from thymos.adapters.readers.files import head
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.place import Place, locate
from thymos.adapters.readers.records import Broken, Records
from thymos.adapters.readers.registry import (
    DATASETS,
    LAYOUTS,
    PARQUET,
    SUFFIXES,
    TEXT_FORMATS,
    check_format,
    format_of,
)
from thymos.adapters.readers.rows import RowOptions
from thymos.adapters.readers.text import check_encoding
from thymos.adapters.readers.text_file import TextRecords, json_or_jsonl
from thymos.adapters.readers.where import conditions
from thymos.prompts.errors import InputError

PEEK = 1000  # records that are looked at to learn the columns of a format without a header


def open_corpus(
    path: str | Path,
    *,
    format: str = "auto",  # noqa: A002 - the word of the command line
    columns: Columns = AUTO,
    context_turns: int = 5,
    max_chars: int = 100_000,
    base_dir: str | Path | None = None,
    label_separator: str | None = None,
    encoding: str = "utf-8",
    where: Sequence[str] = (),
    gold_only: bool = False,
) -> FileCorpus:
    """Open a corpus for labelling; it is streamed, however large it is.

    Rows of a dialogue must come in the order of their turns; dialogues may be interleaved as long as no
    more than 10,000 are open at a time. `Sample.metadata` is the complete record as read (column -> value),
    used columns too. A row without an id (no column, or an empty cell) has its row number as id; equal ids
    are let through.

    Args:
        path: a file, a folder of `datasets` (`folder` or `folder:split`), or a hub id (`owner/name`,
            `hub:owner/name:split`).
        format: one of `FORMATS`; `auto` goes by the file's name.
        columns: which column holds what; obvious names are found without it, a named format knows its own.
        context_turns: earlier turns of its dialogue that a row brings along, at most.
        max_chars: longest cell that is used, in characters; a longer one is a bad row.
        base_dir: folder that relative media paths start from; the corpus' own folder unless given.
        label_separator: what stands between several labels in one cell (`|`); a JSON list needs none.
        encoding: of text files; a byte order mark decides over it.
        where: conditions that rows must meet, `column=value,value` or `column!=value`; the others are as if they were
            not there.
        gold_only: read ids and gold labels alone: texts, turns and recordings are not looked at.

    Raises:
        InputError: there is nothing to label in it, or it cannot be read as asked.
    """
    check_format(format)
    encoding = check_encoding(encoding)
    place = locate(str(path))
    options = replace(_options(place, context_turns, max_chars, label_separator, base_dir), gold_only=gold_only)
    general = _general_format(place, format, encoding)
    layout = LAYOUTS.get(format)
    records = _records(place, general, layout, encoding)
    wanted = columns.over(layout.columns.over(NONE)) if layout else columns
    names = _column_names(str(path), records, layout)
    resolved = resolve(wanted, names)
    meant = conditions(where, names)
    corpus = FileCorpus(str(path), layout.name if layout else general, records, layout, resolved, options, meant)
    if meant and next(iter(corpus), None) is None:
        raise InputError(f"where must leave a row, got none in {path} for {' and '.join(where)}; check the values")
    return corpus


def open_records(path: str | Path, *, encoding: str = "utf-8") -> Records:
    """Open a table of any sort, by its name: records as they lie, without a meaning for any column.

    Raises:
        InputError: it cannot be read.
    """
    place = locate(str(path))
    encoding = check_encoding(encoding)
    return _records(place, _general_format(place, "auto", encoding), None, encoding)


def _options(
    place: Place, context_turns: int, max_chars: int, label_separator: str | None, base_dir: str | Path | None
) -> RowOptions:
    if context_turns < 0:
        raise InputError(f"context_turns must be 0 or more, got {context_turns}; 0 leaves the context out")
    if max_chars < 1:
        raise InputError(f"max_chars must be at least 1, got {max_chars}; leave it out for 100,000")
    if label_separator == "":
        raise InputError("label_separator must be at least one character, got none; leave it out for one label a cell")
    folder = place.base_dir if base_dir is None else Path(base_dir)
    if not folder.is_dir():
        raise InputError(f"base_dir must be a folder that exists, got {str(folder)!r}; media paths start from it")
    return RowOptions(context_turns, max_chars, label_separator, folder)


def _general_format(place: Place, name: str, encoding: str) -> str:
    """Return the general format that a place is read with: what was asked, or what its name tells."""
    layout = LAYOUTS.get(name)
    asked = None if layout or name == "auto" else name
    if place.file is None:
        if asked not in (None, DATASETS):
            raise InputError(f"format {asked} must be a file, got {place.folder or place.hub}; leave the format out")
        return DATASETS
    if asked == DATASETS:
        raise InputError(f"format datasets must be a folder or a hub id, got the file {place.file}; name its folder")
    found = asked or format_of(place.file)
    if found == "json" and asked is None:
        found = json_or_jsonl(place.file, encoding)
    if found is None and head(place.file).startswith(b"PAR1"):
        found = PARQUET
    if found is None and layout is not None:
        found = layout.default
    if found is None:
        raise InputError(
            f"format must be named with --format where the file's name does not tell it, "
            f"got {place.file.name}; names that tell it end with {', '.join(SUFFIXES)}"
        )
    return found


def _records(place: Place, general: str, layout: Layout | None, encoding: str) -> Records:
    """Return the opened source; readers of tables are imported only here, since they take long to load."""
    if place.hub is not None:
        from thymos.adapters.readers.hub import HubRecords

        return HubRecords(place.hub, place.split)
    if place.folder is not None:
        from thymos.adapters.readers.folder import FolderRecords

        return FolderRecords(place.folder, place.split)
    assert place.file is not None  # one of the three
    if place.file.stat().st_size == 0:
        raise InputError(f"corpus must have at least one row to label, got {place.file}, which is empty")
    if general == PARQUET:
        from thymos.adapters.readers.parquet import ParquetRecords

        return ParquetRecords(place.file)
    if layout is not None and general in layout.formats:
        return TextRecords(place.file, layout.formats[general], encoding)
    return TextRecords(place.file, TEXT_FORMATS[general], encoding)


def _column_names(source: str, records: Records, layout: Layout | None) -> Sequence[str]:
    """Return the columns that the rows have, and refuse a source without a readable row."""
    first = next(iter(records), None)
    if first is None:
        raise InputError(f"corpus must have at least one row to label, got {source}, which has none")
    if records.columns is not None and layout is None:
        return records.columns
    names: dict[str, None] = {}
    flaw = ""
    for item in islice(expanded(records, layout), PEEK):
        if isinstance(item, Broken):
            flaw = flaw or item.reason
            continue
        names.update(dict.fromkeys(item.values))
        if layout is not None or records.same_columns:
            break
    if not names:
        raise InputError(
            f"corpus must have a readable row among its first {PEEK:,}, got none in {source}; the first one: {flaw}"
        )
    return tuple(names)
