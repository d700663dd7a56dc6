"""A folder written by `datasets` (`save_to_disk`): Arrow files, memory-mapped, with named splits.

Takes a folder and a split; gives records, class ids as their names. Audio and pictures inside stay as stored.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from thymos.adapters.readers.arrow import BATCH, class_names, read_batch
from thymos.adapters.readers.files import sha256_folder
from thymos.adapters.readers.records import Item, measure_rows, reason
from thymos.prompts.errors import InputError

_SPLITS = "dataset_dict.json"
_STATE = "state.json"
_SCRATCH = "cache-"  # files that `datasets` leaves beside the data


def is_dataset(folder: Path) -> bool:
    """Tell whether `datasets` wrote this folder."""
    return (folder / _SPLITS).is_file() or (folder / _STATE).is_file()


class FolderRecords:
    """The rows of one split."""

    def __init__(self, folder: Path, split: str | None) -> None:
        """Open the split.

        Raises:
            InputError: the split is not named or not there, or the folder is damaged.
        """
        self._folder = _split_folder(folder, split)
        self._data = _loaded(self._folder)
        self._names = class_names(self._data.features)

    same_columns = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(self._data.column_names)

    def __iter__(self) -> Iterator[Item]:
        """Yield every row."""
        for table in self._data.with_format("arrow").iter(BATCH):  # as stored: nothing decodes audio or pictures
            yield from read_batch(table, self._names)

    def digest(self) -> Mapping[str, object]:
        """Return the SHA-256 over the split's files."""
        return {"sha256": sha256_folder(self._folder, skip_prefix=_SCRATCH)}

    def measure(self, weigh: Callable[[Item], int]) -> tuple[int, float]:
        """Return the weight of the first batch and its share of all rows."""
        return measure_rows(self, weigh, len(self._data))


def _split_folder(folder: Path, split: str | None) -> Path:
    if (folder / _SPLITS).is_file():
        try:
            splits = [str(name) for name in json.loads((folder / _SPLITS).read_text("utf-8"))["splits"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise _damaged(folder, error) from error
        if split in splits:
            return folder / str(split)
        if split is None and len(splits) == 1:
            return folder / splits[0]
        if not splits:
            raise InputError(f"datasets folder must have a split, got none in {folder}; write it again")
        raise InputError(
            f"split must be one of {', '.join(splits)}, got {split or 'none'}; name it: {folder}:{splits[0]}"
        )
    if split is not None:
        raise InputError(f"split must be left out where there is only one, got {split!r}; pass {folder}")
    return folder


def _loaded(folder: Path) -> Any:
    import pyarrow as pa  # deferred, like datasets: only this format needs them
    from datasets import load_from_disk

    try:
        return load_from_disk(str(folder))
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        pa.ArrowException,
    ) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> InputError:
    return InputError(
        f"datasets folder must be whole, got {folder}, which cannot be opened ({reason(error)}); copy or write it again"
    )
