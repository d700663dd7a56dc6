"""Input columns that are carried along: which, under what name, and of what type.

Takes the metadata of samples; gives one JSON text per row, and from all of those the columns of the output.
Knows nothing of files.

Types are decided when all rows are known: a column whose values are all whole numbers is int64, all numbers
double, all true/false bool; anything else is text, in which a value that is no string stands as JSON. A
missing value is null and has no say. In `.jsonl` output every value stays what it was.
"""

import base64
import datetime
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import numpy as np

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.runs.text import readable
from thymos.prompts.errors import InputError

ALL = "all"  # the one word that stands for every column
PREFIX = "input_"  # of an input column whose name the output needs for itself

_EXACT = 2**53  # whole numbers up to here survive in a double
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns to carry.

    Attributes:
        names: column names, or `("all",)`, or nothing.
    """

    names: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether every column is carried, also one that first appears in the last row."""
        return self.names == (ALL,)

    def encode(self, metadata: Mapping[str, Any]) -> str:
        """Return the carried values of one row as a JSON object, `{}` when there are none.

        Raises:
            InputError: a value is no text, number, date, bytes, list or mapping.
        """
        names = list(metadata) if self.everything else [name for name in self.names if name in metadata]
        cells = {readable(name): _plain(name, metadata[name]) for name in names}
        return json.dumps(cells, separators=(",", ":"))

    def check(self, rows: Iterable[Sample | BadRow]) -> None:
        """Refuse a name that none of the first rows has.

        Raises:
            InputError: a column is not there.
        """
        if self.everything or not self.names:
            return
        there = dict.fromkeys(name for row in rows if isinstance(row, Sample) for name in row.metadata)
        for name in self.names:
            if there and name not in there:
                raise InputError(
                    f"kept column must be one of {', '.join(there)}, got {name!r}; name another or use "
                    f"--keep-columns {ALL}"
                )


@dataclass(slots=True)
class Census:
    """What the carried columns of a run hold, gathered row by row; as many entries as there are columns.

    Attributes:
        kinds: column -> kinds of value met, in order of first appearance.
    """

    kinds: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, selection: Selection) -> "Census":
        """Start with the named columns, in the order they were named."""
        return cls({readable(name): set() for name in selection.names if not selection.everything})

    def add(self, rows: Iterable[str]) -> None:
        """Take in encoded rows."""
        for row in rows:
            for name, value in json.loads(row).items():
                kinds = self.kinds.setdefault(name, set())
                if value is not None:
                    kinds.add(_kind(value))

    def type_of(self, name: str) -> str:
        """Return `int64`, `double`, `bool` or `string` for a column."""
        kinds = self.kinds[name]
        if kinds and kinds <= {"int", "long"}:
            return "int64"
        if kinds and kinds <= {"int", "float"}:
            return "double"
        return "bool" if kinds == {"bool"} else "string"

    def renamed(self, taken: Iterable[str]) -> dict[str, str]:
        """Return input name -> output name, where `taken` are the output's own columns."""
        names: dict[str, str] = {}
        own = set(taken)
        for name in self.kinds:
            free = name
            while free in own or (free != name and free in self.kinds):
                free = PREFIX + free
            names[name] = free
        return names


def as_type(value: Any, kind: str) -> Any:
    """Return a value for a column of this type: text holds JSON for whatever is not a string."""
    if value is None:
        return None
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(strict(value), ensure_ascii=False)
    return float(value) if kind == "double" else value


def strict(value: Any) -> Any:
    """Return a value that strict JSON has: NaN and infinity become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: strict(inner) for key, inner in value.items()}
    return [strict(inner) for inner in value] if isinstance(value, list) else value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) <= _EXACT else "long" if abs(value) <= _LARGEST else "other"
    return {float: "float", str: "string"}.get(type(value), "other")


def _plain(column: str, value: Any) -> Any:
    """Return a cell as JSON values: dates in ISO 8601, bytes in base64, arrays as lists."""
    if isinstance(value, str):
        return readable(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {readable(str(key)): _plain(column, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(column, inner) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(column, value.tolist())
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal | PurePath | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise InputError(
        f"kept column {column!r} must hold text, numbers, dates, lists or mappings, got "
        f"{type(value).__name__}; leave it out of --keep-columns"
    )
