"""Physiology as Parquet: the same columns as in CSV.

Takes a path; gives a `Recording`. Imports pyarrow.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from thymos.adapters.media import open_media
from thymos.adapters.physiology.columns import recording_of, sidecar_of, time_column, wanted
from thymos.adapters.physiology.limits import MAX_CHANNELS, check_size, translated
from thymos.adapters.physiology.recording import Recording
from thymos.prompts.errors import RowError


def read_parquet(path: Path) -> Recording:
    """Read a table of samples.

    Raises:
        RowError: it is none, or says neither rate nor unit, or a column is no number.
    """
    sidecar = sidecar_of(path)
    with open_media(path) as stream, translated(path, "Parquet file"):
        file = pq.ParquetFile(stream, pre_buffer=False)
        names = list(file.schema_arrow.names)
        if len(names) > MAX_CHANNELS or len(set(names)) != len(names):
            raise RowError(f"{path.name} must have at most {MAX_CHANNELS:,} columns of different names; cut it")
        timed = time_column(names)
        used = sorted({place for place, _, _ in wanted(names, sidecar)} | ({timed[0]} if timed else set()))
        check_size(path.name, file.metadata.num_rows * max(1, len(used)))
        pieces: dict[int, list[np.ndarray]] = {place: [] for place in used}
        rows = 0
        for batch in file.iter_batches(batch_size=65_536, columns=[names[place] for place in used], use_threads=False):
            rows += len(batch)
            check_size(path.name, max(1, rows * len(used)))
            for place in used:
                pieces[place].append(_numbers(path, names[place], batch.column(names[place])))
        columns = [np.concatenate(pieces[place]) if pieces.get(place) else np.empty(0) for place in range(len(names))]
        return recording_of(path, names, columns, sidecar)


def _numbers(path: Path, name: str, column: pa.Array) -> np.ndarray:
    kind = column.type
    if not (
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind)
    ):
        raise RowError(f"{name} in {path.name} must be numbers, got {kind}; convert the column")
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
