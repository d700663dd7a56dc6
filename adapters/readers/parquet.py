"""Parquet: read batch by batch, a footer that says how many rows there are.

Takes a path; gives records of Python objects. Only this module and its callers' branch import pyarrow.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from thymos.adapters.readers.arrow import BATCH, read_batch
from thymos.adapters.readers.files import head, sha256_file
from thymos.adapters.readers.records import Broken, Item, measure_rows, reason, unique
from thymos.prompts.errors import InputError

_SIGNATURE = b"PAR1"
_BUFFER = 2**20  # bytes of a column that are read at once, where a row group may be the whole file
_UNREADABLE = (OSError, ValueError, NotImplementedError, MemoryError)  # Arrow's own are kinds of these


class ParquetRecords:
    """The rows of one Parquet file."""

    def __init__(self, path: Path) -> None:
        """Read the footer.

        Raises:
            InputError: the file is no Parquet file or its footer is damaged.
        """
        if not head(path).startswith(_SIGNATURE):
            raise InputError(f"Parquet file must begin with PAR1, got {path}, which does not; pass its real --format")
        self._path = path
        with _opened(path) as file:
            self._columns = tuple(unique(file.schema_arrow.names))
            self._total: int = file.metadata.num_rows

    same_columns = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the top-level columns."""
        return self._columns

    def __iter__(self) -> Iterator[Item]:
        """Yield every row; a damaged page ends the rows with an error row."""
        with _opened(self._path) as file:
            batches = file.iter_batches(batch_size=BATCH, use_threads=False)
            while True:
                try:
                    batch = next(batches, None)
                except _UNREADABLE as error:
                    yield Broken(f"file is damaged from here ({reason(error)}); write it again")
                    return
                if batch is None:
                    return
                yield from read_batch(batch)

    def digest(self) -> Mapping[str, object]:
        """Return the SHA-256 of the file."""
        return {"sha256": sha256_file(self._path)}

    def measure(self, weigh: Callable[[Item], int]) -> tuple[int, float]:
        """Return the weight of the first batch and its share of all rows."""
        return measure_rows(self, weigh, self._total)


def _opened(path: Path) -> Any:
    import pyarrow.parquet as pq  # deferred: only this format needs it

    try:
        return pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except _UNREADABLE as error:
        raise InputError(
            f"Parquet file must be whole, got {path}, which cannot be opened ({reason(error)}); copy or write it again"
        ) from error
