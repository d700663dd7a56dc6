"""Physiology as an Empatica E4 exports it: a folder or zip of BVP.csv, EDA.csv, TEMP.csv and HR.csv.

Takes a path; gives a `Recording` whose clock starts with the first file. Each file says when it starts (UTC, s) in its
first line and its rate in its second. ACC, IBI and tags are left alone: intervals between beats are found anew, since
the device keeps only a quarter of them.
"""

import zipfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from thymos.adapters.media import open_media
from thymos.adapters.physiology.limits import MAX_SAMPLES, check_size, check_span, translated
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.physiology.units import channel_of
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

_FILES = {
    "BVP.csv": ("bvp", "device"),
    "EDA.csv": ("eda", "uS"),
    "TEMP.csv": ("temperature", "degC"),
    "HR.csv": ("heart-rate", "1/min"),
}
_LINE = 1_000  # bytes
_BYTES = 400_000_000  # of one file


def is_empatica(path: Path) -> bool:
    """Say whether a folder is one of an E4."""
    return any((path / name).is_file() for name in _FILES)


def read_empatica(path: Path) -> Recording:
    """Read a folder or a zip archive of one session.

    Raises:
        RowError: it has none of the files, or one that is damaged.
    """
    read: list[tuple[str, str, float, float, np.ndarray]] = []
    with _members(path) as streams:
        for name, stream in streams:
            with translated(path / name, "file of an Empatica E4"):
                start, rate, values = _samples(name, stream)
            if len(values):
                read.append((*_FILES[name], start, rate, values))
    if not read:
        raise RowError(f"{path.name} must have samples in one of {', '.join(_FILES)}, got none; is it an E4 session?")
    check_size(path.name, sum(len(values) for *_, values in read))
    first = min(start for _, _, start, _, _ in read)
    channels: list[Channel] = []
    flags: list[str] = []
    for kind, unit, start, rate, values in read:
        check_span(kind, start - first + (len(values) / rate if rate > 0 else 0.0))
        channel, doubts = channel_of(kind, values, rate, unit, start - first)
        channels.append(channel)
        flags += doubts
    return Recording(tuple(channels), tuple(flags))


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """Give the files of a session with their names, one at a time."""
    if path.is_dir():
        yield (
            (name, open_media(path / name))
            for name in _FILES
            if (path / name).is_file() and (path / name).stat().st_size
        )
        return
    with open_media(path) as stream, translated(path, "zip archive"), zipfile.ZipFile(stream) as archive:
        yield _of_archive(path, archive)


def _of_archive(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, BinaryIO]]:
    for name in _FILES:
        found = [
            info
            for info in archive.infolist()
            if info.filename.rpartition("/")[2] == name and "__MACOSX" not in info.filename
        ]
        if len(found) > 1:
            raise RowError(
                f"{path.name} must hold one session, got {len(found)} files {name}; unpack it and name a folder"
            )
        if found and found[0].file_size:
            if found[0].file_size > _BYTES:
                raise RowError(
                    f"{name} in {path.name} must have at most {_BYTES:,} bytes, got {found[0].file_size:,}; cut it"
                )
            with archive.open(found[0]) as member:
                yield name, BytesIO(member.read(_BYTES))


def _samples(name: str, stream: BinaryIO) -> tuple[float, float, np.ndarray]:
    with stream:
        start, rate = (_number(name, stream.readline(_LINE).split(b",")[0], line) for line in (1, 2))
        values, line = array("d"), 3
        while text := stream.readline(_LINE):
            if text.strip():
                values.append(_number(name, text, line))
            if len(values) > MAX_SAMPLES:
                raise RowError(f"{name} must have at most {MAX_SAMPLES:,} samples, got more; cut it first")
            line += 1
    return start, rate, np.frombuffer(values, dtype=np.float64) if values else np.empty(0)


def _number(name: str, text: bytes, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise RowError(
            f"{name} must have a number in line {line:,} (1: start in s, 2: rate in Hz, then samples), got "
            f"{text.decode('utf-8', 'backslashreplace')[:40]!r}; export it again"
        ) from None
