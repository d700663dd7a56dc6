"""`KeyFile`: who may use a server that others can reach. Keys are random, shown once, and stored as hashes.

Takes a path; gives keys and checks them. A key has 256 random bits, so one SHA-256 is enough: there is no shorter way
than to try them all, which a slow hash is for. Knows nothing of HTTP.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from thymos.adapters.whole_file import whole_file
from thymos.prompts.errors import InputError

PREFIX = "thymos-"
_NAME = re.compile(r"[\w.@-]{1,64}")


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key.

    Attributes:
        name: whose it is.
        created: ISO 8601 in UTC.
        sha256: of the key, hexadecimal.
    """

    name: str
    created: str
    sha256: str


class KeyFile:
    """Keys in a file that only its owner can read; changes are seen at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._keys: tuple[Key, ...] = ()

    def add(self, name: str) -> str:
        """Make a key and return it; it can't be shown again.

        Raises:
            InputError: the name is taken or none.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"name of a key must be 1 to 64 letters, digits or . @ _ -, got {name[:80]!r}; say laptop")
        key = PREFIX + secrets.token_urlsafe(32)
        with self._changing():
            if name in {each.name for each in self.list()}:
                raise InputError(f"name of a key must be new, got {name!r}; remove that one first")
            made = Key(name, datetime.now(UTC).isoformat(timespec="seconds"), _hash(key))
            self._write([*self.list(), made])
        return key

    def list(self) -> tuple[Key, ...]:
        """Return all keys, the oldest first.

        Raises:
            InputError: the file is damaged.
        """
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._stamp:
                self._keys = _read(self._path)
                self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self._keys = None, ()
        return self._keys

    def remove(self, name: str) -> None:
        """Let a key open nothing any more.

        Raises:
            InputError: there is none of that name.
        """
        with self._changing():
            left = [key for key in self.list() if key.name != name]
            if len(left) == len(self.list()):
                known = ", ".join(key.name for key in self.list()) or "none"
                raise InputError(f"name must be that of a key, got {name!r}; there are {known}")
            self._write(left)

    def owner(self, key: str) -> str | None:
        """Return whose key it is, None where it is nobody's; takes as long for a near miss as for a far one."""
        given = _hash(key)
        found = None
        for each in self.list():
            if hmac.compare_digest(each.sha256, given):
                found = each.name
        return found

    def _changing(self) -> FileLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._path.with_name(self._path.name + ".lock"))

    def _write(self, keys: Sequence[Key]) -> None:
        rows = [{"name": key.name, "created": key.created, "sha256": key.sha256} for key in keys]
        with whole_file(self._path) as file:
            os.chmod(file.fileno(), 0o600)  # noqa: PTH101  (by descriptor, before there is anything in it)
            file.write(json.dumps({"keys": rows}, indent=1).encode())


def _read(path: Path) -> tuple[Key, ...]:
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_bytes())["keys"]
        return tuple(Key(str(row["name"]), str(row["created"]), str(row["sha256"])) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"file of keys must be whole, got {path}: {error!r}; restore it or make new keys") from error


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
