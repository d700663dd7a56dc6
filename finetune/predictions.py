"""Reads what `thymos label` wrote (.parquet, .jsonl or .csv), row by row, with the provenance it carries.

Takes a path; gives `PredictedRow`s and a JSON object of provenance. Needs the columns `id` and `labels` only,
so that another tool's labels can be scored too. Knows nothing of gold labels or taxonomies.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thymos.finetune.provenance import PARQUET_KEY, provenance_beside, provenance_of
from thymos.prompts.errors import InputError

_REQUIRED = ("id", "labels")
_OPTIONAL = ("probabilities", "abstained", "label_set")
_BATCH = 4096  # rows of Parquet in memory at a time
_BLOCK = 16 << 20  # bytes of CSV in memory at a time, and the longest row
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """One labelled row as read.

    Attributes:
        id: the row's identifier.
        labels: predicted label names; none when abstained.
        probabilities: label -> probability, or None when the file has none.
        abstained: whether the row was handed to a person; in a file without this column: it has no label.
        kept: the input columns asked for, as read.
        label_set: labels that hold the gold ones with a wished coverage; None when none was wished.
    """

    id: str
    labels: tuple[str, ...]
    probabilities: Mapping[str, float] | None
    abstained: bool
    kept: Mapping[str, Any] = field(default_factory=dict)
    label_set: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """A labelled file that can be read more than once.

    Attributes:
        path: where it is.
        columns: its column names (for .jsonl: those of its first row).
        metadata: the provenance its run wrote into it or beside it; empty when there is none.
    """

    path: Path
    columns: tuple[str, ...]
    metadata: Mapping[str, Any]

    def rows(self, keep: Sequence[str] = ()) -> Iterator[PredictedRow]:
        """Yield the rows in file order, holding one batch in memory.

        Args:
            keep: kept input columns to read along.

        Raises:
            InputError: a column is missing or a row cannot be read; the message says which.
        """
        for name in (*_REQUIRED, *keep):
            if name not in self.columns:
                raise InputError(
                    f"{self.path} must have a column {name!r}, got {', '.join(self.columns) or 'none'}; "
                    + (
                        "label the corpus again with --keep-columns"
                        if name in keep
                        else "pass a file that `thymos label` wrote"
                    )
                )
        names = [*_REQUIRED, *(name for name in _OPTIONAL if name in self.columns), *keep]
        for number, raw in enumerate(_raw_rows(self.path, names), 1):
            try:
                yield _row(raw, keep)
            except ValueError as error:
                raise InputError(
                    f"row {number} of {self.path} must be as `thymos label` writes it, got {error}; "
                    "mend the row or label the corpus again"
                ) from error

    def sha256(self) -> str:
        """Return the SHA-256 of the file's bytes, as 64 hex digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def as_written(self) -> bool | None:
        """Tell whether the file is still what its run wrote, so that its provenance is true of every row.

        None where the provenance has neither the hash (beside .csv and .jsonl) nor the number of rows (.parquet).
        """
        if "sha256" in self.metadata:
            return bool(self.metadata["sha256"] == self.sha256())
        if "rows" in self.metadata and self.path.suffix.lower() == ".parquet":
            with _arrow(self.path) as file:
                return bool(self.metadata["rows"] == file.metadata.num_rows)
        return None


def open_predictions(path: Path) -> PredictionFile:
    """Look at a labelled file: its columns and its provenance.

    Args:
        path: a .parquet, .jsonl or .csv file.

    Returns:
        The file, ready to be read.

    Raises:
        InputError: the file is missing, is of another format, or is damaged.
    """
    if path.suffix.lower() not in (".parquet", ".jsonl", ".csv"):
        raise InputError(
            f"predictions must be a .parquet, .jsonl or .csv file, got {str(path)!r}; pass what `thymos label` wrote"
        )
    if not path.is_file():
        raise InputError(f"predictions must be a file, got {str(path)!r}; label a corpus with `thymos label`")
    if path.suffix.lower() == ".jsonl":
        return PredictionFile(path, tuple(next(_json_rows(path, ()), {})), provenance_beside(path))
    with _arrow(path) as file:
        schema = file.schema_arrow if path.suffix.lower() == ".parquet" else file.schema
        written = (schema.metadata or {}).get(PARQUET_KEY)
        return PredictionFile(
            path, tuple(schema.names), provenance_of(written, path) if written else provenance_beside(path)
        )


