"""`BatchingScorer`: what many threads ask at once is scored in one go.

Takes a labeler; is a scorer itself, for as many threads as wish. One thread of its own calls the labeler: it takes what
waits, short calls first, and while it computes the next batch gathers. So a lone request waits a few
milliseconds at most, and sixty-four cost little more than one. Knows nothing of HTTP.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from time import monotonic
from typing import Any

from thymos.adapters.modality import Observed
from thymos.adapters.sample import Sample
from thymos.agent.prediction import BatchLabeler, Prediction
from thymos.prompts.errors import ModelError, RowError, ThymosError
from thymos.prompts.taxonomy import Taxonomy

GONE: ContextVar[threading.Event | None] = ContextVar("GONE", default=None)  # set when nobody waits for the answer
ROWS = 128  # scored together: more gain little, and who comes meanwhile waits longer
WAIT = 0.003  # s that the first of a batch waits for company

Answer = Prediction | RowError


class _Call:
    """What one caller asks for: rows, and the answers so far."""

    def __init__(self, samples: Sequence[Sample], *, whole: bool) -> None:
        self.samples = samples
        self.whole = whole
        self.taken = 0
        self.answers: list[Answer] = []
        self.error: Exception | None = None
        self.done = threading.Event()
        self.gone = GONE.get()

    @property
    def left(self) -> int:
        return len(self.samples) - self.taken

    def drop(self, why: str) -> None:
        self.error = ModelError(f"rows must be waited for, got none who does: {why}")
        self.done.set()

    def take(self, most: int) -> Sequence[Sample]:
        part = self.samples[self.taken : self.taken + most]
        self.taken += len(part)
        return part


class BatchingScorer:
    """A labeler for many threads at once; see `thymos.agent.reasoning.cues.Scorer`."""

    def __init__(
        self,
        labeler: BatchLabeler,
        *,
        rows: int = ROWS,
        wait: float = WAIT,
        lock: "threading.Lock | None" = None,
        on_batch: Callable[[int], None] = lambda rows: None,
    ) -> None:
        """Keep what scores; the thread starts with the first call.

        Args:
            labeler: is called by one thread at a time.
            rows: of one call of it, at most.
            wait: that the first of a batch waits for others, s.
            lock: held while it computes, for labelers that share a processor or weights.
            on_batch: is told how many rows each call had.
        """
        self.labeler = labeler
        self._rows = rows
        self._wait = wait
        self._lock = lock or threading.Lock()
        self._on_batch = on_batch
        self._calls: deque[_Call] = deque()
        self._wholes: deque[_Call] = deque()
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._abandoned = False
        self._whole_next = False

    @property
    def taxonomy(self) -> Taxonomy:
        """The label set in use."""
        return self.labeler.taxonomy

    @property
    def waiting(self) -> int:
        """Rows that nobody computes yet."""
        with self._condition:
            return sum(call.left for call in (*self._calls, *self._wholes))

    def identity(self) -> Mapping[str, object]:
        """Return what makes its answers its answers."""
        return self.labeler.identity()

    def label_batch(self, samples: Sequence[Sample]) -> list[Answer]:
        """Label samples together with those of other threads; one entry for each, in order.

        Raises:
            ModelError: the scorer was closed.
        """
        return self._ask(_Call(samples, whole=False))

    def whole_batch(self, samples: Sequence[Sample]) -> list[Answer]:
        """Label samples in a call of their own, when nobody else waits or after a batch of those who do.

        Equal batches give equal answers, bit by bit, which runs that are resumed rely on.

        Raises:
            ModelError: the scorer was closed.
        """
        return self._ask(_Call(samples, whole=True))

    def observe(self, sample: Sample) -> Mapping[str, Observed]:
        """Return what can be said of a sample's recordings, by modality."""
        observe: Any = getattr(self.labeler, "observe", None)
        if observe is None:
            return {}
        with self._lock:
            found: Mapping[str, Observed] = observe(sample)
            return found

    def close(self) -> None:
        """Let those who wait be answered, then take no more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def abandon(self) -> None:
        """Take no more, and give up what people wait for; the batch in hand is through first.

        Whole batches stay: they are short ones of runs, which end after them and go on another time.
        """
        with self._condition:
            self._closed = self._abandoned = True
            self._condition.notify_all()

    def _ask(self, call: _Call) -> list[Answer]:
        if not call.samples:
            return []
        with self._condition:
            if self._closed:
                raise ModelError("scorer must be open, got one that was closed; the server is stopping")
            (self._wholes if call.whole else self._calls).append(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="thymos-scorer", daemon=True)
                self._thread.start()
            self._condition.notify_all()
        call.done.wait()
        if call.error is not None:
            raise call.error
        return call.answers

    def _work(self) -> None:
        """Score until closed and nothing is left."""
        while (batch := self._gathered()) is not None:
            asked = [sample for _, part in batch for sample in part]
            try:
                with self._lock:
                    answers = self._scored(asked)
            except Exception as error:  # noqa: BLE001  (each caller raises it)
                for call, _ in batch:
                    call.error = error
            else:
                self._on_batch(len(asked))
                waiting = iter(answers)
                for call, part in batch:
                    call.answers += [next(waiting) for _ in part]
            self._finish([call for call, _ in batch])

    def _scored(self, asked: Sequence[Sample]) -> list[Answer]:
        """Score rows; where the labeler fails at all of them, each alone, so that one can't spoil another's answer."""
        try:
            answers = self.labeler.label_batch(asked)
        except ThymosError:
            if len(asked) == 1:
                raise
            answers = [self._alone(sample) for sample in asked]
        if len(answers) != len(asked):
            raise ModelError(f"labeler must give one answer per row, got {len(answers)} for {len(asked)}")
        return answers

    def _alone(self, sample: Sample) -> Answer:
        try:
            (answer,) = self.labeler.label_batch([sample])
        except ThymosError as error:
            return RowError(str(error))
        return answer

    def _finish(self, calls: Sequence[_Call]) -> None:
        """Wake those whose rows are all answered; the rest keep their place."""
        with self._condition:
            for call in calls:
                if call.left and call.error is None:
                    continue
                queue = self._wholes if call.whole else self._calls
                queue.remove(call)
                call.done.set()

    def _gathered(self) -> list[tuple[_Call, Sequence[Sample]]] | None:
        """Wait for rows; return the next batch, or None when closed."""
        with self._condition:
            self._drop_unwanted()
            while not (self._calls or self._wholes):
                if self._closed:
                    return None
                self._condition.wait()
                self._drop_unwanted()
            if self._calls:
                self._await_company()
            if self._wholes and (self._whole_next or not self._calls):
                self._whole_next = False
                call = self._wholes[0]
                return [(call, call.take(len(call.samples)))]
            self._whole_next = bool(self._wholes)
            return self._shares()

    def _drop_unwanted(self) -> None:
        """Take out calls that nobody waits for any more; all of them when the server can wait no longer."""
        for call in [each for each in self._calls if self._abandoned or (each.gone is not None and each.gone.is_set())]:
            self._calls.remove(call)
            call.drop("the server is stopping" if self._abandoned else "the client left")

    def _await_company(self) -> None:
        """Wait a little while, unless a batch is full."""
        until = monotonic() + self._wait
        while (left := until - monotonic()) > 0 and not self._closed:
            if sum(call.left for call in self._calls) >= self._rows:
                return
            self._condition.wait(left)

    def _shares(self) -> list[tuple[_Call, Sequence[Sample]]]:
        """Fill half a batch with the calls that need least, the rest with those that wait longest.

        So a lone row is never stuck behind a long conversation, answers are finished one after another instead of all
        at the very end, and nobody waits for ever.
        """
        counts = dict.fromkeys(self._calls, 0)
        free = self._rows
        for calls, most in (
            (sorted(self._calls, key=lambda call: call.left), (self._rows + 1) // 2),
            (self._calls, self._rows),
        ):
            for call in calls:
                more = min(call.left - counts[call], free, most - (self._rows - free))
                counts[call] += max(0, more)
                free -= max(0, more)
        return [(call, call.take(count)) for call, count in counts.items() if count]


class Whole:
    """The same labeler for a run: its batches stay as they are, and people's requests go first."""

    def __init__(self, scorer: BatchingScorer) -> None:
        self._scorer = scorer

    @property
    def taxonomy(self) -> Taxonomy:
        """The label set in use."""
        return self._scorer.taxonomy

    def identity(self) -> Mapping[str, object]:
        """Return what makes its answers its answers."""
        return self._scorer.identity()

    def label_batch(self, samples: Sequence[Sample]) -> list[Answer]:
        """Label samples in one call."""
        return self._scorer.whole_batch(samples)
