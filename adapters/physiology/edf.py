"""Physiology as EDF, EDF+ or BDF, through pyedflib.

Takes a path; gives a `Recording`. The header tells labels, rates and units; labels such as `ECG Lead II` and `GSR` are
understood, other signals are left alone. Imports pyedflib, which reads only files on disk: one in an archive is
unpacked into a temporary one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

import pyedflib

from thymos.adapters.media import open_media
from thymos.adapters.physiology.limits import check_size, check_span, translated
from thymos.adapters.physiology.recording import Recording, each_kind_once
from thymos.adapters.physiology.units import UNITS, channel_of, kind_in
from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError


def read_edf(path: Path) -> Recording:
    """Read an EDF or BDF file.

    Raises:
        RowError: it is none or cut short, or no label is a signal of the body.
    """
    with _on_disk(path) as place, translated(path, "EDF file"), pyedflib.EdfReader(str(place)) as file:
        labels, counts = file.getSignalLabels(), file.getNSamples()
        used = [(signal, kind) for signal, label in enumerate(labels) if (kind := kind_in(label))]
        if not used:
            raise RowError(
                f"{path.name} must have a signal of the body ({', '.join(UNITS)}), got labels "
                f"{', '.join(map(repr, labels[:8])) or 'none'}; rename them"
            )
        check_size(path.name, sum(int(counts[signal]) for signal, _ in used))
        channels: list[Channel] = []
        flags: list[str] = []
        for signal, kind in used:
            rate = float(file.getSampleFrequency(signal))
            check_span(labels[signal], int(counts[signal]) / rate if rate > 0 else 0.0)
            unit = file.getPhysicalDimension(signal).strip() or None
            channel, doubts = channel_of(kind, file.readSignal(signal), rate, unit)
            channels.append(channel)
            flags += doubts
    kept, left_out = each_kind_once(channels)
    return Recording(kept, (*flags, *left_out))


@contextmanager
def _on_disk(path: Path) -> Iterator[Path]:
    """Give a copy of the file: pyedflib refuses one that is open elsewhere in the process."""
    with TemporaryDirectory(prefix="thymos-") as folder:
        copy = Path(folder) / f"recording{path.suffix.lower()}"
        with open_media(path) as source, copy.open("wb") as target:
            copyfileobj(source, target)
        yield copy
