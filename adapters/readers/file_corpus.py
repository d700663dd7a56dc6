"""`FileCorpus`: a corpus over records, the `Corpus` that runs take.

Takes a source of records, a layout and resolved columns; gives rows, an identity and an estimate of their
number. Built by `thymos.adapters.readers.opening.open_corpus`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.media import media_size
from thymos.adapters.readers import cells
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, Records
from thymos.adapters.readers.rows import RowBuilder, RowOptions
from thymos.adapters.readers.where import Condition
from thymos.adapters.sample import Sample
from thymos.prompts.errors import RowError


class FileCorpus:
    """Rows of one file, folder or hub data set; see `open_corpus`."""

    def __init__(
        self,
        source: str,
        format_name: str,
        records: Records,
        layout: Layout | None,
        columns: Columns,
        options: RowOptions,
        where: Sequence[Condition] = (),
    ) -> None:
        self._source = source
        self._format = format_name
        self._records = records
        self._layout = layout
        self._columns = columns
        self._options = options
        self._where = tuple(where)
        self._digest: Mapping[str, object] | None = None
        self._numbered: bool | None = None

    @property
    def source(self) -> str:
        """What the user named: a path or a hub id."""
        return self._source

    @property
    def format(self) -> str:
        """The format in use: a general one or a published corpus."""
        return self._format

    @property
    def columns(self) -> Columns:
        """Which column holds what; None where there is none."""
        return self._columns

    def __iter__(self) -> Iterator[Sample | BadRow]:
        """Yield every row once, good or bad, in input order."""
        rows = RowBuilder(self._columns, self._options)
        for item in expanded(self._records, self._layout):
            if not self._meant(item):
                rows.skip(item)
                continue
            row = rows.build(item)
            if row is not None:
                yield row

    def identity(self) -> Mapping[str, object]:
        """Return what makes these rows these rows; the content is hashed once for this object.

        Of recordings it is their names and sizes, so that one that was missing and has been fetched makes other rows.
        Left out: the path and `base_dir`.
        """
        if self._digest is None:
            self._digest = {**self._records.digest(), **self._media()}
        return {
            **self._digest,
            "format": self._format,
            "columns": {role: column for role, column in self._columns.items() if column},
            "context_turns": self._options.context_turns,
            "max_chars": self._options.max_chars,
            "label_separator": self._options.label_separator,
            **({"where": sorted(map(_told, self._where))} if self._where else {}),
            **({"numbered": "in the whole file"} if self._where and self.numbered else {}),
        }

    @property
    def numbered(self) -> bool:
        """Whether ids are row numbers, since neither a column nor the format gives any."""
        if self._numbered is None:
            first = next((item for item in expanded(self._records, self._layout) if isinstance(item, Record)), None)
            self._numbered = self._columns.id is None and (first is None or first.id is None)
        return self._numbered

    def _media(self) -> dict[str, object]:
        """Return a digest of the names and sizes of the recordings of the rows, if they name any."""
        columns = [each for each in (self._columns.speech, self._columns.face, self._columns.physiology) if each]
        if not columns or self._options.gold_only:
            return {}
        digest = hashlib.sha256()
        for item in expanded(self._records, self._layout):
            if isinstance(item, Record) and self._meant(item):
                for cell in (item.values.get(column) for column in columns):
                    digest.update(f"{cell}\0{_size(cell, self._options.base_dir)}\n".encode("utf-8", "surrogatepass"))
        return {"media": digest.hexdigest()}

    def _meant(self, item: Item) -> bool:
        """Say whether a row meets all conditions; one that could not be read does, so that it is told."""
        return not isinstance(item, Record) or all(each.holds(item.values) for each in self._where)

    def estimate_rows(self) -> int | None:
        """Return about how many rows there are: exact where the source knows, else from the first ones'
        size.
        """
        measured = self._records.measure(
            lambda item: sum(_is_row(each) and self._meant(each) for each in _expand(item, 1, self._layout))
        )
        if measured is None:
            return None
        rows, share = measured
        return round(rows / share) if share else rows


def _size(cell: object, folder: Path) -> int | None:
    """Return the size of the recording that a cell names, if it is there."""
    try:
        return media_size(cells.media("media", cell, folder, folders=True).path)  # type: ignore[union-attr]
    except (RowError, AttributeError):  # it names none
        return None


def _told(condition: Condition) -> str:
    return f"{condition.column}{'!' if condition.negated else ''}={','.join(sorted(condition.values))}"


def expanded(records: Iterable[Item], layout: Layout | None) -> Iterator[Item]:
    """Yield records in the columns of their layout."""
    if layout is None:
        yield from records
        return
    for number, item in enumerate(records, start=1):
        yield from _expand(item, number, layout)


def _expand(item: Item, number: int, layout: Layout | None) -> Iterable[Item]:
    if layout is None or isinstance(item, Broken):
        return (item,)
    return layout.expand(item, number)


def _is_row(item: Item) -> bool:
    return not (isinstance(item, Record) and item.context_only)
