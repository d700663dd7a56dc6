"""Gate `relabel`: what is read as asked passes, by a labeler that sees no label."""

import pytest

from tests.agent.synth.fakes import SignLabeler, candidate
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.relabel import Agree, Readings, RelabelGate, TurnsGate
from thymos.prompts.errors import InputError


@pytest.mark.parametrize(
    ("agree", "sets", "text", "label", "kept"),
    [
        ("top", False, "We danced all night.", "joy", True),
        ("top", False, "The door slammed shut.", "joy", False),
        ("top", False, "unreadable", "joy", False),
        ("set", True, "The door slammed shut.", "joy", True),  # the fake's sets hold joy beside what it reads
        ("set", True, "We danced all night.", "anger", False),
    ],
)
def test_relabel_keeps_what_is_read_as_asked(agree: Agree, sets: bool, text: str, label: str, kept: bool) -> None:
    assert passes(RelabelGate(Readings(SignLabeler(sets=sets)), agree), text, label=label) is kept


def test_relabel_tells_what_was_read_and_how_likely_the_asked_label_was() -> None:
    (verdict,) = RelabelGate(Readings(SignLabeler())).check([candidate("The door slammed shut!", label="joy")])
    assert verdict.reason == "read as anger"
    assert verdict.score == pytest.approx((1 - 0.66) / 6)  # 22 letters: anger has 0.6 + 0.3 x 0.2, six share the rest


@pytest.mark.parametrize(("sure", "kept"), [(0.65, True), (0.67, False)])
def test_what_is_read_as_asked_must_be_read_surely_enough(sure: float, kept: bool) -> None:
    """22 letters: the fake gives anger 0.66."""
    gate = RelabelGate(Readings(SignLabeler()), sure=sure)
    (verdict,) = gate.check([candidate("The door slammed shut!", label="anger")])
    assert verdict.kept is kept
    assert verdict.score == pytest.approx(0.66)
    assert ("0.66 alone" in verdict.reason) is not kept


def test_sets_that_a_labeler_does_not_give_are_refused() -> None:
    with pytest.raises(InputError, match="agreement must be top"):
        RelabelGate(Readings(SignLabeler()), "set").check([candidate("We danced.")])


def test_the_blind_labeler_never_sees_the_label_nor_later_turns() -> None:
    labeler = SignLabeler()
    said = ("Morning.", "Did you sleep?", "I danced!", "Good.")
    RelabelGate(Readings(labeler)).check([candidate(*said)])
    ((sample,),) = labeler.batches
    assert (sample.text, sample.speaker, sample.gold) == ("I danced!", "A", None)
    assert [turn.text for turn in sample.context] == ["Morning.", "Did you sleep?"]
    assert "joy" not in sample.id.replace(candidate(*said).row.id, "")


def test_a_batch_is_read_once_for_both_gates() -> None:
    labeler = SignLabeler()
    readings = Readings(labeler)
    batch = [candidate("Morning.", "Hm.", "I danced!", wishes=("neutral", None, "joy"))]
    RelabelGate(readings).check(batch)
    TurnsGate(readings).check(batch)
    assert len(labeler.batches) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (("It is noted.", "I wept.", "I danced!"), True),  # both other turns as asked
        (("It is noted.", "It slammed.", "I danced!"), True),  # one of two
        (("I trembled.", "It slammed.", "I danced!"), False),  # none
    ],
)
def test_turns_keeps_conversations_whose_other_turns_mostly_fit(said: tuple[str, ...], kept: bool) -> None:
    assert passes(TurnsGate(Readings(SignLabeler())), *said, wishes=("neutral", "sadness", "joy")) is kept


@pytest.mark.parametrize(
    ("said", "contradicted"),
    [
        (("It is noted.", "I wept.", "I danced!"), ()),
        (("It is noted.", "It slammed.", "I danced!"), (1,)),
        (("I trembled.", "unreadable", "I danced!"), (0, 1)),
        (("It is noted.", "I wept.", "It slammed!"), ()),  # the last of A's is for the gate relabel
    ],
)
def test_turns_names_the_turns_that_are_read_as_something_else(said: tuple[str, ...], contradicted: object) -> None:
    (verdict,) = TurnsGate(Readings(SignLabeler())).check([candidate(*said, wishes=("neutral", "sadness", "joy"))])
    assert verdict.contradicted == contradicted


def test_turns_does_not_judge_utterances_nor_turns_without_a_wish() -> None:
    gate = TurnsGate(Readings(SignLabeler()))
    assert passes(gate, "The door slammed.")
    assert passes(gate, "The door slammed.", "It trembled.", "I danced!")
