"""Plain text: one row a line.

Takes a byte stream; gives one record with the column `text` a line, empty lines too, so that row numbers
are line numbers.
"""

from collections.abc import Iterator

from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.records import Broken, Item, Record, excerpt
from thymos.adapters.readers.text import lines


def read_txt(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield every line as a record."""
    for text, flaw in lines(stream, encoding):
        yield Broken(flaw, excerpt(text)) if flaw else Record({"text": text.rstrip("\r\n")})
