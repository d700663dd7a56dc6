"""The maker: the best text that passes is kept, tries are bounded, and everything is counted."""

import dataclasses
import itertools

import pytest

from tests.agent.synth.fakes import FakeWriter, SignLabeler, WordEmbedder, plan_of, row_of, sentence
from tests.agent.synth.session import constant, works_of
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.synth.build import Comparisons
from thymos.agent.synth.corpora import Labelled
from thymos.agent.synth.novelty import Novelty
from thymos.agent.synth.request import seed_of
from thymos.agent.synth.values import Ask
from thymos.agent.synth.vectors import Vectors
from thymos.agent.synth.write import Maker
from thymos.prompts.errors import RowError, RunError

PLAN = plan_of({"joy": 20})
ROW = PLAN.row("joy", 0)


def _maker(writer: FakeWriter, **more: object) -> Maker:
    return works_of(PLAN, writer, **more).maker  # type: ignore[arg-type]


def _saying(*texts: str) -> FakeWriter:
    """Return a writer that says these, one after the other, for the candidates of one row."""
    said = itertools.cycle(texts)
    return FakeWriter(say=lambda ask: next(said))


def test_the_text_that_reads_best_as_asked_is_kept_and_the_others_are_spare() -> None:
    # the fake labeler is the surer the more letters are over a multiple of ten: 21, 28 and 25
    writer = _saying("We danced, all of us.", "They danced until the bells.", "She danced in the hallway")
    batch = _maker(writer).make([ROW])
    assert [row["text"] for row in batch.kept] == ["They danced until the bells."]
    assert batch.kept[0]["provenance"]["candidate"] == 1
    assert batch.kept[0]["provenance"]["seed"] == seed_of(ROW, 1)
    assert (batch.tally.written, batch.tally.well_formed, batch.tally.spare, batch.dropped) == (3, 3, 2, [])


def test_the_newest_of_the_texts_that_pass_is_kept_where_that_is_wished() -> None:
    texts = ("We danced, all of us.", "They danced until the bells.", "She danced in the hallway")
    maker = _maker(_saying(*texts, *texts, "We danced, all of us, in a storm.", *texts[1:]), choose="newest")
    assert [row["text"] for row in maker.make([ROW]).kept] == [texts[1]]  # beside nothing all are new: the surest
    assert [row["text"] for row in maker.make([PLAN.row("joy", 1)]).kept] == [texts[0]]
    batch = maker.make([PLAN.row("joy", 2)])
    assert [row["text"] for row in batch.kept] == [texts[2]]  # newer than what begins like one that is kept
    assert batch.tally.dropped["duplicates"] == 0 and batch.tally.spare == 2  # the others were not asked about
    assert maker.identity() == {
        **_maker(_saying(*texts)).identity(),
        "novelty": Novelty(Vectors(WordEmbedder())).identity(),
    }


def test_a_guide_of_its_own_ranks_instead_of_the_judge() -> None:
    from thymos.agent.synth.gates.relabel import Readings
    from thymos.agent.synth.grid import load_grid
    from thymos.agent.synth.request import Requests

    class Backwards(SignLabeler):
        def identity(self) -> dict[str, object]:
            return {"model": "backwards"}

        def _one(self, sample: Sample) -> Prediction | RowError:
            found = super()._one(sample)
            assert isinstance(found, Prediction)
            return dataclasses.replace(found, probabilities={"joy": 1 / len(sample.text or "")})

    writer = _saying("We danced, all of us.", "They danced until the bells.", "She danced in the hallway")
    judge, guide = Readings(SignLabeler()), Readings(Backwards())
    maker = Maker(writer, Requests(PLAN.taxonomy, load_grid()), (), (), judge, guide=guide, candidates=3)
    assert [row["text"] for row in maker.make([ROW]).kept] == ["We danced, all of us."]
    assert maker.identity()["guide"] == {"model": "backwards"}


def test_a_dropped_text_says_which_gate_dropped_it_and_why() -> None:
    batch = _maker(_saying("The door slammed.", "I danced with @some_body.", "no"), rounds=1).make([ROW])
    assert batch.kept == []
    told = {row["text"]: (row["dropped_by"], row["gates"][row["dropped_by"]]["reason"]) for row in batch.dropped}
    assert told == {
        "The door slammed.": ("relabel", "read as anger"),
        "I danced with @some_body.": ("personal", "holds a handle"),
        "no": ("format", "too short"),
    }
    assert dict(batch.tally.dropped) == {"format": 1, "relabel": 1, "personal": 1}
    assert dict(batch.tally.malformed) == {"too short": 1}
    assert {asked: dict(read) for asked, read in batch.tally.read.items()} == {"joy": {"anger": 1, "joy": 1}}


