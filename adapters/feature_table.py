"""`TableEncoder`: features that somebody measured before, one row an item, as an encoder like any other.

Takes a table (CSV with a header, or names and values) and the identifier of a row; gives a frame of that row's numbers.
So facial action units or voice functionals that a corpus comes with can be heard by the LLM where its video or sound
cannot be had. Knows nothing of how they were measured.
"""

import csv
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.modality import MODALITIES, Observed
from thymos.prompts.errors import InputError, RowError

_CELLS = 50_000_000  # of a table


class FeatureTable:
    """Numbers by row id.

    Attributes:
        names: of the columns.
        values: shape (rows, columns), float32; NaN where a cell is empty.
        rows: place of each id.
        sha256: over names, ids and values.
    """

    def __init__(self, names: Sequence[str], ids: Sequence[str], values: NDArray[np.float32]) -> None:
        """Hold a table.

        Raises:
            InputError: the shape does not fit, or an id occurs twice.
        """
        if values.shape != (len(ids), len(names)) or not names:
            raise InputError(
                f"feature table must have a row an id and a column a name, got {values.shape} for {len(ids)} ids and "
                f"{len(names)} names; correct it"
            )
        self.names, self.values = tuple(names), np.asarray(values, dtype=np.float32)
        self.rows = {name: place for place, name in enumerate(ids)}
        if len(self.rows) != len(ids):
            twice = next(name for place, name in enumerate(ids) if self.rows[name] != place)
            raise InputError(f"ids of a feature table must differ, got {twice[:60]!r} twice; drop one of the rows")
        self.sha256 = self._digest()

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, row: object) -> bool:
        return row in self.rows

    def row(self, name: str) -> NDArray[np.float32]:
        """Return the numbers of a row, shape (columns,).

        Raises:
            RowError: there is no such row.
        """
        place = self.rows.get(name)
        if place is None:
            raise RowError(
                f"row must be one of the {len(self):,} in the feature table, got {name[:60]!r}; check its id"
            )
        return np.asarray(self.values[place])

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for text in (*self.names, "", *self.rows):
            digest.update(f"{text}\0".encode())
        digest.update(np.ascontiguousarray(self.values.astype("<f4")).tobytes())
        return digest.hexdigest()


def read_feature_table(path: Path, *, key: str | None = None, rename: Callable[[str], str] = str) -> FeatureTable:
    """Read a CSV file with a header, one column of ids and numbers in all others; an empty cell is not measured.

    Args:
        path: of the file.
        key: column of ids; the first one unless given.
        rename: from an id of the table to that of a sample.

    Raises:
        InputError: it is no such table.
        RowError: it cannot be opened.
    """
    with open_media(path) as stream, TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="") as text:
        try:
            rows = csv.reader(text)
            header = next(rows, [])
            place = _place(path, header, key)
            ids: list[str] = []
            values: list[NDArray[np.float32]] = []
            for number, cells in enumerate(rows, start=2):
                if len(cells) != len(header):
                    raise InputError(
                        f"line {number:,} of {path.name} must have {len(header)} cells, got {len(cells)}; mend it"
                    )
                ids.append(rename(cells[place]))
                values.append(
                    np.array([_number(path, number, c) for at, c in enumerate(cells) if at != place], np.float32)
                )
                if len(ids) * len(header) > _CELLS:
                    raise InputError(f"{path.name} must have at most {_CELLS:,} cells, got more; cut it")
        except csv.Error as error:
            raise InputError(f"{path.name} must be a whole CSV file, got another ({error}); write it again") from error
    names = [name for at, name in enumerate(header) if at != place]
    return FeatureTable(names, ids, np.array(values, np.float32).reshape(len(ids), len(names)))


class TableEncoder:
    """An encoder (see `thymos.adapters.modality.Encoder`) whose source is a row's id and whose frame is that row."""

    layers = 1

    def __init__(
        self, name: str, modality: str, table: FeatureTable, *, groups: Mapping[str, str] | None = None
    ) -> None:
        """Standardise a table by its own columns (no label is read).

        Args:
            name: what users call it.
            modality: one of `MODALITIES`.
            table: the numbers.
            groups: group (a speaker) by row id, to standardise within each; None standardises over all rows. Rows of
                a group that is not named here form one of their own.

        Raises:
            InputError: there is no such modality, or the table is empty.
        """
        if modality not in MODALITIES:
            raise InputError(f"modality must be one of {', '.join(MODALITIES)}, got {modality!r}; name one of them")
        if not len(table):
            raise InputError("feature table must have a row, got none; is it the right file?")
        self.name, self.modality, self.dim = name, modality, 2 * len(table.names)
        self._table = table
        self._groups = {row: (groups or {}).get(row, "") for row in table.rows}
        self._usual = {group: self._usual_of(group) for group in sorted(set(self._groups.values()))}
        told = "\0".join((modality, table.sha256, *(f"{row}={group}" for row, group in self._groups.items())))
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()

    def read(self, source: str) -> NDArray[np.float32]:
        """Return the row's numbers as (2, columns): standardised, NaN where not measured; and as they are.

        Raises:
            RowError: there is no such row, or nothing was measured in it.
        """
        row = self._table.row(source)
        if not np.isfinite(row).any():
            raise RowError(f"row {source[:60]!r} must have a measured feature, got none; drop it")
        middle, spread = self._usual[self._groups[source]]
        return np.stack([np.clip((row - middle) / spread, -8.0, 8.0), row])

    def encode(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one frame, shape (1, 2 * columns): standardised numbers, 0 where not measured, and what was."""
        known = np.isfinite(signal[0])
        return np.concatenate([np.where(known, signal[0], 0.0), known]).astype(np.float32)[None]

    def observe(self, signal: NDArray[np.float32]) -> Observed:
        """Say how much of the row was measured; what its numbers mean only their maker knows."""
        missing = 1.0 - float(np.isfinite(signal[1]).mean())
        return Observed(flags=(f"{missing:.0%} of the features were not measured",) if missing > 0 else ())

    def _usual_of(self, group: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        places = [place for row, place in self._table.rows.items() if self._groups[row] == group]
        rows = self._table.values[places].astype(np.float64)
        known = np.isfinite(rows)
        count = np.maximum(known.sum(0), 1)
        middle = np.where(known, rows, 0.0).sum(0) / count
        spread = np.sqrt(np.where(known, np.square(rows - middle), 0.0).sum(0) / count)
        return middle.astype(np.float32), np.where(spread > 1e-9, spread, 1.0).astype(np.float32)


def _place(path: Path, header: Sequence[str], key: str | None) -> int:
    if len(header) < 2 or len(set(header)) != len(header):
        raise InputError(
            f"{path.name} must have a header of at least two different names, got {len(header)}; write one"
        )
    if key is not None and key not in header:
        raise InputError(f"key must be a column of {path.name}, got {key!r}; there are {', '.join(header[:8])}")
    return header.index(key) if key is not None else 0


def _number(path: Path, line: int, cell: str) -> float:
    if not cell.strip():
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        raise InputError(f"cell in line {line:,} of {path.name} must be a number, got {cell[:40]!r}; mend it") from None
    return value if abs(value) < 1e30 else math.nan
