"""Output formats: the same rows as Parquet, JSON lines or CSV.

Takes good rows of shards; writes through a handle that somebody else makes whole. Memory stays that of one
row group. Equal rows give equal bytes: nothing here depends on the time or on how often a run was resumed.

| column | Parquet | .jsonl | .csv |
|---|---|---|---|
| id | string | string | text |
| labels | list of strings | list | JSON |
| probabilities | struct, one double per label | object | JSON |
| entropy, margin | double | number | number |
| abstained | bool | true, false | true, false |
| label_set | list of strings or null | list or null | JSON or nothing |
| kept columns | int64, double, bool or string | as read | text; JSON where it is no string |
"""

import csv
import json
from types import SimpleNamespace
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from thymos.agent.runs.kept import Census, as_type, strict
from thymos.agent.runs.provenance import KEY, Provenance

COLUMNS = ("id", "labels", "probabilities", "entropy", "margin", "abstained", "label_set")

ROW_GROUP = 32_768  # rows, at least: about 10 MB in memory with 28 labels

_SIMPLE = ("entropy", "margin", "abstained", "label_set")


class Writer(Protocol):
    """What assembly needs of a format."""

    def write(self, good: Any) -> None:
        """Add the good rows of one shard."""
        ...

    def close(self) -> None:
        """Write what is left; the handle stays open."""
        ...


class ParquetWriter:
    """Parquet with one struct field per label: `probabilities.joy` is a column to DuckDB."""

    def __init__(self, handle: BinaryIO, labels: tuple[str, ...], kept: Census, provenance: Provenance) -> None:
        self._labels = labels
        self._kept = kept
        self._names = kept.renamed(COLUMNS)
        self._types = {"string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_()}
        self._waiting: list[Any] = []
        self._schema = self._plan(provenance)
        self._file = pq.ParquetWriter(handle, self._schema, version="2.6", data_page_version="1.0", compression="zstd")

    def write(self, good: Any) -> None:
        """Add rows; they go to the file a row group at a time."""
        self._waiting.append(self._shape(good))
        if sum(table.num_rows for table in self._waiting) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the last row group and the footer."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        group = pa.concat_tables([self._schema.empty_table(), *self._waiting])
        if group.num_rows:
            self._file.write_table(group, row_group_size=group.num_rows)
        self._waiting.clear()

    def _plan(self, provenance: Provenance) -> Any:
        number = pa.float64()
        fields = [
            pa.field("id", pa.string()),
            pa.field("labels", pa.list_(pa.string())),
            pa.field("probabilities", pa.struct([pa.field(name, number) for name in self._labels])),
            pa.field("entropy", number),
            pa.field("margin", number),
            pa.field("abstained", pa.bool_()),
            pa.field("label_set", pa.list_(pa.string())),
        ]
        for name, shown in self._names.items():
            fields.append(pa.field(shown, self._types[self._kept.type_of(name)]))
        return pa.schema(fields, metadata={KEY: provenance.to_json()})

    def _shape(self, good: Any) -> Any:
        """Turn rows of a shard into rows of the output."""
        flat = good["probabilities"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        by_label = np.ascontiguousarray(flat.reshape(good.num_rows, len(self._labels)).T)  # (labels, rows)
        struct = pa.StructArray.from_arrays([pa.array(column) for column in by_label], names=self._labels)
        kept = [json.loads(row) for row in good["kept"].to_pylist()] if self._names else []
        columns = [good["id"], good["labels"], struct, *(good[name] for name in _SIMPLE)]
        for name in self._names:
            kind = self._kept.type_of(name)
            cells = [as_type(row.get(name), kind) for row in kept]
            columns.append(pa.array(cells, self._types[kind]))
        return pa.table(columns, schema=self._schema)


class JsonLinesWriter:
    """One JSON object a line, in UTF-8."""

    def __init__(self, handle: BinaryIO, labels: tuple[str, ...], kept: Census) -> None:
        self._handle = handle
        self._labels = labels
        self._names = kept.renamed(COLUMNS)

    def write(self, good: Any) -> None:
        """Add rows."""
        for row in good.to_pylist():
            kept = json.loads(row["kept"])
            cells = _own(row, self._labels)
            cells.update({shown: strict(kept.get(name)) for name, shown in self._names.items()})
            self._handle.write(json.dumps(cells, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Nothing is held back."""


class CsvWriter:
    r"""CSV after RFC 4180 with `\n` between rows, in UTF-8; lists and objects stand as JSON in their cell."""

    def __init__(self, handle: BinaryIO, labels: tuple[str, ...], kept: Census) -> None:
        self._handle = handle
        self._labels = labels
        self._names = kept.renamed(COLUMNS)
        self._put([[*COLUMNS, *self._names.values()]])

    def write(self, good: Any) -> None:
        """Add rows."""
        table = []
        for row in good.to_pylist():
            kept = json.loads(row["kept"])
            own = [as_type(cell, "string") for cell in _own(row, self._labels).values()]
            table.append([*own, *(as_type(kept.get(name), "string") for name in self._names)])
        self._put(table)

    def close(self) -> None:
        """Nothing is held back."""

    def _put(self, table: list[list[Any]]) -> None:
        lines: list[str] = []
        into = SimpleNamespace(write=lambda line: lines.append(line.removesuffix("\r\n")))
        csv.writer(into, lineterminator="\r\n").writerows(table)  # it quotes what row ends are made of, and no more
        self._handle.write("".join(f"{line}\n" for line in lines).encode())


def writer_for(suffix: str, handle: BinaryIO, labels: tuple[str, ...], kept: Census, provenance: Provenance) -> Writer:
    """Return the writer of a checked suffix."""
    if suffix == ".parquet":
        return ParquetWriter(handle, labels, kept, provenance)
    return (JsonLinesWriter if suffix == ".jsonl" else CsvWriter)(handle, labels, kept)


def _own(row: dict[str, Any], labels: tuple[str, ...]) -> dict[str, Any]:
    """Return the run's own columns of one row, in order."""
    return {
        **{name: row[name] for name in COLUMNS},
        "probabilities": dict(zip(labels, row["probabilities"], strict=True)),
    }