def test_every_gate_that_judged_is_in_the_row() -> None:
    batch = _maker(FakeWriter()).make([ROW])
    assert list(batch.kept[0]["gates"]) == [
        *("format", "language", "personal", "slurs", "relabel"),
        *("leakage", "duplicates", "diversity"),
    ]
    assert all(verdict["kept"] for verdict in batch.kept[0]["gates"].values())


@pytest.mark.parametrize("text", ["", "As an AI, I cannot.", "\x00\x01"])
def test_a_writer_that_never_gives_a_text_is_asked_a_bounded_number_of_times(text: str) -> None:
    writer = FakeWriter(say=constant(text))
    batch = _maker(writer, candidates=3, rounds=4).make([ROW, PLAN.row("joy", 1)])
    assert [len(asks) for asks in writer.calls] == [6, 6, 6, 6]
    assert batch.kept == []
    assert (batch.tally.rows, batch.tally.kept, batch.tally.written) == (2, 0, 24)
    assert batch.tally.dropped["format"] == 24
    assert len({ask.seed for asks in writer.calls for ask in asks}) == 24  # no try is the same


def test_a_row_that_is_done_is_not_tried_again() -> None:
    bad = row_of("joy", number=1)

    def say(ask: Ask) -> str:
        mine = {seed_of(PLAN.row("joy", 0), number) for number in range(9)}
        return sentence("joy", ask.seed) if ask.seed in mine else ""

    writer = FakeWriter(say=say)
    batch = _maker(writer, rounds=2).make([PLAN.row("joy", 0), bad])
    assert [len(asks) for asks in writer.calls] == [6, 3]
    assert [row["id"] for row in batch.kept] == ["joy-00001"]


def test_the_second_of_two_equal_texts_in_one_batch_is_dropped() -> None:
    batch = _maker(FakeWriter(say=constant("They danced until the bells.")), rounds=1).make(
        [PLAN.row("joy", 0), PLAN.row("joy", 1)]
    )
    assert [row["id"] for row in batch.kept] == ["joy-00001"]
    assert batch.tally.dropped["duplicates"] == 3


def test_a_writer_that_gives_too_few_texts_is_told_off() -> None:
    class Short(FakeWriter):
        def write(self, asks):  # type: ignore[no-untyped-def]
            return ["one"]

    with pytest.raises(RunError, match="writer must give one text per request, got 1 for 3"):
        _maker(Short()).make([ROW])


def test_examples_are_shown_and_a_copy_of_one_is_dropped() -> None:
    mine = "We danced around the broken kettle until everybody laughed."
    seeds = (Labelled(mine, ("joy",)), Labelled("The bill came and I slammed it down.", ("anger",)))
    writer = _saying(mine, mine.upper(), "They danced until the bells.")
    batch = _maker(writer, compared=Comparisons(seeds=seeds)).make([ROW])
    request = writer.calls[0][0].request
    assert f'"{mine}"' in request
    assert "slammed" not in request  # of another label
    assert [row["text"] for row in batch.kept] == ["They danced until the bells."]
    assert batch.tally.dropped["memorisation"] <= 2
    assert not any(row["text"].lower() == mine.lower() for row in batch.kept)


def test_examples_differ_from_row_to_row() -> None:
    seeds = [Labelled(sentence("joy", number), ("joy",)) for number in range(30)]
    writer = FakeWriter()
    _maker(writer, compared=Comparisons(seeds=seeds), rounds=1).make([PLAN.row("joy", n) for n in range(6)])
    shown = {line for ask in writer.calls[0] for line in ask.request.split("\n") if line.startswith('"')}
    assert len(shown) > 6
    for ask in writer.calls[0]:
        assert sum(line.startswith('"') for line in ask.request.split("\n")) == 3


def test_what_changes_the_rows_changes_the_identity() -> None:
    first = _maker(FakeWriter()).identity()
    for other in (
        _maker(FakeWriter(name="other")),
        _maker(FakeWriter(), candidates=4),
        _maker(FakeWriter(), rounds=3),
        _maker(FakeWriter(), without=["slurs"]),
        _maker(FakeWriter(), leak_cap=0.2),
        _maker(FakeWriter(), compared=Comparisons(seeds=[Labelled("a b c", ("joy",))])),
        _maker(FakeWriter(), compared=Comparisons(tests={"t": ["a b c"]})),
        _maker(FakeWriter(), compared=Comparisons(slurs=["blarg"])),
        _maker(FakeWriter(), labeler=SignLabeler(taxonomy=plan_of({"joy": 1}).taxonomy), agree="set"),
    ):
        assert other.identity() != first
