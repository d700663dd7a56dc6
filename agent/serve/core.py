"""`Core`: what all routes of a server share: the agent, threads that work, scorers, counters, a folder for a moment.

Takes an agent and settings; gives itself to the routes. Knows no HTTP beyond that.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import Request
from filelock import FileLock, Timeout

from thymos.agent.prediction import BatchLabeler
from thymos.agent.serve.batching import BatchingScorer
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.job_store import JobStore
from thymos.agent.serve.job_worker import JobWorker
from thymos.agent.serve.keys import KeyFile
from thymos.agent.serve.metrics import Metrics
from thymos.agent.serve.protocols import Agent, Reasons, Writer
from thymos.agent.serve.scorers import Scorers
from thymos.agent.serve.settings import Settings
from thymos.agent.serve.work import Work
from thymos.prompts.errors import InputError

TEMPORARY = "tmp"  # below home; emptied when a server starts

MakeReasons = Callable[[BatchingScorer], Reasons]
Listener = Callable[[str], BatchLabeler | None]


def held(home: Path) -> FileLock:
    """Return a lock on the folder of a server, which it holds: two would take each other's jobs for their own.

    Raises:
        InputError: another server holds it, or it can't be written.
    """
    lock = FileLock(home / "server.lock", is_singleton=False, thread_local=False)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(
            f"home must belong to one server at a time, got {home}, which another one uses; stop that one or name "
            "another folder with --home"
        ) from None
    except OSError as error:
        raise InputError(
            f"home must be a folder that can be written, got {home}: {error.strerror or error}; name another --home"
        ) from error
    return lock


class Core:
    """What one server works with."""

    def __init__(
        self,
        agent: Agent,
        settings: Settings,
        writer: Writer | None,
        reasons: MakeReasons,
        listener: Listener,
        scorers: Scorers,
    ) -> None:
        """Open what lies in the home folder; start nothing.

        Args:
            agent: answers.
            settings: how the server is run.
            writer: the plain language model, if it can be asked.
            reasons: makes what reasons of a scorer.
            listener: gives what reads a kind of recording, or None.
            scorers: makes scorers for many threads; the agent's own come from it too, where it has such.
        """
        self.agent = agent
        self.settings = settings
        self.writer = writer
        self.scorers = scorers
        self.metrics = Metrics()
        self.work = Work(settings.limits.workers, settings.limits.waiting)
        self.keys = KeyFile(settings.key_file)
        self._home = held(settings.home)  # before anything in it is touched
        self.jobs = JobStore(settings.home / "jobs")
        self.worker = JobWorker(self.jobs, self.scorer, settings.limits, self.metrics.rows.inc)
        self.busy: dict[str, object] = {}  # thread -> what answers in it just now
        self._reasons = reasons
        self._listener = listener
        self._made: dict[BatchingScorer, Reasons] = {}
        self._named: dict[str, BatchingScorer] = {}
        self._lock = threading.Lock()
        scorers.on_batch = self.metrics.batches.observe
        self.metrics.watch(lambda: self.work.inside, lambda: self.work.waiting, self.jobs.counts)

    def open(self) -> None:
        """Begin: nothing of an earlier life lies about, and jobs go on."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir(parents=True)
        self.worker.start()

    def close(self) -> None:
        """End: jobs stop where they can go on. Answers have had their time; those that are not through are given up."""
        self.scorers.abandon()
        self.worker.stop()
        self.work.close()
        self.scorers.close()
        self.agent.close()
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._home.release()

    def scorer(self, taxonomy: str | None) -> BatchingScorer:
        """Return what scores a label set for many threads at once; may load a model, so call it in a thread.

        Raises:
            ApiError: the label set is none of the agent's.
        """
        name = self.taxonomy(taxonomy)
        with self._lock:
            if name not in self._named:
                self._named[name] = self.scorers.of(self.agent.labeler(name))
            return self._named[name]

    def hears(self, taxonomy: str | None, recordings: Sequence[str]) -> BatchingScorer:
        """Return what scores words and kinds of recording together; may load a model, so call it in a thread.

        Args:
            taxonomy: label set that is wished for, if any.
            recordings: modalities beside text.

        Raises:
            ApiError: nothing that is here reads them together, or not for that label set.
        """
        scorer = self.scorer(taxonomy)
        if _reads(scorer.labeler, recordings):
            return scorer
        other = self._listener(recordings[0])
        names = " and ".join(recordings)
        if other is None or not _reads(other, recordings):
            raise ApiError(422, f"recordings must be ones that one adapter reads, got {names}; ask of each alone")
        if taxonomy not in (None, other.taxonomy.name):
            raise ApiError(
                422,
                f"taxonomy must be {other.taxonomy.name} for {names}, got {taxonomy}; leave it out",
                param="taxonomy",
            )
        return self.scorers.of(other)

    def reasons(self, scorer: BatchingScorer) -> Reasons:
        """Return what reasons with a scorer; may load a knowledge base, so call it in a thread."""
        with self._lock:
            if scorer not in self._made:
                self._made[scorer] = self._reasons(scorer)
            return self._made[scorer]

    def taxonomy(self, asked: str | None) -> str:
        """Return the label set that is meant.

        Raises:
            ApiError: it is none of the agent's.
        """
        name = asked or self.settings.taxonomy
        if name not in self.agent.taxonomies:
            known = ", ".join(self.agent.taxonomies)
            raise ApiError(400, f"taxonomy must be one of {known}, got {name[:60]!r}", param="taxonomy")
        return name

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder that is gone afterwards, with all that encoders kept of the recordings in it."""
        from thymos.adapters.perception import forget

        path = Path(tempfile.mkdtemp(dir=self._temporary))
        try:
            yield path
        finally:
            for each in path.iterdir():
                forget(each)
            shutil.rmtree(path, ignore_errors=True)

    @property
    def _temporary(self) -> Path:
        return self.settings.home / TEMPORARY


def _reads(labeler: BatchLabeler, recordings: Sequence[str]) -> bool:
    return set(recordings) <= set(getattr(labeler, "modalities", ()))


def core_of(request: Request) -> Core:
    """Return the core of the server that a request came to."""
    core: Core = request.app.state.core
    return core
