"""FER2013 (Goodfellow et al. 2013, arXiv:1307.0414) and FER+ (Barsoum et al. 2016, arXiv:1608.01041): faces.

Reads a table with `file`, `split`, `fer2013_label` and `emotion`, and pictures from `<split>.zip` beside it. Ids are
the pictures' names. `fer2013` takes the original seven labels, `ferplus` the eight that most of ten voters agreed on;
a picture without such a majority has no gold label.
"""

from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record with its id and the picture's place in the archive of its split."""
    values = record.values
    name, split = identifier(values.get("file"), ""), identifier(values.get("split"), "")
    if not name or not split:
        yield Broken(f"row must name a picture and its split, got file {name!r} and split {split!r}; mend this row")
        return
    yield Record({**values, "face": f"{split}.zip/{name}"}, id=name.rpartition(".")[0] or name)


FER2013, FERPLUS = (
    Layout(
        name=name,
        columns=Columns(text="", id="", face="face", label=label),
        default="csv",
        expand=expand,
    )
    for name, label in (("fer2013", "fer2013_label"), ("ferplus", "emotion"))
)
