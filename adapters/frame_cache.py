"""`FrameCache`: what encoders gave, kept on disk by the content of the recording. Encoding is done once.

Takes a key; gives frames and observations that were put under it. One SQLite file an encoder, so that thousands of
short clips do not become thousands of files; several processes may use it. What cannot be read is as if it were not
there: everything in it can be made again. Knows no encoder.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.modality import Measured, Observed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS frames (key TEXT PRIMARY KEY, width INTEGER, frames BLOB);
CREATE TABLE IF NOT EXISTS observed (key TEXT PRIMARY KEY, told TEXT);
"""
_WAIT = 30.0  # s for another process that writes


class FrameCache:
    """Frames and observations of one encoder.

    Attributes:
        usable: whether anything can be kept.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Open or make the file.

        Args:
            folder: where it lies; made if it is not there.
            fingerprint: of the encoder; another one has another file.
        """
        self._path = folder / f"{fingerprint[:32]}.sqlite"
        self.usable = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base:
                base.execute("PRAGMA journal_mode=WAL")
                base.executescript(_SCHEMA)
        except (OSError, sqlite3.Error):  # a full or read-only disk: nothing is kept, everything still works
            self.usable = False

    def frames(self, keys: Sequence[str]) -> dict[str, NDArray[np.float16]]:
        """Return the frames, (frames, width), by key; a key under which nothing was put is left out."""
        found: dict[str, NDArray[np.float16]] = {}
        for key, width, frames in self._rows("key, width, frames FROM frames", keys):
            with suppress(ValueError, TypeError):
                found[key] = np.frombuffer(frames, np.float16).reshape(-1, width)
        return found

    def observed(self, key: str) -> Observed | None:
        """Return what was observed under a key, or None."""
        with suppress(ValueError, KeyError, TypeError):
            for (text,) in self._rows("told FROM observed", [key]):
                told = json.loads(text)
                cues = tuple(Measured(**each) for each in told["cues"])
                return Observed(cues, tuple(told["flags"]), told["text"])
        return None

    def put_frames(self, frames: Mapping[str, NDArray[np.float16]]) -> None:
        """Keep frames, (frames, width), by key."""
        rows = [(key, each.shape[1], np.ascontiguousarray(each).tobytes()) for key, each in frames.items()]
        self._put("INSERT OR REPLACE INTO frames VALUES (?, ?, ?)", rows)

    def put_observed(self, key: str, observed: Observed) -> None:
        """Keep an observation."""
        self._put("INSERT OR REPLACE INTO observed VALUES (?, ?)", [(key, json.dumps(asdict(observed)))])

    def forget(self, beginning: str) -> None:
        """Take out what is kept under keys that begin so; its bytes are overwritten."""
        if not self.usable:
            return
        with suppress(OSError, sqlite3.Error), closing(self._open()) as base:
            base.execute("PRAGMA secure_delete=ON")
            with base:
                for table in ("frames", "observed"):
                    base.execute(f"DELETE FROM {table} WHERE substr(key, 1, ?) = ?", (len(beginning), beginning))
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _rows(self, what: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return columns of a table for each key that is in it; none where it cannot be read."""
        if not self.usable or not keys:
            return []
        try:
            with closing(self._open()) as base:
                places = ", ".join("?" * len(keys))
                rows: list[tuple[Any, ...]] = base.execute(f"SELECT {what} WHERE key IN ({places})", keys).fetchall()
            return rows
        except sqlite3.Error:
            return []

    def _put(self, query: str, rows: Sequence[tuple[object, ...]]) -> None:
        if not self.usable or not rows:
            return
        try:
            with closing(self._open()) as base:
                base.execute("PRAGMA synchronous=NORMAL")  # a power cut may cost the last rows, which can be made again
                with base:
                    base.executemany(query, rows)
        except (OSError, sqlite3.Error):
            self.usable = False

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT)
