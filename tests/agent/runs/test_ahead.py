"""The next chunk's recordings are encoded while a chunk is labelled, and no others."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from tests.agent.runs.fakes import HashLabeler, ListCorpus, samples
from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.runs.ahead import Ahead
from thymos.agent.runs.run import run
from thymos.prompts.errors import InputError, RowError

WAIT = 10.0  # s for another thread


class Both(HashLabeler):
    """Labels a chunk only once the next one is being prepared, so that both happen at once or the test ends."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self.last = last
        self.ready = Event()

    def prepare(self, samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        super().prepare(samples, stop)
        self.ready.set()

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        if samples[-1].id != self.last:
            assert self.ready.wait(WAIT), "nothing was prepared while this was labelled"
            self.ready.clear()
        return super().label_batch(samples)


def test_each_chunk_but_the_first_is_prepared_while_the_one_before_is_labelled(tmp_path: Path) -> None:
    rows = samples("a", "b", "c", "d", "e")
    rows.insert(2, BadRow(3, "no"))
    labeler = Both("5")
    run(ListCorpus(rows), labeler, tmp_path / "labels.csv", chunk_rows=2, prepare=labeler.prepare)
    assert labeler.prepared == ["3", "4", "5"]
    plain = HashLabeler()
    run(ListCorpus(rows), plain, tmp_path / "plain.csv", chunk_rows=2)
    assert labeler.batches == plain.batches and not plain.prepared
    assert (tmp_path / "labels.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_what_an_earlier_session_labelled_is_not_prepared(tmp_path: Path) -> None:
    class Dies(HashLabeler):
        def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
            if samples[0].id == "5":
                raise KeyError("killed")
            return super().label_batch(samples)

    rows = samples(*"abcdefgh")
    with pytest.raises(KeyError):
        run(ListCorpus(rows), Dies(), tmp_path / "labels.csv", chunk_rows=2)
    labeler = Both("8")
    report = run(ListCorpus(rows), labeler, tmp_path / "labels.csv", chunk_rows=2, prepare=labeler.prepare)
    assert report.resumed == 4
    assert labeler.prepared == ["7", "8"]


def test_rows_before_a_place_that_cannot_be_read_are_labelled_and_kept(tmp_path: Path) -> None:
    class Torn(ListCorpus):
        def __iter__(self) -> Iterator[Sample | BadRow]:
            yield from super().__iter__()
            raise InputError("file must be whole, got a torn end; copy it again")

    found = {}
    for name, prepare in (("ahead", HashLabeler().prepare), ("plain", None)):
        labeler = HashLabeler()
        with pytest.raises(InputError, match="torn end"):
            run(Torn(samples(*"abcd")), labeler, tmp_path / f"{name}.csv", chunk_rows=2, prepare=prepare)
        found[name] = labeler.batches
    assert found["ahead"] == found["plain"] == [["1", "2"], ["3", "4"]]


def test_a_new_chunk_and_the_end_stop_what_is_prepared() -> None:
    begun, stopped = Event(), Event()

    def prepare(samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        begun.set()
        for _ in range(int(WAIT * 1000)):
            if stop():
                stopped.set()
                return
            Event().wait(0.001)

    with Ahead(prepare) as ahead:
        ahead.begin(samples("a"))
        assert begun.wait(WAIT) and not stopped.is_set()
        begun.clear()
        ahead.begin(samples("b"))
        assert stopped.wait(WAIT) and begun.wait(WAIT)
        stopped.clear()
    assert stopped.is_set()


def test_a_recording_that_fails_ahead_fails_where_it_is_labelled_alone(tmp_path: Path) -> None:
    def prepare(samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        raise MemoryError("too large")

    run(ListCorpus(samples("a", "b", "c")), HashLabeler(), tmp_path / "x.csv", chunk_rows=1, prepare=prepare)
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 1 + 3
