"""Physiology as WFDB (PhysioNet): a `.hea` header with its signal files, through wfdb.

Takes the path of the header or of a signal file; gives a `Recording`. Only files that lie beside the header are read:
a header that names another place, or the network, is refused. Imports wfdb.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

import wfdb

from thymos.adapters.media import open_media
from thymos.adapters.physiology.limits import MAX_CHANNELS, check_size, check_span, translated
from thymos.adapters.physiology.recording import Recording, each_kind_once
from thymos.adapters.physiology.units import UNITS, channel_of, kind_in
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError

_HEADER_BYTES = 200_000
_PLAIN = re.compile(r"[A-Za-z0-9][\w.\-]*")
# Names of electrocardiogram leads, which WFDB headers give in place of a kind.
_LEADS = frozenset(
    ("i", "ii", "iii", "avr", "avl", "avf", "v", *(f"v{n}" for n in range(1, 7)), "mli", "mlii", "mliii")
)


def read_waveform(path: Path) -> Recording:
    """Read a WFDB record of one segment.

    Raises:
        RowError: it is none, or not whole, or no signal is one of the body.
    """
    with _on_disk(path.with_suffix(".hea")) as record, translated(path, "WFDB record"):
        header = wfdb.rdheader(str(record))
        names, rate = header.sig_name or [], float(header.fs or 0.0)
        used = [(place, kind) for place, name in enumerate(names) if (kind := _kind(name))]
        if not used:
            raise RowError(
                f"{path.name} must have a signal of the body ({', '.join(UNITS)}), got names "
                f"{', '.join(map(repr, names[:8])) or 'none'}; rename them"
            )
        check_size(path.name, float(header.sig_len or 0) * len(names))
        check_span(path.name, header.sig_len / rate if rate > 0 else 0.0)
        signals = wfdb.rdrecord(str(record), channels=[place for place, _ in used]).p_signal
        channels: list[Channel] = []
        flags: list[str] = []
        for column, (place, kind) in enumerate(used):
            channel, doubts = channel_of(kind, signals[:, column], rate, (header.units or [])[place])
            channels.append(channel)
            flags += doubts
    kept, left_out = each_kind_once(channels)
    return Recording(kept, (*flags, *left_out))


def _kind(name: str) -> str | None:
    return "ecg" if name.strip().casefold() in _LEADS else kind_in(name)


def signal_files(path: Path) -> list[Path]:
    """Return the files that a header names beside it, as far as it can be read."""
    try:
        _, lines = _header(path.with_suffix(".hea"))
    except RowError:
        return []
    return [path.with_name(name) for name in sorted({line[0] for line in lines[1:]}) if _PLAIN.fullmatch(name)]


def _header(path: Path) -> tuple[str, list[list[str]]]:
    with open_media(path) as stream:
        text = stream.read(_HEADER_BYTES).decode("utf-8", "replace")
    return text, [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@contextmanager
def _on_disk(path: Path) -> Iterator[Path]:
    """Give the record's name in a folder that holds a copy of its header and signals and nothing else."""
    text, lines = _header(path)
    if not lines or len(lines) > MAX_CHANNELS or "/" in lines[0][0] or not _PLAIN.fullmatch(lines[0][0]):
        raise RowError(
            f"{path.name} must be the header of a WFDB record of one segment, got another; name its .hea file"
        )
    names = {line[0] for line in lines[1:]}
    if bad := [name for name in names if not _PLAIN.fullmatch(name)]:
        raise RowError(f"{path.name} must name files beside it, got {bad[0][:60]!r}; correct the header")
    with TemporaryDirectory(prefix="thymos-") as folder:
        for name in names:
            with open_media(path.with_name(name)) as source, (Path(folder) / name).open("wb") as target:
                copyfileobj(source, target)
        record = Path(folder) / "record"
        # wfdb compares the name in the header with that of the file
        body = text.replace(lines[0][0], "record", 1)
        record.with_suffix(".hea").write_text(body, encoding="utf-8")
        yield record
