"""`Preview`: what a run would ask and how long it would take, found out on a few rows. Writes nothing.

Takes a corpus and a labeler; gives the exact prompt of the first row, counts, and a time from labelling up to
64 rows drawn from all over the first 20,000.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import psutil

from thymos.adapters.corpus import BadRow, Corpus
from thymos.adapters.sample import Sample
from thymos.agent.prediction import BatchLabeler
from thymos.agent.runs.ahead import Prepare
from thymos.agent.runs.progress import expected_rows

LOOKED_AT = 20_000  # rows; beyond these the corpus' own estimate of its length is believed
SAMPLE = 64  # rows
WARM_UP = 8  # rows
PATIENCE = 20.0  # s; a slow model is timed on fewer rows

_SEED = 64


class PreviewLabeler(BatchLabeler, Protocol):
    """A labeler that can show what it asks."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """What is read beside text."""
        ...

    @property
    def prepare(self) -> Prepare | None:
        """What encodes the recordings of rows that come later, in another thread; None where nothing is to be."""
        ...

    def preview(self, sample: Sample) -> str:
        """Return the exact text that the model reads for a sample."""
        ...

    def meet(self, samples: Iterable[Sample]) -> str | None:
        """Look at all samples before the first is labelled, where answers depend on that; return a remark or None."""
        ...

    def count_tokens(self, samples: Sequence[Sample]) -> int:
        """Return the number of tokens that the model reads for these samples, what they share included."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known before a run.

    Attributes:
        prompt: exact text for the first good row, or None when there is none.
        rows: input rows.
        counted: whether `rows` was counted or is the corpus' estimate.
        looked_at: rows that were read for this.
        bad: bad rows among those.
        first_bad: the first of them.
        tokens: of all rows, extrapolated.
        rows_per_second: measured after a warm-up, or None without good rows.
        memory: resident memory of this process after labelling, in bytes.
    """

    prompt: str | None
    rows: int
    counted: bool
    looked_at: int
    bad: int
    first_bad: BadRow | None
    tokens: int
    rows_per_second: float | None
    memory: int

    @property
    def seconds(self) -> float | None:
        """Expected time of the whole run, in s."""
        return None if self.rows_per_second is None else self.rows / self.rows_per_second


def preview(
    corpus: Corpus,
    labeler: PreviewLabeler,
    *,
    limit: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Preview:
    """Look at the first rows, label a few of them, and extrapolate.

    Args:
        corpus: what would be labelled.
        labeler: what would label it.
        limit: as for a run.
        clock: seconds.
    """
    look = _look(corpus, limit)
    rows = look.rows if look.whole else expected_rows(corpus, limit)
    if rows is None:
        rows = sum(1 for _ in islice(corpus, limit))
    good_share = 1 - look.bad / look.rows if look.rows else 0.0
    shared = labeler.count_tokens([])  # what all rows begin with is read once
    tokens_a_row = (labeler.count_tokens(look.sample) - shared) / max(len(look.sample), 1)
    return Preview(
        prompt=labeler.preview(look.first) if look.first else None,
        rows=rows,
        counted=look.whole or expected_rows(corpus, limit) is None,
        looked_at=look.rows,
        bad=look.bad,
        first_bad=look.first_bad,
        tokens=shared + round(tokens_a_row * rows * good_share),
        rows_per_second=_speed(labeler, look.sample, clock) if look.sample else None,
        memory=psutil.Process().memory_info().rss,
    )


@dataclass(slots=True)
class _Look:
    """What the first rows show. `sample` is a uniform draw from the good ones."""

    sample: list[Sample]
    first: Sample | None = None
    first_bad: BadRow | None = None
    rows: int = 0
    bad: int = 0
    whole: bool = False


def _look(corpus: Corpus, limit: int | None) -> _Look:
    """Walk the first rows once, drawing a sample (Vitter 1985, algorithm R)."""
    look, chance = _Look([]), random.Random(_SEED)
    rows = islice(corpus, limit)
    for row in islice(rows, LOOKED_AT):
        look.rows += 1
        if isinstance(row, BadRow):
            look.bad += 1
            look.first_bad = look.first_bad or row
            continue
        look.first = look.first or row
        good = look.rows - look.bad
        place = good - 1 if good <= SAMPLE else chance.randrange(good)
        if place < SAMPLE:
            look.sample[place : place + 1] = [row]
    look.whole = next(rows, None) is None
    return look


def _speed(labeler: BatchLabeler, sample: list[Sample], clock: Callable[[], float]) -> float:
    """Return rows per second, warmed up: the first batch pays for compilation and caches."""
    warm_up = sample[:WARM_UP]
    labeler.label_batch(warm_up)
    start = clock()
    labeler.label_batch(warm_up)
    seconds_a_row = (clock() - start) / len(warm_up)
    if len(sample) <= WARM_UP:
        return 1 / max(seconds_a_row, 1e-9)
    timed = sample[: max(WARM_UP, int(PATIENCE / max(seconds_a_row, 1e-9)))]
    start = clock()
    labeler.label_batch(timed)
    return len(timed) / max(clock() - start, 1e-9)
