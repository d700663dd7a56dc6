"""`Destination`: the output file a user named, and the names of what a run keeps beside it.

Takes a path; gives a checked value before anything is opened or loaded. Writes nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from thymos.prompts.errors import RunError

SUFFIXES = (".parquet", ".jsonl", ".csv")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run writes. `labels.parquet` has `labels.errors.jsonl`, `labels.run/` and so on beside it.

    Attributes:
        out: the output file, absolute, links resolved, so that two names of one file are one destination.
    """

    out: Path

    @classmethod
    def checked(cls, out: str | Path, source: str | Path) -> "Destination":
        """Accept an output path for this input, or refuse while nothing has been done yet.

        Args:
            out: as the user wrote it.
            source: the input: a path, or anything else (a hub id), which cannot collide.

        Raises:
            RunError: the suffix is unknown, the folder is missing or not writable, the name is a folder, or a
                file of the run would overwrite the input.
        """
        place = cls(Path(out).resolve())
        if place.format not in SUFFIXES:
            raise RunError(
                f"output must end in {', '.join(SUFFIXES)}, got {str(out)!r}; for example -o "
                f"{Path(out).stem or 'labels'}.parquet"
            )
        folder = place.out.parent
        if not folder.is_dir():
            raise RunError(f"output folder must exist, got {str(folder)!r}; make it or choose another with -o")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise RunError(f"output folder must be writable, got {str(folder)!r}; choose another with -o")
        if place.out.is_dir():
            raise RunError(f"output must be a file, got the folder {str(out)!r}; choose another name with -o")
        for path in (place.out, place.errors, place.meta):
            if path.exists() and Path(source).exists() and path.samefile(source):
                raise RunError(
                    f"output must not overwrite the input, got {str(out)!r}, which writes {path.name}; "
                    "choose another name with -o"
                )
        return place

    @property
    def format(self) -> str:
        """Suffix in lower case, one of `SUFFIXES` once checked."""
        return self.out.suffix.lower()

    @property
    def errors(self) -> Path:
        """Rows that could not be labelled; only there when there are any."""
        return self.out.with_suffix(".errors.jsonl")

    @property
    def meta(self) -> Path:
        """Provenance of an output whose format has no place for it."""
        return self.out.with_suffix(".meta.json")

    @property
    def run_folder(self) -> Path:
        """Shards of an unfinished run."""
        return self.out.with_suffix(".run")

    @property
    def lock(self) -> Path:
        """Held while a run is at work."""
        return self.out.with_suffix(".run.lock")
