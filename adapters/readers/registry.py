"""The formats that `--format` takes: general ones and published corpora. Explicit, each name once.

Takes names of formats and files; gives the reader. Knows nothing of rows.
"""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Protocol, TypeVar

from thymos.adapters.readers.dailydialog import DAILYDIALOG
from thymos.adapters.readers.dair import DAIR
from thymos.adapters.readers.delimited import read_csv, read_tsv
from thymos.adapters.readers.empatheticdialogues import EMPATHETICDIALOGUES
from thymos.adapters.readers.fer2013 import FER2013, FERPLUS
from thymos.adapters.readers.files import PACKED_SUFFIXES
from thymos.adapters.readers.goemotions import GOEMOTIONS
from thymos.adapters.readers.hazumi import HAZUMI
from thymos.adapters.readers.json_list import read_json
from thymos.adapters.readers.jsonl import read_jsonl
from thymos.adapters.readers.layout import TextFormat
from thymos.adapters.readers.meld import MELD
from thymos.adapters.readers.plain import read_txt
from thymos.adapters.readers.ravdess import RAVDESS
from thymos.adapters.readers.reccon import RECCON
from thymos.adapters.readers.stress_predict import STRESS_PREDICT
from thymos.adapters.readers.tess import TESS
from thymos.prompts.errors import InputError

PARQUET = "parquet"
DATASETS = "datasets"
PARQUET_SUFFIXES = (".parquet", ".pq")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


def registry(entries: Iterable[_T]) -> dict[str, _T]:
    """Return entries by name.

    Raises:
        ValueError: a name occurs twice.
    """
    found: dict[str, _T] = {}
    for entry in entries:
        if entry.name in found:
            raise ValueError(f"format names must be unique, got {entry.name!r} twice; rename one")
        found[entry.name] = entry
    return found


TEXT_FORMATS = registry(
    (
        TextFormat("csv", (".csv",), read_csv, has_header=True),
        TextFormat("tsv", (".tsv", ".tab"), read_tsv, has_header=True),
        TextFormat("jsonl", (".jsonl", ".ndjson"), read_jsonl, has_header=False),
        TextFormat("json", (".json",), read_json, has_header=False),
        TextFormat("txt", (".txt",), read_txt, has_header=True),
    )
)
LAYOUTS = registry(
    (
        *(GOEMOTIONS, MELD, DAILYDIALOG, EMPATHETICDIALOGUES, DAIR, RECCON),
        *(RAVDESS, TESS, FER2013, FERPLUS, STRESS_PREDICT, HAZUMI),
    )
)
FORMATS = ("auto", *TEXT_FORMATS, PARQUET, DATASETS, *LAYOUTS)
SUFFIXES = tuple(suffix for each in TEXT_FORMATS.values() for suffix in each.suffixes) + PARQUET_SUFFIXES


def check_format(name: str) -> None:
    """Refuse an unknown format.

    Raises:
        InputError: no format has this name.
    """
    if name not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {name!r}; auto goes by the file's name")


def format_of(path: PurePath) -> str | None:
    """Return the general format that a file's name tells, whether it is packed or not."""
    name = path.name.lower()
    for packed in PACKED_SUFFIXES:
        name = name.removesuffix(packed)
    if name.endswith(PARQUET_SUFFIXES):
        return PARQUET
    return next((each.name for each in TEXT_FORMATS.values() if name.endswith(each.suffixes)), None)
