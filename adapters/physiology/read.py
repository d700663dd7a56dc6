"""`read_recording`: from what a sample says of the body to channels, whatever the file.

Takes a `Physiology`; gives a `Recording` of the part that is meant. Each format has a module of its own, loaded only
when such a file is read.
"""

from collections.abc import Callable
from pathlib import Path

from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Physiology
from thymos.prompts.errors import RowError

SUFFIXES = (
    ".csv",
    ".tsv",
    ".tab",
    ".csv.gz",
    ".tsv.gz",
    ".parquet",
    ".pq",
    ".npz",
    ".edf",
    ".bdf",
    ".hea",
    ".dat",
    ".zip",
)


def read_recording(physiology: Physiology) -> Recording:
    """Read the part of a recording that is meant.

    Raises:
        RowError: there is nothing usable in it; the sentence says what is missing and how to give it.
    """
    path = physiology.path
    whole = Recording(physiology.channels or ()) if path is None else read_file(path)
    return whole.part(physiology.start, physiology.end)


def read_file(path: Path) -> Recording:
    """Read a whole file or folder.

    Raises:
        RowError: its name tells no format, or it cannot be read.
    """
    return _reader(path)(path)


def _reader(path: Path) -> Callable[[Path], Recording]:
    name = path.name.lower()
    if path.is_dir() or name.endswith(".zip"):
        from thymos.adapters.physiology.empatica import is_empatica, read_empatica

        if path.is_dir() and not is_empatica(path):
            raise RowError(f"folder of physiology must be one of an Empatica E4, got {path.name}; name a file in it")
        return read_empatica
    if name.removesuffix(".gz").endswith((".csv", ".tsv", ".tab")):
        from thymos.adapters.physiology.delimited import read_delimited

        return read_delimited
    if name.endswith((".parquet", ".pq")):
        from thymos.adapters.physiology.parquet import read_parquet

        return read_parquet
    if name.endswith(".npz"):
        from thymos.adapters.physiology.arrays import read_arrays

        return read_arrays
    if name.endswith((".edf", ".bdf")):
        from thymos.adapters.physiology.edf import read_edf

        return read_edf
    if name.endswith((".hea", ".dat")):
        from thymos.adapters.physiology.waveform import read_waveform

        return read_waveform
    raise RowError(f"physiology file must end with one of {', '.join(SUFFIXES)}, got {path.name!r}; convert it first")
