"""`OpenSmileEncoder`: what openSMILE measured in a recording, as frames for the LLM.

Takes a `Speech` whose file is a table that openSMILE wrote (Eyben et al. 2010, doi 10.1145/1873951.1874246), by
`SMILExtract -csvoutput` or as a CSV of the package `opensmile`; gives a frame of each row's functionals. Needs no
sound, so that corpora can be learnt from whose recordings can't be shared. Knows no LLM.
"""

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.modality import Observed
from thymos.adapters.sample import Speech
from thymos.prompts.errors import ModelError, RowError

SETS: Mapping[str, int] = MappingProxyType({"egemaps": 88, "gemaps": 62, "is09": 384, "is10": 1582})
MAX_ROWS = 3_000
_LONGEST = 1 << 20  # characters of a line
_NOT_MEASURED = frozenset({"name", "file", "start", "end", "frametime", "frameindex", "class", "emotion"})
_LARGEST = 1e30  # of a number
_VERSION = 1


class OpenSmileEncoder:
    """Encoder of openSMILE's tables, without weights; see `thymos.adapters.modality.Encoder`."""

    modality = "speech"
    layers = 1

    def __init__(self, features: str = "egemaps") -> None:
        """Choose a feature set.

        Args:
            features: `egemaps` (eGeMAPSv02, Eyben et al. 2016), `gemaps`, `is09` (Interspeech 2009 Emotion Challenge,
                Schuller et al. 2009) or `is10`; a table is known by how many it has.

        Raises:
            ModelError: it is none of these.
        """
        if features not in SETS:
            raise ModelError(f"feature set of openSMILE must be one of {', '.join(SETS)}, got {features!r}; name one")
        self.name = f"opensmile:{features}"
        self.dim = SETS[features]
        self.fingerprint = hashlib.sha256(f"{_VERSION} {features} {self.dim}".encode()).hexdigest()

    def read(self, source: Speech) -> NDArray[np.float32]:
        """Read a table, (rows, features).

        Raises:
            RowError: it is no table of this feature set.
        """
        if source.path is None:
            raise RowError(f"speech must be a table of openSMILE for {self.name}, got samples; use the encoder whisper")
        if source.start is not None or source.end is not None:
            raise RowError(f"{source.path.name} must be named without #t=, got a part: functionals are of the whole")
        try:
            with open_media(source.path) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace") as text:
                header = text.readline(_LONGEST)
                delimiter = ";" if header.count(";") > header.count(",") else ","
                places = self._places(next(csv.reader([header], delimiter=delimiter), []), source.path)
                values = []
                lines = iter(partial(text.readline, _LONGEST), "")
                for number, row in enumerate(csv.reader(lines, delimiter=delimiter), start=2):
                    if number > MAX_ROWS + 1:
                        raise RowError(f"{source.path.name} must have at most {MAX_ROWS:,} rows, got more; cut it")
                    if row:
                        values.append(_numbers(row, places, source.path, number))
        except (OSError, csv.Error) as error:
            raise RowError(f"{source.path.name} must be a table of openSMILE's, got {error}; write it again") from error
        if not values:
            raise RowError(f"{source.path.name} must have a row of functionals, got none; drop the row")
        return np.array(values, np.float32)

    def encode(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return frames of shape (rows, features), as they were measured."""
        return signal

    def observe(self, signal: NDArray[np.float32]) -> Observed:
        """Say nothing: functionals have no words."""
        return Observed()

    def _places(self, header: Sequence[str], path: Path) -> list[int]:
        places = [at for at, name in enumerate(header) if name.strip().lower() not in _NOT_MEASURED]
        if len(places) != self.dim:
            raise RowError(
                f"{path.name} must have the {self.dim} functionals of {self.name}, got {len(places)} columns; name the "
                "set that was extracted, or use the encoder whisper for sound"
            )
        return places


def _numbers(row: Sequence[str], places: Sequence[int], path: Path, line: int) -> list[float]:
    try:
        values = [float(row[at]) for at in places]
    except (ValueError, IndexError):
        raise RowError(
            f"{path.name} must have a number in each column, got none in line {line}; write it again"
        ) from None
    if not all(math.isfinite(value) and abs(value) < _LARGEST for value in values):
        raise RowError(f"{path.name} must have finite numbers, got another in line {line}; write it again")
    return values
