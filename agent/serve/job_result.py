"""The result of a job in another format: the Parquet file that its run wrote, as JSON lines or CSV.

Takes a path; gives another, beside it, made once. Cells are what `thymos.agent.runs.writers` would have written.
"""

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from thymos.adapters.whole_file import whole_file
from thymos.agent.runs.kept import as_type, strict

Form = Literal["csv", "jsonl", "parquet", "errors"]
TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "errors": "application/jsonl",
}

_BATCH = 4096  # rows in memory
_MAKING = threading.Lock()


def result_file(labels: Path, form: Form) -> Path | None:
    """Return the file that holds a result in a form, which is made where it is not there; None for no errors.

    Raises:
        OutputError: the disk is full or refuses.
    """
    if form == "parquet":
        return labels
    if form == "errors":
        errors = labels.with_suffix(".errors.jsonl")
        return errors if errors.is_file() else None
    path = labels.with_name(f"result.{form}")
    with _MAKING:  # two who fetch it at once would write into one file
        if not path.is_file():
            with whole_file(path) as file:
                for piece in _csv(labels) if form == "csv" else _jsonl(labels):
                    file.write(piece)
    return path


def _rows(labels: Path) -> Iterator[list[dict[str, Any]]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(labels) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield batch.to_pylist()


def _jsonl(labels: Path) -> Iterator[bytes]:
    for rows in _rows(labels):
        yield "".join(json.dumps(strict(row), ensure_ascii=False) + "\n" for row in rows).encode()


def _csv(labels: Path) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    yield _lines([pq.read_schema(labels).names])
    for rows in _rows(labels):
        yield _lines([[as_type(cell, "string") for cell in row.values()] for row in rows])


def _lines(table: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode()
