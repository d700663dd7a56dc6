"""`TextRecords`: a text file with its format, as a source of records that can be walked again.

Takes a path, a format and an encoding; gives records; damage at the end becomes the last error row.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from thymos.adapters.readers.files import ByteStream, sha256_file
from thymos.adapters.readers.jsonl import object_of
from thymos.adapters.readers.layout import TextFormat
from thymos.adapters.readers.records import MEASURED, Broken, Damaged, Item, Record
from thymos.adapters.readers.text import lines
from thymos.prompts.errors import InputError

_MEASURED_BYTES = 2**20  # a packed file is read in blocks, so that fewer bytes would tell too little


class TextRecords:
    """The records of one text file."""

    def __init__(self, path: Path, text_format: TextFormat, encoding: str) -> None:
        self._path = path
        self._format = text_format
        self._encoding = encoding

    @property
    def same_columns(self) -> bool:
        """Whether the format has a header."""
        return self._format.has_header

    @property
    def columns(self) -> None:
        """None: a text file's columns show in its records."""
        return None

    def __iter__(self) -> Iterator[Item]:
        """Yield every record; where the file is damaged an error row ends it."""
        with ByteStream(self._path) as stream:
            yield from self._read(stream)

    def digest(self) -> Mapping[str, object]:
        """Return the SHA-256 of the file as it lies, and the encoding."""
        return {"sha256": sha256_file(self._path), "encoding": self._encoding}

    def measure(self, weigh: Callable[[Item], int]) -> tuple[int, float]:
        """Return the weight of the first records (at least 1 MiB of them) and their share of the file's
        bytes.
        """
        weight = 0
        with ByteStream(self._path) as stream:
            for count, item in enumerate(self._read(stream), start=1):
                weight += weigh(item)
                if count >= MEASURED and stream.bytes_read >= _MEASURED_BYTES:
                    return weight, stream.share
        return weight, 1.0

    def _read(self, stream: ByteStream) -> Iterator[Item]:
        try:
            yield from self._format.read(stream, self._encoding)
        except Damaged as damage:
            yield Broken(str(damage))
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from error


def json_or_jsonl(path: Path, encoding: str) -> str:
    """Return `jsonl` when a file named .json holds one object a line, as many do, else `json`."""
    first: Item | None = None
    with ByteStream(path) as stream:
        try:
            for text, flaw in lines(stream, encoding):
                if text.isspace():
                    continue
                if not text.startswith("{"):
                    return "json"
                if first is not None:
                    return "jsonl"
                first = Broken(flaw) if flaw else object_of(text)
                if isinstance(first, Broken):
                    return "json"
        except Damaged:
            return "json"
    whole = isinstance(first, Record) and not any(isinstance(value, list) for value in first.values.values())
    return "jsonl" if whole else "json"
