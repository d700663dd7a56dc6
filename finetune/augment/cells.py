"""Results of the grid on the disk, one file a cell, so that a run that was killed goes on where it stopped.

Takes a folder and what identifies the experiment; gives results that are there already and keeps new ones. A folder of
another experiment is refused.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from thymos.adapters.whole_file import refusal, whole_file
from thymos.finetune.augment.values import Cell, Result, Row, size_name
from thymos.prompts.errors import RunError

_VERSION = 1  # of what a cell means; raised whenever the same inputs would give another result
_RUN = "run.json"


def digest(rows: Sequence[Row]) -> str:
    """Hash rows: SHA-256 of one JSON line a row, as 64 hex digits."""
    found = hashlib.sha256()
    for row in rows:
        found.update(json.dumps([row.id, row.text, row.labels], separators=(",", ":")).encode("ascii") + b"\n")
    return found.hexdigest()


class Cells:
    """A folder of results."""

    def __init__(self, folder: Path, identity: Mapping[str, object]) -> None:
        """Open a folder, or make it.

        Args:
            folder: made if it is not there.
            identity: of the experiment, JSON values: what a result depends on beside its cell.

        Raises:
            RunError: it holds results of another experiment.
            OutputError: it cannot be written.
        """
        self._folder = folder
        told = json.loads(json.dumps({"version": _VERSION, **identity}))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal(folder, error) from error
        there = _read(folder / _RUN)
        if there is not None and there != told:
            other = ", ".join(name for name in told if not isinstance(there, dict) or there.get(name) != told[name])
            raise RunError(
                f"folder of results must be of this experiment, got {folder} of another ({other or 'more'} differs); "
                "choose another --output or remove it"
            )
        if there is None:
            self._write(_RUN, told)

    def get(self, cell: Cell) -> Result | None:
        """Return a result that is there, or nothing."""
        told = _read(self._folder / _name(cell))
        if not isinstance(told, dict):
            return None
        predicted = tuple(tuple(row) for row in told["predicted"])
        return Result(predicted, told["real"], told["added"], told["chosen"])

    def put(self, cell: Cell, result: Result) -> None:
        """Keep a result, whole or not at all."""
        told = {"predicted": result.predicted, "real": result.real, "added": result.added, "chosen": result.chosen}
        self._write(_name(cell), told)

    def _write(self, name: str, told: object) -> None:
        with whole_file(self._folder / name) as file:
            file.write(json.dumps(told, separators=(",", ":")).encode())


def _name(cell: Cell) -> str:
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in cell.classifier)
    return f"{safe}-{size_name(cell.size)}-{cell.seed}-{cell.arm}.json"


def _read(path: Path) -> object:
    """Return the content of a JSON file, or None where there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
