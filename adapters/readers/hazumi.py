"""Hazumi1911 (Katada et al. 2020, doi 10.1145/3382507.3418844): people chat with a system; outsiders rate sentiment.

Reads `exchanges.csv` beside one NPZ a subject. A row is the user's reply in one exchange; the system's utterance is the
turn before it. Its physiology is `<subject>.npz#t=from,to`: the exchange, and what lies before it up to 30 s together.
`sentiment` is the outside raters' (negative, neutral, positive), `self_sentiment` the user's own, `topic` whether the
topic should go on by the raters. Words are Japanese; a reply may be empty. `read_hazumi_features` gives the voice
functionals and facial action units that lie in the same files. Ids are `<subject>-<exchange>`.
"""

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier, shown
from thymos.prompts.errors import RowError

LABELS = ("negative", "neutral", "positive")  # of 0, 1, 2
SYSTEM, USER = "System", "User"
CONTEXT = 30.0  # s of physiology, at least: an exchange is as short as a second, the skin answers after three
_TERNARY = {"sentiment": "TS_ternary", "self_sentiment": "SS_ternary", "topic": "TC_ternary"}
_TABLES = ("is09", "au")
_MOST = 10_000_000  # values of a table of features


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield what the system said, which is only heard, and the user's reply."""
    values = dict(record.values)
    subject, exchange = (identifier(values.get(key), "") for key in ("subject", "exchange"))
    name = f"{subject}-{exchange}"
    if not subject or not exchange.isascii() or not exchange.isdecimal() or len(exchange) > 9:
        yield Broken(f"row must have a subject and an exchange's number, got {shown(exchange)}; is it Hazumi?", id=name)
        return
    start, end = (_seconds(values.get(key)) for key in ("t_start_s", "t_end_s"))
    if not (math.isfinite(start) and start < end):
        got = f"{shown(values.get('t_start_s'))} to {shown(values.get('t_end_s'))}"
        yield Broken(f"exchange must have its times in s, got {got}; mend this row", id=name)
        return
    turn = 2 * int(exchange)
    said = {"text": values.get("system_utterance"), "speaker": SYSTEM, "subject": subject, "turn": turn}
    empty = dict.fromkeys(("physiology", *_TERNARY))
    yield Record({**values, **said, **empty}, id=f"{name}-system", context_only=True)
    first = max(0.0, min(start, end - CONTEXT))
    reply = {
        "text": values.get("user_utterance"),
        "speaker": USER,
        "subject": subject,
        "turn": turn + 1,
        "physiology": f"{subject}.npz#t={first:.2f},{end:.2f}",
        **{label: _named(values.get(column)) for label, column in _TERNARY.items()},
    }
    yield Record({**values, **reply}, id=name)


def read_hazumi_features(folder: Path, subject: str) -> Mapping[str, tuple[tuple[str, ...], NDArray[np.float32]]]:
    """Read the features that the corpus comes with for each exchange of a subject.

    Args:
        folder: of the corpus, with `feature_names.json`.
        subject: as in `exchanges.csv`.

    Returns:
        `is09` (voice: openSMILE's IS09 functionals) and `au` (face: presence of OpenFace action units): names of the
        features, and values of shape (exchanges, features); row i is exchange i.

    Raises:
        RowError: a file is missing or not so.
    """
    path = folder / f"{subject}.npz"
    try:
        with open_media(folder / "feature_names.json") as stream:
            names: Any = json.loads(stream.read(1_000_000))
        with open_media(path) as stream, zipfile.ZipFile(stream) as archive:
            tables = {key: _table(archive, f"{key}.npy") for key in _TABLES}
        found = {key: (tuple(map(str, names[key])), tables[key]) for key in _TABLES}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise RowError(
            f"{path.name} must be a subject's file of Hazumi1911, got another ({error}); copy it again"
        ) from error
    for key, (columns, values) in found.items():
        if values.ndim != 2 or values.shape[1] != len(columns):
            raise RowError(
                f"{key} in {path.name} must have {len(columns)} columns, got shape {values.shape}; copy it again"
            )
    return found


def _table(archive: zipfile.ZipFile, member: str) -> NDArray[np.float32]:
    if archive.getinfo(member).file_size > 4 * _MOST:
        raise ValueError(f"{member} has more than {_MOST:,} values")
    with archive.open(member) as stream:
        values = np.lib.format.read_array(stream, allow_pickle=False)
    return np.asarray(values, dtype=np.float32)


def _named(value: object) -> str | None:
    number = _seconds(value)
    return LABELS[int(number)] if number in (0.0, 1.0, 2.0) else None


def _seconds(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number fails here
    except (TypeError, ValueError, OverflowError):
        return math.nan


HAZUMI = Layout(
    name="hazumi",
    columns=Columns(
        text="text", speaker="speaker", dialogue="subject", turn="turn", label="sentiment", physiology="physiology"
    ),
    default="csv",
    expand=expand,
)
