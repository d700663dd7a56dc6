"""Files that `thymos synth` writes, read as JSON objects: JSON lines, or Parquet with some columns in JSON.

Takes a path; gives one object a row. Knows nothing of what the fields mean.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thymos.prompts.errors import InputError

LINES, PARQUET = (".jsonl", ".ndjson"), (".parquet", ".pq")
_NESTED = ("plan", "provenance", "gates")  # columns of Parquet that hold JSON
_BATCH = 4096  # rows of Parquet in memory


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file.

    Raises:
        InputError: a line is no JSON object, or the file is no Parquet.
    """
    return _parquet(path) if path.suffix in PARQUET else _lines(path)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            try:
                line = raw.decode("utf-8")
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path.name} line {number} must be JSON, got {error}; mend or remove it") from error
            if not isinstance(row, dict):
                raise InputError(f"{path.name} line {number} must be a JSON object, got {line[:40]!r}; remove it")
            yield row


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    packed = {name: json.loads(row[name]) for name in _NESTED if isinstance(row.get(name), str)}
                    yield row | packed
    except (pa.ArrowInvalid, ValueError) as error:
        raise InputError(f"{path.name} must be Parquet that `thymos synth` wrote, got {error}; name another") from error
