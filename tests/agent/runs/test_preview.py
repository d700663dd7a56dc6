"""A dry run shows what would be asked and writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.agent.runs.fakes import CountingCorpus, HashLabeler, ListCorpus, samples
from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.cli.preview_text import describe
from thymos.agent.prediction import Prediction
from thymos.agent.runs.preview import LOOKED_AT, preview
from thymos.prompts.errors import RowError


@dataclass
class Timed(HashLabeler):
    """Takes 100 s the first time and then a fixed time a row, by its own clock."""

    seconds_a_row: float = 0.5
    now: float = 0.0

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.now += self.seconds_a_row * len(samples) if self.batches else 100.0
        return super().label_batch(samples)

    def clock(self) -> float:
        return self.now


def test_time_is_measured_after_the_warm_up_and_stretched_to_all_rows() -> None:
    labeler = Timed(seconds_a_row=0.25)
    found = preview(CountingCorpus(1000), labeler, clock=labeler.clock)
    assert found.rows_per_second == 4.0
    assert found.seconds == 250.0
    assert [len(batch) for batch in labeler.batches] == [8, 8, 64]


def test_a_slow_model_is_timed_on_fewer_rows() -> None:
    labeler = Timed(seconds_a_row=2.0)
    preview(CountingCorpus(1000), labeler, clock=labeler.clock)
    assert [len(batch) for batch in labeler.batches] == [8, 8, 10]  # 20 s of patience


def test_the_prompt_is_that_of_the_first_good_row() -> None:
    rows = [BadRow(1, "text must be there"), *samples("Hello [bold]you[/bold]", "b")]
    found = preview(ListCorpus(rows), HashLabeler())
    assert found.prompt == "Which emotion?\nHello [bold]you[/bold]"
    assert (found.rows, found.counted, found.bad, found.first_bad) == (3, True, 1, rows[0])


def test_tokens_are_stretched_from_the_sample_to_the_good_rows() -> None:
    rows = [*samples(*["two words"] * 30), *[BadRow(n, "no") for n in range(31, 41)]]
    assert preview(ListCorpus(rows), HashLabeler()).tokens == 100 + 30 * 2


def test_a_long_corpus_is_not_walked_to_its_end_when_it_knows_its_length() -> None:
    class Endless(CountingCorpus):
        def __iter__(self):  # type: ignore[no-untyped-def]
            for number, row in enumerate(super().__iter__()):
                assert number <= LOOKED_AT
                yield row

    found = preview(Endless(10**7), HashLabeler())
    assert (found.rows, found.counted) == (10**7, False)


def test_a_long_corpus_that_does_not_know_is_counted() -> None:
    class Silent(CountingCorpus):
        def estimate_rows(self) -> int | None:
            return None

    found = preview(Silent(LOOKED_AT + 5), HashLabeler())
    assert (found.rows, found.counted) == (LOOKED_AT + 5, True)


def test_a_limit_holds_for_the_preview_too() -> None:
    assert preview(CountingCorpus(1000), HashLabeler(), limit=12).rows == 12
    assert preview(CountingCorpus(10**6), HashLabeler(), limit=50_000).rows == 50_000


def test_the_timed_rows_come_from_all_over_the_corpus() -> None:
    labeler = HashLabeler()
    preview(CountingCorpus(2000), labeler)
    numbers = [int(name[1:]) for name in labeler.batches[-1]]
    assert len(set(numbers)) == 64
    assert 700 < sum(numbers) / 64 < 1300  # mean 1000, standard error 72: four of them either side


def test_a_corpus_without_a_good_row_can_be_previewed() -> None:
    text = describe(preview(ListCorpus([BadRow(1, "no")]), HashLabeler()))
    assert "no good row to show" in text
    assert "the first in row 1: no" in text
    assert "time" not in text


def test_control_characters_of_a_corpus_do_not_reach_the_terminal() -> None:
    text = describe(preview(ListCorpus(samples("red \x1b[31m alert")), HashLabeler()))
    assert "\x1b" not in text
    assert "red \u241b[31m alert" in text
