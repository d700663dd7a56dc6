"""RAVDESS (Livingstone & Russo 2018, PLoS ONE 13(5): e0196391): two sentences, acted with eight emotions.

Reads a table of the speech clips with the columns `file` and `emotion` (`text`, `speaker` and whatever else it has come
along), beside an archive `ravdess.zip` with the files. Ids are the files' stems, which say what was acted.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Item, Record, identifier


def clips(archive: str, record: Record) -> Iterator[Item]:
    """Yield the record with its recording, a file of the archive, and the file's stem as its id."""
    file = identifier(record.values.get("file"), "")
    speech = f"{archive}/{file}" if file else None
    yield Record({**record.values, "speech": speech}, id=PurePosixPath(file).stem or None)


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record of one clip."""
    yield from clips("ravdess.zip", record)


RAVDESS = Layout(
    name="ravdess",
    columns=Columns(text="text", speaker="speaker", label="emotion", speech="speech"),
    default="csv",
    expand=expand,
)
