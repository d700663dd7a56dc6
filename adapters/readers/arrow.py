"""Arrow tables to records, for the formats that hold them (Parquet, `datasets` folders and hub ids).

Takes pyarrow objects; gives records of Python objects. Knows nothing of files.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from thymos.adapters.readers.records import Broken, Item, Record, reason, unique

BATCH = 256  # rows converted at once; more would only hold more memory

ClassNames = Mapping[str, tuple[str, ...]]  # column -> names of its class ids


def read_batch(batch: Any, names: ClassNames | None = None) -> Iterator[Item]:
    """Yield the rows of a pyarrow table or record batch, class ids replaced by their names."""
    batch = batch.rename_columns(unique(batch.schema.names))
    for values in _rows(batch):
        if isinstance(values, Broken):
            yield values
            continue
        for column, classes in (names or {}).items():
            values[column] = _named(values.get(column), classes)
        yield Record(values)


def class_names(features: Any) -> dict[str, tuple[str, ...]]:
    """Return the names of the classes of every column that holds class ids, alone or in lists."""
    from datasets import ClassLabel, LargeList, Sequence  # deferred: takes most of a second

    found = {}
    for column, feature in (features or {}).items():
        inner = feature.feature if isinstance(feature, Sequence | LargeList) else feature
        if isinstance(inner, ClassLabel):
            found[column] = tuple(inner.names)
    return found


def _rows(batch: Any) -> list[dict[str, Any] | Broken]:
    """Return Python rows; when one value cannot be converted, only its row is broken."""
    try:
        rows: list[dict[str, Any] | Broken] = batch.to_pylist()
        return rows
    except (ValueError, OverflowError) as error:  # invalid UTF-8, dates beyond Python's
        if batch.num_rows == 1:
            return [Broken(f"row must convert to Python values, got one that does not ({reason(error)}); mend it")]
    return [row for position in range(batch.num_rows) for row in _rows(batch.slice(position, 1))]


def _named(value: object, classes: tuple[str, ...]) -> object:
    if isinstance(value, list):
        return [_named(entry, classes) for entry in value]
    if isinstance(value, int):
        return classes[value] if 0 <= value < len(classes) else None  # -1 is how `datasets` writes "no label"
    return value
