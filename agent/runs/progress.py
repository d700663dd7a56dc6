"""`Progress`: how far a run is, told to whoever draws a bar.

Takes counts from the run; gives a value after every chunk. Knows nothing of terminals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from thymos.adapters.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        stage: `label`, then `write`.
        rows: input rows behind us, good and bad.
        bad: of these, rows set aside.
        resumed: of these, rows that an earlier session labelled.
        total: rows of the corpus, or None when nobody has counted.
    """

    stage: str
    rows: int
    bad: int
    resumed: int
    total: int | None


@runtime_checkable
class Countable(Protocol):
    """A corpus that knows about how long it is without being walked."""

    def estimate_rows(self) -> int | None:
        """Return the number of rows, roughly, or None."""
        ...


class Tally:
    """Counts of a run at work.

    Attributes:
        rows, bad, resumed: as in `Progress`.
        shards: chunks that are labelled and saved.
    """

    def __init__(self, total: int | None, tell: Callable[[Progress], None]) -> None:
        self.rows = self.bad = self.resumed = self.shards = 0
        self._written = 0
        self._total = total
        self._tell = tell

    def saved(self, rows: int, bad: int, *, resumed: bool) -> None:
        """Count a chunk that is saved."""
        self.rows += rows
        self.bad += bad
        self.resumed += rows if resumed else 0
        self.shards += 1
        self._tell(Progress("label", self.rows, self.bad, self.resumed, self._total))

    def written(self) -> None:
        """Count a shard that is in the output."""
        self._written += 1
        rows = self.rows * self._written // self.shards
        self._tell(Progress("write", rows, self.bad, self.resumed, self.rows))


def expected_rows(corpus: Corpus, limit: int | None) -> int | None:
    """Return how many rows to expect, None when the corpus cannot tell."""
    about = corpus.estimate_rows() if isinstance(corpus, Countable) else None
    return about if about is None or limit is None else min(about, limit)
