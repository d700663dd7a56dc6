"""The files that are read with a recording of the body: a table's sidecar, a header, the signals that it names.

Takes a path; gives those that are there, on disk or in the same archive. Reads headers alone.
"""

from pathlib import Path

from thymos.adapters.media import media_exists
from thymos.adapters.physiology.columns import sidecar_place


def files_beside(path: Path) -> list[Path]:
    """Return what else is read where a recording is, sorted; nothing for a folder, whose files are all its own."""
    found = {sidecar_place(path)}
    header = path.with_suffix(".hea")
    if media_exists(header):
        from thymos.adapters.physiology.waveform import signal_files

        found |= {header, *signal_files(header)}
    return sorted(each for each in found if each != path and media_exists(each))
