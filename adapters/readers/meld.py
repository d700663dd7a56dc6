"""MELD (Poria et al. 2019, arXiv:1810.02508): utterances of many-party dialogues with one of seven emotions.

Reads the published CSV. Ids are `<dialogue>-<utterance>`, unique in a file: dialogue numbers begin anew in
each split.
"""

from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Item, Record, identifier

_ID = ("Dialogue_ID", "Utterance_ID")


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the record with its composed id."""
    values = record.values
    yield Record(values, id="-".join(identifier(values.get(part), "") for part in _ID))


MELD = Layout(
    name="meld",
    columns=Columns(text="Utterance", speaker="Speaker", dialogue="Dialogue_ID", turn="Utterance_ID", label="Emotion"),
    default="csv",
    expand=expand,
)
