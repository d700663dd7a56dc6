"""`JobStore`: jobs on disk, one folder each, so that an accepted one outlives whatever ends the server.

Takes a folder; gives `Job` values. A job's folder appears whole, with its corpus in it, or not at all; its state is a
file that is replaced whole. Knows nothing of labelling.

    jobs/<id>/job.json       what it is and how far
              input.csv      the corpus as it was sent
              labels.parquet the result, written by `thymos.agent.runs`, with its shards beside it meanwhile
"""

import os
import re
import secrets
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thymos.adapters.whole_file import TEMPORARY, sync_folder, whole_file, whole_folder
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.job_values import ENDED, STATES, Job, State

_JOB = "job.json"
_ID = re.compile(r"[0-9a-f]{32}")


class JobStore:
    """All jobs of a server; safe for several threads."""

    def __init__(self, folder: Path) -> None:
        """Read what an earlier server left; what was not accepted whole is removed."""
        self._folder = folder
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for entry in sorted(folder.iterdir()):
            if entry.name.endswith(TEMPORARY):
                shutil.rmtree(entry, ignore_errors=True)
            elif _ID.fullmatch(entry.name) and (job := _read(entry / _JOB)) is not None:
                self._jobs[job.id] = job.model_copy(update={"state": "queued"}) if job.state == "running" else job

    def add(self, corpus: Path, name: str, taxonomy: str, text_column: str | None, format: str | None) -> Job:  # noqa: A002
        """Accept a corpus: once this returns, the job is on the disk.

        Args:
            corpus: file below the same home; it is moved. Its suffix tells the format.
            name: as it was sent.
            taxonomy: label set.
            text_column: column with the words, if named.
            format: of the file, if named.

        Raises:
            OutputError: the disk is full or refuses.
        """
        job = Job(
            id=secrets.token_hex(16),
            state="queued",
            name=name,
            taxonomy=taxonomy,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            text_column=text_column,
            format=format,
        )
        with whole_folder(self._folder / job.id) as stage:
            _sync(corpus)
            corpus.replace(stage / f"input{corpus.suffix}")
            with whole_file(stage / _JOB) as file:
                file.write(job.model_dump_json(indent=1).encode())
        sync_folder(self._folder)
        with self._lock:
            self._jobs[job.id] = job
        return job

    def list(self) -> list[Job]:
        """Return all, the newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)

    def get(self, job_id: str) -> Job:
        """Return one.

        Raises:
            ApiError: there is none.
        """
        with self._lock:
            if job_id not in self._jobs:
                raise ApiError(404, "job must be one that is here, got an unknown id; GET /v1/jobs lists them")
            return self._jobs[job_id]

    def update(self, job_id: str, *, keep: bool = True, **changes: Any) -> Job:
        """Change a job; progress, which a restart finds out anew, need not be kept on disk.

        Raises:
            ApiError: there is none.
            OutputError: the disk is full or refuses.
        """
        with self._lock:
            job = self.get(job_id).model_copy(update=changes)
            if keep:
                with whole_file(self.folder(job_id) / _JOB) as file:
                    file.write(job.model_dump_json(indent=1).encode())
            self._jobs[job_id] = job
            return job

    def move(self, job_id: str, came_from: tuple[State, ...], **changes: Any) -> bool:
        """Change a job's state, unless it is no longer in one of those that it may come from.

        Returns:
            Whether it was changed.

        Raises:
            ApiError: there is none.
            OutputError: the disk is full or refuses.
        """
        with self._lock:
            if self.get(job_id).state not in came_from:
                return False
            self.update(job_id, **changes)
            return True

    def remove(self, job_id: str) -> None:
        """Remove a job that has ended, with all its files.

        Raises:
            ApiError: there is none.
        """
        with self._lock:
            self.get(job_id)
            gone = self.folder(job_id).with_suffix(TEMPORARY)  # in one step, or a kill would leave half a job
            self.folder(job_id).replace(gone)
            del self._jobs[job_id]
        shutil.rmtree(gone, ignore_errors=True)

    def next(self) -> Job | None:
        """Return the oldest job that waits."""
        waiting = [job for job in self.list() if job.state == "queued"]
        return waiting[-1] if waiting else None

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        states = [job.state for job in self.list()]
        return {state: states.count(state) for state in STATES}

    @property
    def unfinished(self) -> int:
        """Jobs that wait or run."""
        return sum(job.state not in ENDED for job in self.list())

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job that is here."""
        return self._folder / job_id

    def corpus(self, job_id: str) -> Path:
        """Return the corpus of a job.

        Raises:
            ApiError: it is gone.
        """
        found = sorted(self.folder(job_id).glob("input.*"))
        if not found:
            raise ApiError(404, "corpus of the job must be there, got none; send it again")
        return found[0]

    def labels(self, job_id: str) -> Path:
        """Return where the result of a job stands, or will stand."""
        return self.folder(job_id) / "labels.parquet"


def _read(path: Path) -> Job | None:
    try:
        return Job.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _sync(path: Path) -> None:
    """See that a file's content is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
