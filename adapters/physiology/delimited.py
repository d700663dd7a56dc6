"""Physiology as CSV or TSV, packed with gzip or not.

Takes a path; gives a `Recording`. A header names the columns (`time`, `eda_uS`, `temperature [degC]`), or a BIDS
sidecar does. Empty cells, NaN and n/a are gaps.
"""

import gzip
import math
from array import array
from collections.abc import Iterator
from csv import reader
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from thymos.adapters.media import MAX_BYTES, open_media
from thymos.adapters.physiology.columns import Sidecar, recording_of, sidecar_of, time_column, wanted
from thymos.adapters.physiology.limits import MAX_CHANNELS, MAX_SAMPLES, translated
from thymos.adapters.physiology.recording import Recording
from thymos.prompts.errors import RowError

_LINE = 100_000  # bytes of one line, at most
_GAPS = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


def read_delimited(path: Path) -> Recording:
    """Read a table of samples.

    Raises:
        RowError: it is none, or says neither rate nor unit, or a cell is no number.
    """
    sidecar = sidecar_of(path)
    with open_media(path) as raw, translated(path, "table of samples"):
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        return _read(path, _lines(path, stream), sidecar)


def _read(path: Path, lines: Iterator[str], sidecar: Sidecar) -> Recording:
    first = next(lines, None)
    if first is None:
        raise RowError(f"{path.name} must have samples, got no line; record it again or drop the row")
    separator = "\t" if "\t" in first else ";" if ";" in first else ","
    cells = [cell.strip() for cell in next(reader([first], delimiter=separator))]
    headless = bool(sidecar.columns) and tuple(cells) != sidecar.columns
    names = list(sidecar.columns) if headless else cells
    if len(names) > MAX_CHANNELS:
        raise RowError(f"{path.name} must have at most {MAX_CHANNELS:,} columns, got {len(names):,}; cut it")
    timed = time_column(names)
    used = [place for place, _, _ in wanted(names, sidecar)] + ([timed[0]] if timed else [])
    columns = {place: array("d") for place in sorted(set(used))}
    body = _chained(first, lines) if headless else lines
    most = MAX_SAMPLES // max(1, len(columns))
    for number, row in enumerate(reader(body, delimiter=separator), start=1 if headless else 2):
        if not row:
            continue
        if number > most:
            raise RowError(f"{path.name} must have at most {most:,} rows, got more; cut or thin it first")
        for place, column in columns.items():
            column.append(_number(path, row[place] if place < len(row) else "", names[place], number))
    arrays = [
        np.frombuffer(columns[place], dtype=np.float64) if columns.get(place) else np.empty(0)
        for place in range(len(names))
    ]
    return recording_of(path, names, arrays, sidecar)


def _number(path: Path, cell: str, column: str, row: int) -> float:
    try:
        return float(cell)
    except ValueError:
        if cell.strip().casefold() in _GAPS:
            return math.nan
        raise RowError(
            f"{column} in {path.name} must be a number, got {cell[:40]!r} in line {row:,}; correct it or leave it empty"
        ) from None


def _lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    size = 0
    while line := stream.readline(_LINE):
        size += len(line)
        if len(line) >= _LINE or size > MAX_BYTES:
            raise RowError(
                f"{path.name} must be lines of text of less than {_LINE:,} bytes, got longer; is it a table?"
            )
        yield line.decode("utf-8-sig" if size == len(line) else "utf-8")


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines
