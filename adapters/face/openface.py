"""`ActionUnitEncoder`: what OpenFace measured in a video of a face, as frames for the LLM and as cues.

Takes a `Face` whose file is a table that OpenFace's FeatureExtraction wrote (Baltrusaitis et al. 2018, OpenFace 2.0);
gives frames of 17 intensities and 18 presences of facial action units (FACS, Ekman and Friesen 1978). Needs no picture,
so that corpora can be shared whose videos can't. Knows no LLM.
"""

import csv
import hashlib
import io
import math
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.modality import Measured, Observed
from thymos.adapters.sample import Face
from thymos.prompts.errors import RowError

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "AU01": "inner brows raised",
        "AU02": "outer brows raised",
        "AU04": "brows lowered",
        "AU05": "upper lids raised",
        "AU06": "cheeks raised",
        "AU07": "lids tightened",
        "AU09": "nose wrinkled",
        "AU10": "upper lip raised",
        "AU12": "lip corners pulled up",
        "AU14": "lip corners dimpled",
        "AU15": "lip corners pulled down",
        "AU17": "chin raised",
        "AU20": "lips stretched",
        "AU23": "lips tightened",
        "AU25": "lips parted",
        "AU26": "jaw dropped",
        "AU45": "blinking",
    }
)
COLUMNS = (*(f"{unit}_r" for unit in UNITS), *(f"{unit}_c" for unit in sorted((*UNITS, "AU28"))))
MAX_ROWS = 500_000  # four and a half hours at 30 a second
_MOST = 3_000  # frames that are given; longer videos are averaged to so many
_TOLD = 1.0  # mean intensity, of 5, from which a unit is a cue
_CUES = 4
_FOUND = 0.8  # of the pictures; fewer with a face are a flag
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class UnitSignal:
    """Action units of one person.

    Attributes:
        values: (pictures, 35), in the order of `COLUMNS`.
        found: share of the pictures in which the face was found.
        people: faces that the table tells of.
    """

    values: NDArray[np.float32]
    found: float
    people: int


class ActionUnitEncoder:
    """Encoder of OpenFace's tables, without weights; see `thymos.adapters.modality.Encoder`."""

    name = "action-units"
    modality = "face"
    dim = len(COLUMNS)
    layers = 1
    fingerprint = hashlib.sha256(f"{_VERSION} {COLUMNS} {_MOST}".encode()).hexdigest()

    def read(self, source: Face) -> UnitSignal:
        """Read a table; of several people the one who is found most often is meant.

        Raises:
            RowError: it is no table of OpenFace's, or no face was found.
        """
        if source.path is None:
            raise RowError("face must be a table of OpenFace for action units, got pixels; use the encoder `face`")
        if source.box is not None:
            raise RowError(f"{source.path.name} must be named without #xywh, got a box: a table has no pixels; drop it")
        rows, total = _rows(source.path, source.start, source.end)
        if not rows:
            raise RowError(f"{source.path.name} must tell of a face, got none in {total:,} pictures; drop the row")
        main = max(rows.values(), key=len)
        values = np.frombuffer(main, np.float32).reshape(-1, len(COLUMNS))
        return UnitSignal(values, min(1.0, len(values) / max(1, total)), len(rows))

    def encode(self, signal: UnitSignal) -> NDArray[np.float32]:
        """Return frames of shape (pictures, 35); of more than 3,000 pictures, means over stretches."""
        if len(signal.values) <= _MOST:
            return signal.values
        return np.array([part.mean(0) for part in np.array_split(signal.values, _MOST)], np.float32)

    def observe(self, signal: UnitSignal) -> Observed:
        """Name the strongest action units."""
        means = dict(zip(UNITS, signal.values[:, : len(UNITS)].mean(0).tolist(), strict=True))
        strongest = sorted((unit for unit in means if means[unit] >= _TOLD), key=lambda unit: -means[unit])[:_CUES]
        cues = [
            Measured("action unit", f"{UNITS[unit]} ({unit.replace('AU0', 'AU')}), {means[unit]:.1f} of 5", means[unit])
            for unit in strongest
        ]
        flags = []
        if signal.found < _FOUND:
            flags.append(f"the face was found in {100 * signal.found:.0f} % of the pictures")
        if signal.people > 1:
            flags.append(f"{signal.people} people are in the table; the one who is seen most is read")
        return Observed(tuple(cues), tuple(flags))


def _rows(path: Path, start: float | None, end: float | None) -> "tuple[dict[str, array[float]], int]":
    """Return the numbers of each person in the pictures with a face, row after row, and how many pictures there are."""
    found: dict[str, array[float]] = defaultdict(lambda: array("f"))
    pictures: set[str] = set()
    try:
        with open_media(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace") as text:
            table = csv.reader(text)
            places = _places(next(table, []), path)
            for number, row in enumerate(table, start=2):
                if number > MAX_ROWS:
                    raise RowError(f"{path.name} must have at most {MAX_ROWS:,} rows, got more; cut the video first")
                told = _numbers(row, places, path, number)
                if told is None or not (start or 0.0) <= told["timestamp"] < (math.inf if end is None else end):
                    continue
                pictures.add(str(told["frame"]) if "frame" in places else str(number))
                if told["success"] > 0:
                    found[str(told["face_id"])].extend(told[name] for name in COLUMNS)
    except (OSError, csv.Error) as error:
        raise RowError(f"{path.name} must be a table of OpenFace's, got {error}; write it again") from error
    return found, len(pictures)


def _places(header: Sequence[str], path: Path) -> dict[str, int]:
    places = {name.strip(): place for place, name in enumerate(header)}
    if missing := [name for name in COLUMNS if name not in places]:
        raise RowError(
            f"{path.name} must have the columns of OpenFace's action units, got none called {missing[0]}; pictures and "
            "videos are read by the encoder `face`"
        )
    return places


def _numbers(row: Sequence[str], places: Mapping[str, int], path: Path, number: int) -> dict[str, float] | None:
    """Return the numbers of a row; None for an empty line."""
    if not row:
        return None
    told = {"timestamp": 0.0, "success": 1.0, "face_id": 0.0}
    try:
        for name in _asked(places):
            told[name] = float(row[places[name]])
    except (ValueError, IndexError):
        raise RowError(f"{path.name} must have a number in {name}, got none in line {number}; write it again") from None
    if not all(map(math.isfinite, told.values())):
        raise RowError(f"{path.name} must have finite numbers, got another in line {number}; write it again")
    return told


def _asked(places: Mapping[str, int]) -> Iterator[str]:
    yield from (name for name in ("frame", "timestamp", "success", "face_id") if name in places)
    yield from COLUMNS
