"""Physiology as NumPy arrays in an NPZ file, never unpickled.

Takes a path; gives a `Recording`. The convention: one array of one dimension a signal, its key named after it (`bvp`,
`eda`, `temp`, `hr`, `ecg_mV`, `resp`); its rate in Hz in `<key>_fs`, or together in `fs`, which holds the rates of
bvp, eda, temp, acc and hr in this order; perhaps `<key>_t0`, the time of its first sample in s (0 unless given).
With the joint `fs`, as from an Empatica E4, eda is in uS and temp in degC; else the key says the unit, or
`<key>_unit`. Other keys are left alone.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thymos.adapters.media import open_media
from thymos.adapters.physiology.limits import MAX_CHANNELS, check_size, check_span, translated
from thymos.adapters.physiology.recording import Recording, each_kind_once
from thymos.adapters.physiology.units import UNITS, channel_of, kind_and_unit
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

_JOINT = ("bvp", "eda", "temp", "acc", "hr")  # order of the rates in `fs`
_SMALL = 64  # values that a rate, time or unit may have
_TEXT = 400  # bytes of a unit


@dataclass(frozen=True, slots=True)
class _Arrays:
    """An open archive and its members by key."""

    path: Path
    archive: zipfile.ZipFile
    members: dict[str, str]

    def small(self, key: str) -> Any:
        """Return a small array as a list or a value, None where there is none."""
        return self.read(key, _SMALL).tolist() if key in self.members else None

    def read(self, key: str, most: float | None = None) -> np.ndarray:
        """Return an array of numbers or text once its header says that it is small enough.

        Raises:
            RowError: it is not.
        """
        with self.archive.open(self.members[key]) as stream:
            shape, kind = _header(stream)
        if kind.hasobject or kind.kind not in "fiubU" or kind.itemsize > (8 if kind.kind != "U" else _TEXT):
            raise RowError(f"{key} in {self.path.name} must be numbers, got dtype {kind}; nothing is unpickled here")
        count = float(np.prod(shape, dtype=np.float64)) if shape else 1.0
        if most is not None and count > most:
            raise RowError(f"{key} in {self.path.name} must have at most {most} values, got {count:,.0f}; correct it")
        check_size(f"{key} in {self.path.name}", count)
        with self.archive.open(self.members[key]) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def read_arrays(path: Path) -> Recording:
    """Read an NPZ file.

    Raises:
        RowError: it is none, or no key is a signal, or a rate or unit is missing.
    """
    with open_media(path) as stream, translated(path, "NPZ file"), zipfile.ZipFile(stream) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
        if len(members) > MAX_CHANNELS:
            raise RowError(f"{path.name} must have at most {MAX_CHANNELS:,} arrays, got {len(members):,}; cut it")
        return _recording(_Arrays(path, archive, members))


def _recording(arrays: _Arrays) -> Recording:
    joint = arrays.small("fs")
    rates = dict(zip(_JOINT, joint, strict=False)) if isinstance(joint, list) else {}
    channels: list[Channel] = []
    flags: list[str] = []
    total = 0
    for key in arrays.members:
        told = kind_and_unit(key)
        if told is None:
            continue
        kind, unit = told
        rate = arrays.small(f"{key}_fs")
        if rate is None:
            rate = rates.get(key)
            unit = unit or (UNITS[kind] if rate is not None else None)
        if rate is None:
            raise RowError(f"rate of {key} in {arrays.path.name} must be told, got none; add {key}_fs in Hz")
        unit = unit or arrays.small(f"{key}_unit")
        values = arrays.read(key)
        if values.ndim != 1 or values.dtype.kind not in "fiub":
            raise RowError(
                f"{key} in {arrays.path.name} must have one dimension, got shape {values.shape}; pick a column"
            )
        total += len(values)
        check_size(arrays.path.name, total)
        check_span(key, len(values) / float(rate) if float(rate) > 0 else 0.0)
        start = arrays.small(f"{key}_t0")
        channel, doubts = channel_of(
            kind, values, float(rate), None if unit is None else str(unit), float(start or 0.0)
        )
        channels.append(channel)
        flags += doubts
    if not channels:
        raise RowError(
            f"{arrays.path.name} must have an array named after a signal (bvp, eda, temp, hr, ...), got "
            f"{', '.join(list(arrays.members)[:8]) or 'none'}; rename it"
        )
    kept, left_out = each_kind_once(channels)
    return Recording(kept, (*flags, *left_out))


def _header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(stream)
    return shape, kind
