"""Passages as an Arrow table: columns, not objects, so that a million of them fit and few are ever made.

Takes passages; gives a table, and passages of chosen rows. Knows nothing of files or vectors.
"""

import json
from collections.abc import Iterable, Sequence
from types import MappingProxyType

import pyarrow as pa

from thymos.retrieval.passage import Passage

_WORDS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("emotions", _WORDS, nullable=False),
        pa.field("modalities", _WORDS, nullable=False),
        pa.field("sources", _WORDS, nullable=False),
        pa.field("licence", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("dialogue", pa.string()),
        pa.field("taxonomy", pa.string()),
        pa.field("extra", pa.string(), nullable=False),
    ]
)


def as_table(passages: Iterable[Passage]) -> pa.Table:
    """Return passages as rows, in order."""
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for passage in passages:
        for name in SCHEMA.names:
            value = getattr(passage, name)
            columns[name].append(json.dumps(dict(value), sort_keys=True) if name == "extra" else value)
    return pa.table(columns, schema=SCHEMA)


def passages_of(table: pa.Table, rows: Sequence[int]) -> list[Passage]:
    """Return the passages of rows, in the order asked."""
    found = []
    for values in table.take(pa.array(list(rows), pa.int64())).to_pylist():
        for name in ("emotions", "modalities", "sources"):
            values[name] = tuple(values[name])
        values["extra"] = MappingProxyType(json.loads(values["extra"]))
        found.append(Passage(**values))
    return found


def searched(table: pa.Table) -> list[str]:
    """Return the words of each row that are embedded and searched, as `Passage.searched`."""
    pairs = zip(table["title"].to_pylist(), table["text"].to_pylist(), strict=True)
    return [f"{title}. {text}" if title else text for title, text in pairs]
