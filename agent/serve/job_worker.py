"""`JobWorker`: one thread that labels the corpora of jobs, one after another, and can be stopped at any moment.

Takes jobs from a `JobStore`; works with `thymos.agent.runs`, whose finished shards a killed server finds again. Its
batches go behind those of people who wait. Knows nothing of HTTP.
"""

import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from typing import Any

from thymos.agent.runs.lock import HeldError
from thymos.agent.runs.progress import Progress
from thymos.agent.runs.report import RunReport
from thymos.agent.runs.stop import RunStoppedError, Stopped
from thymos.agent.serve.batching import BatchingScorer, Whole
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.job_store import JobStore
from thymos.agent.serve.job_values import Job
from thymos.agent.serve.settings import Limits
from thymos.prompts.errors import OutputError, RunError, ThymosError

log = logging.getLogger("thymos.jobs")

_PAUSE = 1.0  # s after a failure, whose cause, such as a full disk, may be there for the next job, too
CONTEXT_TURNS = 5  # earlier turns of its dialogue that a row brings along


class JobWorker:
    """Works through the queue of jobs."""

    def __init__(
        self,
        store: JobStore,
        scorer: Callable[[str | None], BatchingScorer],
        limits: Limits,
        on_rows: Callable[[float], Any] = lambda rows: None,
    ) -> None:
        """Keep what works; start nothing.

        Args:
            store: has the jobs.
            scorer: label set -> what labels.
            limits: how many rows a batch has, how long a text may be.
            on_rows: is told of labelled rows.
        """
        self._store = store
        self._scorer = scorer
        self._limits = limits
        self._on_rows = on_rows
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work, with what an earlier server left first."""
        self._thread = threading.Thread(target=self._work, name="thymos-jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tell that there is another job."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the batch in hand; a job that runs goes on when the next server starts."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def cancel(self, job_id: str) -> None:
        """End a job that has not ended; what was labelled of it is thrown away.

        Raises:
            ApiError: there is none, or it has ended.
        """
        if self._store.move(job_id, ("queued",), state="cancelled"):
            clear(self._store.labels(job_id))
        elif not self._store.move(job_id, ("running",), state="cancelled"):  # its files go when its batch is through
            state = self._store.get(job_id).state
            raise ApiError(409, f"job must be queued or running to be cancelled, got one that is {state}")

    def _work(self) -> None:
        while not self._stop.is_set():
            job = self._store.next()
            if job is None:
                self._wake.wait()
                self._wake.clear()
                continue
            try:
                self._do(job)
            except Exception as error:
                log.exception("job %s failed", job.id)
                self._fail(job, error)
                self._stop.wait(_PAUSE)

    def _do(self, job: Job) -> None:
        """Label one corpus."""
        if not self._store.move(job.id, ("queued",), state="running"):
            return
        log.info("job %s begins", job.id)
        try:
            report = self._run_through(job)
        except RunStoppedError:
            if self._store.get(job.id).state == "cancelled":
                clear(self._store.labels(job.id))
            return
        found = report.provenance
        rows = found.rows + found.bad_rows
        counts = {"rows": rows, "done": rows, "bad_rows": found.bad_rows}
        if self._store.move(job.id, ("running",), state="done", result=f"/v1/jobs/{job.id}/result", **counts):
            log.info("job %s is done: %d rows, %d bad", job.id, rows, found.bad_rows)
        else:
            clear(self._store.labels(job.id))

    def _run_through(self, job: Job) -> RunReport:
        """Label a corpus, from where an earlier server was; anew where that one had another model."""
        labels = self._store.labels(job.id)
        begun = labels.with_suffix(".run").exists() or labels.exists()
        try:
            return self._run(job)
        except (RunStoppedError, HeldError):
            raise
        except RunError as error:
            if not begun:
                raise
            log.warning("job %s begins anew: %s", job.id, error)
            clear(labels)
            return self._run(job)

    def _run(self, job: Job) -> RunReport:
        from thymos.agent.runs.run import run

        corpus = open_job_corpus(self._store.corpus(job.id), job.text_column, job.format, self._limits.chars)
        return run(
            corpus,
            Whole(self._scorer(job.taxonomy)),
            self._store.labels(job.id),
            keep_columns=("all",),
            chunk_rows=self._limits.job_chunk,
            on_progress=lambda progress: self._progress(job.id, progress),
        )

    def _progress(self, job_id: str, progress: Progress) -> None:
        """Note how far a run is; end it where that is wished."""
        if self._stop.is_set() or self._store.get(job_id).state == "cancelled":
            raise Stopped(SIGTERM)
        if progress.stage == "label":
            before = self._store.get(job_id).done
            self._store.update(job_id, keep=False, rows=progress.total, done=progress.rows, bad_rows=progress.bad)
            if progress.rows > progress.resumed:
                self._on_rows(max(0, progress.rows - before))

    def _fail(self, job: Job, error: Exception) -> None:
        """Tell why a job failed, unless it was cancelled or is gone altogether."""
        said = f"{type(error).__name__}; the server's log says more"
        if isinstance(error, OutputError):
            said = "disk of the server must take what is written, got a refusal; its log says more"
        elif isinstance(error, ThymosError):
            folder = self._store.labels(job.id).parent
            said = str(error).replace(str(self._store.corpus(job.id)), job.name).replace(f"{folder}{os.sep}", "")
        try:
            self._store.move(job.id, ("queued", "running"), state="failed", error=said)
        except ApiError:
            pass
        except OutputError:  # the disk is full: say so at least until the next start
            self._store.update(job.id, keep=False, state="failed", error=said)


def open_job_corpus(path: Path, text_column: str | None, format: str | None, chars: int) -> Any:  # noqa: A002
    """Open a corpus that somebody sent: one file, whose columns name no files of this machine.

    Raises:
        InputError: it can't be read.
    """
    from thymos.adapters.readers import Columns, open_corpus

    columns = Columns(text=text_column, speech="", face="", physiology="")
    return open_corpus(path, format=format or "auto", columns=columns, context_turns=CONTEXT_TURNS, max_chars=chars)


def clear(labels: Path) -> None:
    """Remove what a run wrote."""
    shutil.rmtree(labels.with_suffix(".run"), ignore_errors=True)
    for path in labels.parent.glob("labels.*"):
        if path.is_file():
            path.unlink(missing_ok=True)
