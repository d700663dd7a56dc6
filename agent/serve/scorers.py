"""`Scorers`: one `BatchingScorer` for each labeler, however many ask for it; they compute one at a time.

Takes labelers; gives scorers. Knows nothing of HTTP.
"""

import threading
from collections.abc import Callable

from thymos.agent.prediction import BatchLabeler
from thymos.agent.serve.batching import ROWS, WAIT, BatchingScorer


class Scorers:
    """One `BatchingScorer` for each labeler, however often it is asked for; they compute one at a time.

    Attributes:
        on_batch: is told how many rows each call of a labeler had.
    """

    def __init__(self, rows: int = ROWS, wait: float = WAIT) -> None:
        """Make none yet; arguments as of `BatchingScorer`."""
        self.on_batch: Callable[[int], None] = lambda rows: None
        self._rows = rows
        self._wait = wait
        self._made: dict[int, BatchingScorer] = {}
        self._lock = threading.Lock()
        self._computing = threading.Lock()  # they share processor and weights

    def of(self, labeler: BatchLabeler) -> BatchingScorer:
        """Return the scorer of a labeler."""
        with self._lock:
            if id(labeler) not in self._made:  # which it keeps alive, so the id stays its own
                self._made[id(labeler)] = BatchingScorer(
                    labeler, rows=self._rows, wait=self._wait, lock=self._computing, on_batch=self._told
                )
            return self._made[id(labeler)]

    def abandon(self) -> None:
        """Give up what waits in any; see `BatchingScorer.abandon`."""
        for scorer in list(self._made.values()):
            scorer.abandon()

    def close(self) -> None:
        """Close all; see `BatchingScorer.close`."""
        for scorer in list(self._made.values()):
            scorer.close()

    def _told(self, rows: int) -> None:
        self.on_batch(rows)
