"""A shard: what became of one chunk of plan rows, kept and dropped together, as one Arrow table of JSON texts.

Takes a `Batch`; gives a table, and reads it back.
"""

import json
from collections.abc import Iterator
from typing import Any

from thymos.agent.synth.records import Record
from thymos.agent.synth.write import Batch

_KEPT, _DROPPED, _TALLY = "kept", "dropped", "tally"


def to_table(batch: Batch) -> Any:
    """Return a batch as a table."""
    import pyarrow as pa

    rows = [(_KEPT, each) for each in batch.kept] + [(_DROPPED, each) for each in batch.dropped]
    told = [*rows, (_TALLY, batch.tally.told())]
    kinds, records = [kind for kind, _ in told], [line(each) for _, each in told]
    return pa.table({"kind": pa.array(kinds, pa.string()), "record": pa.array(records, pa.string())})


def kept_of(table: Any) -> Iterator[Record]:
    """Yield the kept rows of a shard."""
    return _of(table, _KEPT)


def dropped_of(table: Any) -> Iterator[Record]:
    """Yield the dropped rows of a shard."""
    return _of(table, _DROPPED)


def tally_of(table: Any) -> dict[str, Any]:
    """Return the counts of a shard."""
    return next(_of(table, _TALLY))


def line(told: Record) -> str:
    """Return a row as one line of JSON; half a character pair, which no UTF-8 has, is replaced."""
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def _of(table: Any, kind: str) -> Iterator[Record]:
    for each, text in zip(table["kind"].to_pylist(), table["record"].to_pylist(), strict=True):
        if each == kind:
            yield json.loads(text)
