"""Micro-batching: many callers, few calls; every caller gets its own answers."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

import pytest

from tests.agent.runs.fakes import FOUR
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.cues import measure
from thymos.agent.serve.batching import GONE, BatchingScorer, Whole
from thymos.agent.serve.scorers import Scorers
from thymos.prompts.errors import ModelError, RowError
from thymos.prompts.taxonomy import Taxonomy


@dataclass
class LengthLabeler:
    """Anger by the length of the text; `gate` holds the first call until it is opened."""

    taxonomy: Taxonomy = FOUR
    batches: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def identity(self) -> Mapping[str, object]:
        return {"name": "length"}

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.batches.append([sample.id for sample in samples])
        self.entered.set()
        self.gate.wait(10)
        if any("crash" in (sample.text or "") for sample in samples):
            raise ModelError("model must be well, got a crash")
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Prediction | RowError:
        if "refuse" in (sample.text or ""):
            return RowError("text must be labelled by nobody")
        p = 1 / (1 + len(sample.text or ""))
        probabilities = dict(zip(FOUR.names, (p, 1 - p, 0.0, 0.0), strict=True))
        return Prediction(sample.id, ("anger",), probabilities, 0.0, 0.0, False)


def texts(*words: str) -> list[Sample]:
    return [Sample(id=word, text=word) for word in words]


def ids(answers: Sequence[Prediction | RowError]) -> list[str]:
    return [answer.id if isinstance(answer, Prediction) else "error" for answer in answers]


@pytest.fixture
def labeler() -> LengthLabeler:
    made = LengthLabeler()
    made.gate.set()
    return made


def blocked(labeler: LengthLabeler, scorer: BatchingScorer, pool: ThreadPoolExecutor) -> "list[object]":
    """Let a first call hold the labeler, so that what follows gathers behind it."""
    labeler.gate.clear()
    first = pool.submit(scorer.label_batch, texts("first"))
    assert labeler.entered.wait(10)
    return [first]


def gathered(scorer: BatchingScorer, rows: int) -> None:
    """Wait until so many rows wait."""
    pause = threading.Event()
    for _ in range(2000):
        if scorer.waiting == rows:
            return
        pause.wait(0.005)
    raise AssertionError(f"{scorer.waiting} rows wait, not {rows}")


def test_what_gathers_while_the_labeler_computes_is_one_call(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler)
    with ThreadPoolExecutor(20) as pool:
        blocked(labeler, scorer, pool)
        calls = [pool.submit(scorer.label_batch, texts(f"a{n}", f"b{n}")) for n in range(10)]
        gathered(scorer, 20)
        labeler.gate.set()
        assert [ids(call.result(10)) for call in calls] == [[f"a{n}", f"b{n}"] for n in range(10)]
    assert len(labeler.batches) == 2
    assert len(labeler.batches[1]) == 20


def test_the_first_of_a_batch_waits_for_others_a_moment(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler, wait=2.0, rows=4)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(scorer.label_batch, texts(str(n))) for n in range(4)]
        assert [ids(call.result(10)) for call in calls] == [["0"], ["1"], ["2"], ["3"]]
    assert len(labeler.batches) == 1


def test_an_error_of_one_row_stays_that_rows(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler)
    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        good = pool.submit(scorer.label_batch, texts("x", "y"))
        bad = pool.submit(scorer.label_batch, texts("refuse", "z"))
        gathered(scorer, 4)
        labeler.gate.set()
        assert ids(good.result(10)) == ["x", "y"]
        assert ids(bad.result(10)) == ["error", "z"]


def test_a_row_that_breaks_the_whole_call_breaks_only_its_own(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler)
    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        good = pool.submit(scorer.label_batch, texts("x", "y"))
        bad = pool.submit(scorer.label_batch, texts("crash"))
        gathered(scorer, 3)
        labeler.gate.set()
        assert ids(good.result(10)) == ["x", "y"]
        (answer,) = bad.result(10)
        assert isinstance(answer, RowError)
        assert "well" in str(answer)


def test_an_error_of_a_lone_row_is_raised(labeler: LengthLabeler) -> None:
    with pytest.raises(ModelError, match="crash"):
        BatchingScorer(labeler).label_batch(texts("crash"))


def test_a_large_call_does_not_keep_a_small_one_waiting(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler, rows=8)
    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        large = pool.submit(scorer.label_batch, texts(*(f"l{n}" for n in range(40))))
        gathered(scorer, 40)
        small = pool.submit(scorer.label_batch, texts("s"))
        gathered(scorer, 41)
        labeler.gate.set()
        assert ids(small.result(10)) == ["s"]
        assert ids(large.result(10)) == [f"l{n}" for n in range(40)]
    assert "s" in labeler.batches[1]
    assert max(map(len, labeler.batches)) == 8


def test_calls_that_wait_longest_are_finished_though_short_ones_keep_coming(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler, rows=4)
    with ThreadPoolExecutor(20) as pool:
        blocked(labeler, scorer, pool)
        old = pool.submit(scorer.label_batch, texts(*(f"o{n}" for n in range(6))))
        gathered(scorer, 6)
        short = [pool.submit(scorer.label_batch, texts(f"s{n}")) for n in range(12)]
        gathered(scorer, 18)
        labeler.gate.set()
        assert ids(old.result(10)) == [f"o{n}" for n in range(6)]
        assert [ids(each.result(10)) for each in short] == [[f"s{n}"] for n in range(12)]
    assert all(sum(row.startswith("o") for row in batch) == 2 for batch in labeler.batches[1:4])


def test_a_whole_batch_is_neither_cut_nor_mixed_and_goes_behind(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler, rows=2)
    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        whole = pool.submit(Whole(scorer).label_batch, texts("r1", "r2", "r3"))
        gathered(scorer, 3)
        people = pool.submit(scorer.label_batch, texts("p1", "p2", "p3"))
        gathered(scorer, 6)
        labeler.gate.set()
        assert ids(whole.result(10)) == ["r1", "r2", "r3"]
        assert ids(people.result(10)) == ["p1", "p2", "p3"]
    assert labeler.batches[1:] == [["p1", "p2"], ["r1", "r2", "r3"], ["p3"]]


def test_cues_are_the_same_through_a_scorer_for_many(labeler: LengthLabeler) -> None:
    sample = Sample(id="1", text="I lost it, and nobody came to look. Then it rained.")
    with ThreadPoolExecutor(4) as pool:
        scorer = BatchingScorer(labeler)
        several = list(pool.map(lambda _: measure(scorer, sample), range(4)))
    assert all(found == measure(labeler, sample) for found in several)


def test_a_closed_scorer_answers_those_who_wait_and_nobody_else(labeler: LengthLabeler) -> None:
    scorer = BatchingScorer(labeler)
    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        waiting = pool.submit(scorer.label_batch, texts("x"))
        gathered(scorer, 1)
        closing = pool.submit(scorer.close)
        labeler.gate.set()
        closing.result(10)
        assert ids(waiting.result(10)) == ["x"]
    with pytest.raises(ModelError, match="closed"):
        scorer.label_batch(texts("y"))


def test_nothing_asked_is_nothing_computed(labeler: LengthLabeler) -> None:
    assert BatchingScorer(labeler).label_batch([]) == []
    assert labeler.batches == []


def test_a_labeler_has_one_scorer_and_its_batches_are_told(labeler: LengthLabeler) -> None:
    scorers = Scorers()
    told: list[int] = []
    scorers.on_batch = told.append
    assert scorers.of(labeler) is scorers.of(labeler)
    assert scorers.of(labeler) is not scorers.of(LengthLabeler())
    scorers.of(labeler).label_batch(texts("x", "y"))
    assert told == [2]
    scorers.close()


def test_two_labelers_of_one_processor_never_compute_at_once() -> None:
    first, second = LengthLabeler(), LengthLabeler()
    second.gate.set()
    scorers = Scorers()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(scorers.of(first).label_batch, texts("x"))
        assert first.entered.wait(10)
        two = pool.submit(scorers.of(second).label_batch, texts("y"))
        assert not second.entered.wait(0.1)
        first.gate.set()
        assert (ids(one.result(10)), ids(two.result(10))) == (["x"], ["y"])
    scorers.close()


def test_rows_that_nobody_waits_for_any_more_are_not_scored(labeler: LengthLabeler) -> None:
    scorer, gone = BatchingScorer(labeler), threading.Event()

    def asked() -> object:
        GONE.set(gone)
        return scorer.label_batch(texts("x"))

    with ThreadPoolExecutor(4) as pool:
        blocked(labeler, scorer, pool)
        waiting = pool.submit(copy_context().run, asked)
        others = pool.submit(scorer.label_batch, texts("y"))
        gathered(scorer, 2)
        gone.set()
        labeler.gate.set()
        assert ids(others.result(10)) == ["y"]
        with pytest.raises(ModelError, match="the client left"):
            waiting.result(10)
    assert [each for each in labeler.batches if "x" in each] == []


def test_an_abandoned_scorer_gives_up_what_waits_after_the_batch_in_hand(labeler: LengthLabeler) -> None:
    scorers = Scorers()
    scorer = scorers.of(labeler)
    with ThreadPoolExecutor(4) as pool:
        (first,) = blocked(labeler, scorer, pool)
        waiting = pool.submit(scorer.label_batch, texts("x"))
        gathered(scorer, 1)
        scorers.abandon()
        labeler.gate.set()
        with pytest.raises(ModelError, match="the server is stopping"):
            waiting.result(10)
        assert ids(first.result(10)) == ["first"]  # type: ignore[attr-defined]
    scorers.close()
    assert labeler.batches == [["first"]]
