"""GoEmotions (Demszky et al. 2020, arXiv:2005.00547): Reddit comments with one or more of 28 labels.

Reads the published files (no header: text, comma-separated label ids, comment id, tabs between them; texts
with quotes are quoted as in CSV) and the tables of the hub (columns text, labels, id).
"""

import csv
from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.layout import Layout, TextFormat
from thymos.adapters.readers.records import Broken, Item, Record, excerpt, shown
from thymos.adapters.readers.text import lines

# In the order of the published label ids (emotions.txt).
LABELS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion"),
    *("curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment", "excitement"),
    *("fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism"),
    *("pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)


def read_tsv(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the comments of a published file."""
    for text, flaw in lines(stream, encoding):
        line = text.rstrip("\r\n")
        cells = _cells(line)
        if flaw is not None:
            yield Broken(flaw, excerpt(text))
        elif len(cells) == 3:
            yield Record({"text": cells[0], "labels": cells[1], "id": cells[2]})
        elif line:
            yield Broken(
                f"row must be text, label ids and comment id with tabs between, got {len(cells)} cells; mend this line",
                excerpt(text),
            )


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record with its label ids as names."""
    value = record.values.get("labels")
    ids = value.split(",") if isinstance(value, str) else value
    if not isinstance(ids, list):
        ids = [value]
    try:
        names = [entry if entry in LABELS else _name(entry) for entry in ids]
    except (ValueError, TypeError, OverflowError):
        yield Broken(f"labels must be ids from 0 to {len(LABELS) - 1}, got {shown(value)}; mend this row")
        return
    yield Record({**record.values, "labels": names}, id=record.id)


def _cells(line: str) -> list[str]:
    """Return the cells of a line: unquoted where it is quoted by the rules, else as they stand."""
    if line.startswith('"'):
        try:
            cells = next(csv.reader([line], delimiter="\t", strict=True))
        except csv.Error:
            return line.split("\t")
        return cells
    return line.split("\t")


def _name(label_id: str | int) -> str:
    position = int(label_id)
    if not 0 <= position < len(LABELS):
        raise ValueError(label_id)
    return LABELS[position]


_FILE = TextFormat("goemotions", (), read_tsv, has_header=True)
GOEMOTIONS = Layout(
    name="goemotions",
    columns=Columns(text="text", id="id", label="labels"),
    default="tsv",
    expand=expand,
    formats={"tsv": _FILE, "txt": _FILE},
)
