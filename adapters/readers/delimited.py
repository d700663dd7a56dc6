"""CSV and TSV: a header line, then cells between delimiters, quoted where they need it.

Takes a byte stream; gives records in order. A broken row costs that row: reading goes on at the next line,
also after a quote that is never closed. In TSV, where quotes are often ordinary characters, a line whose
quotes do not work out is taken as it stands. Knows nothing of what the columns mean.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain

from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.records import Broken, Item, Record, excerpt, unique
from thymos.adapters.readers.text import LINE_LIMIT, Line, lines
from thymos.prompts.errors import InputError

QUOTE_LIMIT = 1_000_000  # characters that a quoted cell may run on over further lines


def read_csv(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the records of a CSV file; a header without commas but with `;` or tabs is taken at its word."""
    yield from _read(stream, encoding, ",")


def read_tsv(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the records of a TSV file, quoted like CSV where a cell begins with a quote."""
    yield from _read(stream, encoding, "\t")


class _UnclosedQuoteError(Exception):
    """A quoted cell ran on to its limit or to the end of the file."""


class _Feed:
    """Lines for `csv.reader`, remembering those of the record under way so that they can be given again."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._again: deque[Line] = deque()
        self._further = 0  # characters after the record's first line
        self.record: list[Line] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source, None)
        if line is None:
            raise _UnclosedQuoteError if self.record else StopIteration
        self._further += len(line[0]) if self.record else 0
        self.record.append(line)
        if self._further > QUOTE_LIMIT:
            raise _UnclosedQuoteError
        return line[0]

    def done(self) -> None:
        """Forget the lines of the record: it has been dealt with."""
        self.record, self._further = [], 0

    def give_up_first(self) -> None:
        """Drop the record's first line and give the others once more."""
        self._again.extendleft(reversed(self.record[1:]))
        self.done()


def _read(stream: ByteStream, encoding: str, delimiter: str) -> Iterator[Item]:
    # This limit is one for the whole process: it is only ever raised. LINE_LIMIT is what bounds memory here.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT + QUOTE_LIMIT))
    source = lines(stream, encoding)
    first = next((line for line in source if line[0].strip()), None)
    if first is None:
        return
    delimiter = _delimiter(first, delimiter)
    feed = _Feed(chain([first], source))
    reader = _reader(feed, delimiter)
    names = _names(reader)
    feed.done()
    while True:
        flaw = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_UnclosedQuoteError, csv.Error) as error:
            cells, flaw = [], _reason(error)
            reader = _reader(feed, delimiter)  # the old one is in the middle of a cell
        yield from _record(feed, names, cells, flaw, delimiter)


def _reader(feed: _Feed, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(feed, delimiter=delimiter, strict=True)


def _record(feed: _Feed, names: list[str], cells: list[str], flaw: str | None, delimiter: str) -> Iterator[Item]:
    """Yield the record that the feed's lines hold, and settle which of them come again."""
    first, first_flaw = feed.record[0]
    if delimiter == "\t" and _rows_of_their_own(feed, len(names)):
        flaw = "quotes that join whole rows"
    if flaw is None and len(cells) == len(names):
        unreadable = next((flaw for _, flaw in feed.record if flaw), None)
        row = Record(dict(zip(names, cells, strict=True)))
        yield Broken(unreadable, excerpt(first)) if unreadable else row
    elif flaw is not None or cells:  # an empty line is no row
        literal = first.rstrip("\r\n").split(delimiter)
        if first_flaw is None and delimiter == "\t" and len(literal) == len(names):
            yield Record(dict(zip(names, literal, strict=True)))
        else:
            yield Broken(first_flaw or flaw or _miscounted(cells, names, feed), excerpt(first))
        feed.give_up_first()  # a stray quote may have joined lines that are rows of their own
    feed.done()


def _rows_of_their_own(feed: _Feed, cells: int) -> bool:
    """Say whether quotes have joined several lines of which each is a row as it stands."""
    return len(feed.record) > 1 and all(
        flaw is None and line.count("\t") == cells - 1 and cells > 1 for line, flaw in feed.record
    )


def _delimiter(first: Line, delimiter: str) -> str:
    """Return the delimiter that the header line shows: `;` or tab in a CSV file where it has no comma."""
    text, flaw = first
    if flaw is not None:
        raise InputError(f"header line must be readable: {flaw}")
    if "\r" in text.rstrip("\r\n"):
        raise InputError("lines must end with LF or CRLF, got bare carriage returns; save the file anew")
    if delimiter == "," and "," not in text:
        return next((other for other in (";", "\t") if other in text), ",")
    return delimiter


def _names(reader: Iterator[list[str]]) -> list[str]:
    try:
        return unique(next(reader))
    except (_UnclosedQuoteError, csv.Error) as error:
        raise InputError(f"header line must be well-formed: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, _UnclosedQuoteError):
        return (
            f"row must close the quote that it opens within {QUOTE_LIMIT:,} characters, got none; "
            'close it, or write a literal quote twice ("")'
        )
    reason = str(error).split(" - ")[0]
    return f"row must be well-formed, got one that cannot be parsed ({reason}); mend this line"


def _miscounted(cells: list[str], names: list[str], feed: _Feed) -> str:
    over = f" over {len(feed.record)} lines" if len(feed.record) > 1 else ""
    return (
        f"row must have as many cells as the header ({len(names)}), got {len(cells)}{over}; "
        "put cells that contain the delimiter in quotes"
    )
