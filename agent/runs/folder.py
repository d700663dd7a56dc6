"""`RunFolder`: the shards of an unfinished run, and the proof of which run they belong to.

Takes a path and a fingerprint; saves and loads Arrow tables by number. Knows nothing of rows or labels.

`run.json` is written first and removed first. So a folder without it holds nothing that could be used:
either the run was killed before its first shard, or while the finished run's folder was being removed.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from thymos.adapters.whole_file import refusal, whole_file
from thymos.agent.runs.identity import Fingerprint
from thymos.prompts.errors import RunError

IDENTITY = "run.json"
OUTPUT = "output.tmp"  # the output while it is assembled: here, so that a kill leaves nothing elsewhere
SIDECAR = "sidecar.tmp"

_OURS = re.compile(r"run\.json|\d{6,}\.arrow|.*\.tmp")
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder of numbered shards.

    Attributes:
        path: the folder.
        fingerprint: of the run whose shards these are.
    """

    path: Path
    fingerprint: Fingerprint

    @classmethod
    def open(cls, path: Path, fingerprint: Fingerprint, *, restart: bool = False) -> Self:
        """Go on with the run in this folder, or begin one.

        Args:
            path: the folder; made when missing.
            fingerprint: of the run that wants it.
            restart: throw away what another session left.

        Raises:
            RunError: the folder belongs to a run that differs, or holds files that no run wrote.
        """
        folder = cls(path, fingerprint)
        earlier = read_identity(path / IDENTITY)
        if earlier is not None and not restart:
            different = earlier.differences(fingerprint)
            if different:
                raise RunError(
                    f"a run must go on with what it began with, got: {'; '.join(different)}; put that back, "
                    f"or pass --restart to throw away the unfinished run in {path}"
                )
            return folder
        folder.discard()
        try:
            path.mkdir()
        except OSError as error:
            raise refusal(path, error) from error
        with whole_file(path / IDENTITY) as handle:
            handle.write(json.dumps(fingerprint.parts, indent=1).encode())
        return folder

    def save(self, number: int, shard: Any) -> None:
        """Store a shard: afterwards it is on the disk, before it is not there at all.

        Raises:
            OutputError: the disk is full or refuses.
        """
        with (
            whole_file(self._shard(number)) as handle,
            pa.ipc.new_file(handle, shard.schema, options=_COMPRESSED) as writer,
        ):
            writer.write_table(shard)

    def load(self, number: int) -> Any | None:
        """Return a shard, or None where there is none or (a power cut, a bad disk) it cannot be read."""
        try:
            with pa.OSFile(str(self._shard(number))) as source:
                return pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid):
            return None

    def discard(self) -> None:
        """Remove the folder, identity first.

        Raises:
            RunError: it holds files that no run wrote.
        """
        if not self.path.exists():
            return
        names = [entry.name for entry in self.path.iterdir()] if self.path.is_dir() else [self.path.name]
        foreign = sorted(name for name in names if not _OURS.fullmatch(name))
        if foreign:
            raise RunError(
                f"run folder must hold only what a run wrote, got {foreign[0]!r} in {self.path}; move it away"
            )
        (self.path / IDENTITY).unlink(missing_ok=True)
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        self.path.rmdir()

    def discard_own(self) -> None:
        """Remove what this very run left behind; another run's shards stay."""
        earlier = read_identity(self.path / IDENTITY)
        if earlier is None or not earlier.differences(self.fingerprint):
            self.discard()

    def _shard(self, number: int) -> Path:
        return self.path / f"{number:06d}.arrow"


def read_identity(path: Path) -> Fingerprint | None:
    """Return the identity in a file, or None where there is none that can be read."""
    try:
        parts = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return Fingerprint(parts) if isinstance(parts, dict) else None
