"""`FrameCache`: what encoders gave, kept on disk by the content of the recording. Encoding is done once.

Takes a key; gives frames and observations that were put under it. One SQLite file an encoder, so that thousands of
short clips do not become thousands of files; several processes may use it. What cannot be read is as if it were not
there: everything in it can be made again. Knows no encoder.
"""

import json
import sqlite3
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

    def frames(self, key: str) -> NDArray[np.float16] | None:
        """Return the frames that were put under a key, (frames, width), or None."""
        row = self._row("SELECT width, frames FROM frames WHERE key = ?", key)
        try:
            return None if row is None else np.frombuffer(row[1], np.float16).reshape(-1, row[0])
        except (ValueError, TypeError):
            return None

    def observed(self, key: str) -> Observed | None:
        """Return what was observed under a key, or None."""
        row = self._row("SELECT told FROM observed WHERE key = ?", key)
        try:
            told = None if row is None else json.loads(row[0])
            return told and Observed(
                tuple(Measured(**each) for each in told["cues"]), tuple(told["flags"]), told["text"]
            )
        except (ValueError, KeyError, TypeError):
            return None

    def put_frames(self, key: str, frames: NDArray[np.float16]) -> None:
        """Keep frames, (frames, width)."""
        row = (key, frames.shape[1], np.ascontiguousarray(frames).tobytes())
        self._put("INSERT OR REPLACE INTO frames VALUES (?, ?, ?)", row)

    def put_observed(self, key: str, observed: Observed) -> None:
        """Keep an observation."""
        self._put("INSERT OR REPLACE INTO observed VALUES (?, ?)", (key, json.dumps(asdict(observed))))

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

    def _row(self, query: str, key: str) -> tuple[Any, ...] | None:
        if not self.usable:
            return None
        try:
            with closing(self._open()) as base:
                row: tuple[Any, ...] | None = base.execute(query, (key,)).fetchone()
            return row
        except sqlite3.Error:
            return None

    def _put(self, query: str, row: tuple[object, ...]) -> None:
        if not self.usable:
            return
        try:
            with closing(self._open()) as base, base:
                base.execute(query, row)
        except (OSError, sqlite3.Error):
            self.usable = False

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT)
