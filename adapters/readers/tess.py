"""TESS (Pichora-Fuller & Dupuis 2020, doi:10.5683/SP2/E8H2MF): two actresses say single words with seven emotions.

Reads a table with the columns `file` and `emotion` (and `text`, `speaker`) beside an archive `tess.zip` with the files,
as for RAVDESS. Ids are the files' stems.
"""

from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.ravdess import clips
from thymos.adapters.readers.records import Item, Record


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record of one clip."""
    yield from clips("tess.zip", record)


TESS = Layout(
    name="tess",
    columns=Columns(text="text", speaker="speaker", label="emotion", speech="speech"),
    default="csv",
    expand=expand,
)
