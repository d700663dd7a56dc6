"""The file that conversations live in: opened for one step at a time, safe for several threads and processes.

Takes a path; gives connections. SQLite in write-ahead mode: a process that is killed leaves what it had committed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from thymos.prompts.errors import InputError, OutputError

_WAIT = 10.0  # s for another writer
_VERSION = 1  # of the schema


class Database:
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        """Make the file, or take the one that is there.

        Raises:
            InputError: it is no database of this kind.
            OutputError: it can't be written.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OutputError(
                f"home must be a folder that can be written, got {path.parent}: {error.strerror}"
            ) from None
        with self.change() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise InputError(
                    f"{path} must be of this version of Thymos, got a newer one; update, or use another --home"
                )
            db.executescript((files("thymos.agent.chat") / "schema.sql").read_text(encoding="utf-8"))
            db.execute(f"PRAGMA user_version = {_VERSION}")
        path.chmod(0o600)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are there together, or not at all."""
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA secure_delete = ON")
                with db:
                    yield db
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise OutputError(f"conversations can't be kept in {self._path}: {error}") from error
            raise InputError(
                f"{self._path} must be a database of conversations, got another or a damaged file"
            ) from error

    def settle(self) -> None:
        """Take the write-ahead log into the file, so that what was deleted is not left in it."""
        with suppress(OutputError), self.change() as db:
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
