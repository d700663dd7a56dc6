"""dair-ai "emotion" (Saravia et al. 2018): tweets with one of six emotions.

Reads the published lines `text;label` and the tables of the hub (columns text, label; label ids become
names).
"""

from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.layout import Layout, TextFormat
from thymos.adapters.readers.records import Broken, Item, Record, excerpt, identifier
from thymos.adapters.readers.text import lines

LABELS = ("sadness", "joy", "love", "anger", "fear", "surprise")  # in the order of the hub's label ids


def read_lines(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the tweets of a published file; the last semicolon separates."""
    for line, flaw in lines(stream, encoding):
        text, separator, label = line.rstrip("\r\n").rpartition(";")
        if flaw is not None:
            yield Broken(flaw, excerpt(line))
        elif separator:
            yield Record({"text": text, "label": label})
        elif label:
            yield Broken("row must be text;label, got no semicolon; mend this line", excerpt(line))


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record with a label id as its name."""
    label = identifier(record.values.get("label"), "")
    if label.isascii() and label.isdecimal() and len(label) < 3:
        if int(label) >= len(LABELS):
            yield Broken(f"label must be an id from 0 to {len(LABELS) - 1}, got {label}; mend this row")
            return
        record = Record({**record.values, "label": LABELS[int(label)]}, id=record.id)
    yield record


_FILE = TextFormat("dair", (), read_lines, has_header=True)
DAIR = Layout(
    name="dair",
    columns=Columns(text="text", label="label"),
    default="txt",
    expand=expand,
    formats={"txt": _FILE},
)
