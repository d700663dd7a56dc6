"""A table of samples to channels: which column is the time, which are signals, at what rate and in what unit.

Takes column names, numbers and what a sidecar says (BIDS: SamplingFrequency, StartTime, Columns, Units); gives a
`Recording`. Shared by the readers of CSV and Parquet; knows nothing of bytes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import media_exists, open_media
from thymos.adapters.physiology.grid import on_grid
from thymos.adapters.physiology.limits import check_size, check_span, translated
from thymos.adapters.physiology.recording import Recording, each_kind_once
from thymos.adapters.physiology.units import UNITS, channel_of, kind_and_unit, kind_in
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

_SIDECAR_BYTES = 1_000_000
_TIMES = re.compile(
    r"(time|t|times|timestamp|seconds|sec|elapsed)[ _]*[\[(]?(s|sec|seconds|ms|us)?[\])]?", re.IGNORECASE
)
_TIME_UNITS = {"ms": 1e-3, "us": 1e-6}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a JSON file beside a table says of it.

    Attributes:
        rate: SamplingFrequency, Hz, or None.
        start: StartTime, s.
        columns: names, for a table without a header.
        units: by column.
    """

    rate: float | None = None
    start: float = 0.0
    columns: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


def sidecar_place(path: Path) -> Path:
    """Return where the sidecar of a table lies, if it has one."""
    name = path.name
    for ending in (".gz", ".csv", ".tsv", ".tab", ".parquet", ".pq"):
        name = name.removesuffix(ending) if name.lower().endswith(ending) else name
    return path.with_name(name + ".json")


def sidecar_of(path: Path) -> Sidecar:
    """Read `NAME.json` beside `NAME.csv`, `NAME.tsv.gz` and the like, where there is one.

    Raises:
        RowError: it is no JSON object, or says what cannot be.
    """
    beside = sidecar_place(path)
    if beside == path or not media_exists(beside):
        return Sidecar()
    with translated(beside, "JSON sidecar"), open_media(beside) as stream:
        told: Any = json.loads(stream.read(_SIDECAR_BYTES))
    if not isinstance(told, dict):
        raise RowError(
            f"{beside.name} must be a JSON object, got {type(told).__name__}; see BIDS' physiological recordings"
        )
    columns = told.get("Columns", [])
    if not isinstance(columns, list) or not all(isinstance(each, str) for each in columns):
        raise RowError(f"Columns in {beside.name} must be a list of names, got {str(columns)[:60]}; correct it")
    units = {
        name: about["Units"]
        for name, about in told.items()
        if isinstance(about, dict) and isinstance(about.get("Units"), str)
    }
    rate, start = (_number(beside, told, key) for key in ("SamplingFrequency", "StartTime"))
    if rate is not None and not 0 < rate <= 1e6:
        raise RowError(f"SamplingFrequency in {beside.name} must be above 0 Hz, got {rate:g}; correct it")
    return Sidecar(rate, start or 0.0, tuple(columns), units)


def recording_of(
    path: Path, names: Sequence[str], columns: Sequence[NDArray[np.float64]], sidecar: Sidecar
) -> Recording:
    """Return the channels of a table.

    Raises:
        RowError: no column is a signal, or a rate or a unit is missing.
    """
    times = _times(names, columns)
    signals = wanted(names, sidecar)
    if not signals:
        raise RowError(
            f"{path.name} must have a column named after a signal ({', '.join(UNITS)}), got "
            f"{', '.join(map(repr, names[:8])) or 'none'}; name it like eda_uS or temperature_degC"
        )
    if times is None and sidecar.rate is None:
        raise RowError(
            f"{path.name} must tell its rate, got neither a column `time` in s nor a sidecar; add the column, or "
            f"{path.name.split('.')[0]}.json with SamplingFrequency in Hz"
        )
    channels: list[Channel] = []
    flags: list[str] = []
    for place, kind, unit in signals:
        values = columns[place]
        if times is None:
            check_size(kind, len(values))
            rate, start = sidecar.rate or 0.0, sidecar.start
            check_span(kind, len(values) / rate)
        else:
            gridded = on_grid(kind, times, values)
            values, rate, start = gridded.values, gridded.rate, gridded.start
            flags += gridded.flags
        channel, doubts = channel_of(kind, values, rate, unit, start)
        channels.append(channel)
        flags += doubts
    kept, left_out = each_kind_once(channels)
    return Recording(kept, (*flags, *left_out))


def wanted(names: Sequence[str], sidecar: Sidecar) -> list[tuple[int, str, str | None]]:
    """Return place, kind and unit of each column that is a signal; the sidecar's units come before the names'."""
    found = []
    for place, name in enumerate(names):
        told = kind_and_unit(name)
        if told is None and name in sidecar.units and (kind := kind_in(name)):
            told = kind, None
        if told is not None:
            found.append((place, told[0], sidecar.units.get(name, told[1])))
    return found


def time_column(names: Sequence[str]) -> tuple[int, float] | None:
    """Return the place of the column of times and how many seconds its unit has."""
    for place, name in enumerate(names):
        if match := _TIMES.fullmatch(name.strip()):
            return place, _TIME_UNITS.get((match[2] or "").lower(), 1.0)
    return None


def _times(names: Sequence[str], columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    found = time_column(names)
    return None if found is None else columns[found[0]] * found[1]


def _number(path: Path, told: Mapping[str, Any], key: str) -> float | None:
    value = told.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise RowError(f"{key} in {path.name} must be a number, got {str(value)[:40]!r}; correct it")
    return float(value)