def _raw_rows(path: Path, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield rows as the format gives them: in CSV all values are text."""
    names = list(dict.fromkeys(names))
    if path.suffix.lower() == ".jsonl":
        yield from _json_rows(path, names)
        return
    with _arrow(path, names) as file:
        parquet = path.suffix.lower() == ".parquet"
        for batch in file.iter_batches(batch_size=_BATCH, columns=names) if parquet else file:
            yield from batch.to_pylist()


@contextmanager
def _arrow(path: Path, names: Sequence[str] = ()) -> Iterator[Any]:
    """Open a Parquet file, or a CSV file as text in columns `names` (all if none are named)."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if path.suffix.lower() == ".parquet":
            with pa.parquet.ParquetFile(path) as file:
                yield file
            return
        with pa.csv.open_csv(
            path,
            read_options=pa.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                include_columns=names, column_types=dict.fromkeys(names, pa.string())
            ),
        ) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _json_rows(path: Path, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a .jsonl file, each with at least `names`."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError(f"line {number} is {type(row).__name__}, not an object")
                if missing := [name for name in names if name not in row]:
                    raise ValueError(f"line {number} has no {missing[0]!r}")
                yield row
    except (ValueError, OSError) as error:  # ValueError: bad JSON, bad UTF-8 and the two above
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(
        f"{path} must be a whole {path.suffix.lower()} file, got: {reason.rstrip('.')}; copy or label it again"
    )


def _row(raw: Mapping[str, Any], keep: Sequence[str]) -> PredictedRow:
    """Check one row; a ValueError's text completes "got ..."."""
    labels = _names("labels", raw["labels"])
    if labels is None:
        raise ValueError(f"labels {raw['labels']!r}, not a list of names")
    if raw["id"] is None or raw["id"] == "":
        raise ValueError("no id")
    return PredictedRow(
        id=str(raw["id"]),
        labels=labels,
        probabilities=_distribution(raw.get("probabilities")),
        abstained=_flag(raw["abstained"]) if "abstained" in raw else not labels,
        label_set=_names("label_set", raw.get("label_set")),
        kept={name: raw[name] for name in keep},
    )


def _names(what: str, value: Any) -> tuple[str, ...] | None:
    """Read a list of names; None where the cell says nothing."""
    names = _decoded(what, value)
    if names is not None and (not isinstance(names, list) or not all(isinstance(name, str) for name in names)):
        raise ValueError(f"{what} {value!r}, not a list of names")
    return None if names is None else tuple(names)


def _distribution(value: Any) -> Mapping[str, float] | None:
    """Read a struct, a map (a list of pairs in Arrow), an object, or a CSV cell with an object in JSON."""
    value = _decoded("probabilities", value)
    if value is None:
        return None
    pairs = dict(value) if isinstance(value, list) else value
    if not isinstance(pairs, dict):
        raise ValueError(f"probabilities {value!r}, not a number for each label")
    for name, number in pairs.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ValueError(f"probability {number!r} of {name!r}, not a finite number")
    return {str(name): float(number) for name, number in pairs.items()}


def _decoded(what: str, value: Any) -> Any:
    """Decode the JSON of a CSV cell; values of the other formats are decoded already."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise ValueError(f"{what} {value!r}, not JSON ({error})") from error


def _flag(value: Any) -> bool:
    """Read true or false, as a value or as CSV text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    raise ValueError(f"abstained {value!r}, neither true nor false")
