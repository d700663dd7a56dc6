"""Gate `leakage`: a capped share may name its emotion."""

import pytest

from tests.agent.synth.fakes import EKMAN, candidate
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.leakage import LeakageGate, pattern_of
from thymos.prompts.catalogue import load_taxonomy


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("anger", "I am so angry!"),
        ("anger", "He said it angrily."),
        ("anger", "It angers me."),
        ("joy", "What a joyous day."),
        ("joy", "I am happy."),
        ("sadness", "She looked at me sadly."),
        ("fear", "We were fearful."),
        ("surprise", "That is surprising."),
        ("disgust", "How disgusting."),
    ],
)
def test_leakage_finds_the_forms_of_a_label(label: str, text: str) -> None:
    assert pattern_of(label, EKMAN).search(text)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("anger", "There is danger in the hangar."),
        ("joy", "Enjoy the joist."),
        ("anger", "A rag and some rags."),
        ("fear", "An earful of it."),
        ("sadness", "The sadist has a saddle."),
    ],
)
def test_leakage_lets_other_words_be(label: str, text: str) -> None:
    assert not pattern_of(label, EKMAN).search(text)


@pytest.mark.parametrize(
    ("cap", "named"), [(0.0, []), (0.1, [9, 19, 29, 39]), (0.4, [2, 4, 7, 9]), (1.0, [0, 1, 2, 3])]
)
def test_leakage_lets_at_most_a_share_of_what_is_kept_pass_at_any_moment(cap: float, named: list[int]) -> None:
    gate = LeakageGate(EKMAN, {"joy": 400}, cap=cap)
    found = []
    for number in range(40):
        text = "I am happy." if passes(gate, "I am happy.") else "We danced."  # the one that names it is tried first
        found += [number] if text == "I am happy." else []
        gate.remember(candidate(text))
        assert len(found) <= cap * (number + 1)
    assert found[:4] == named


def test_leakage_counts_each_label_by_itself_and_its_own_names_alone() -> None:
    gate = LeakageGate(EKMAN, {"joy": 20, "anger": 20}, cap=0.5)
    gate.remember(candidate("We danced."))
    assert passes(gate, "I am happy.")
    assert not passes(gate, "I am angry.", label="anger")  # nothing of anger is kept
    assert passes(gate, "I am happy.", label="anger")  # names another label
    gate.remember(candidate("I am happy."))
    assert not passes(gate, "I am happy.")
    assert passes(gate, "We danced.")


def test_a_share_of_a_hundred_rows_is_not_lost_to_rounding() -> None:
    gate = LeakageGate(EKMAN, {"joy": 100}, cap=0.29)  # 0.29 * 100 is 28.999999999999996
    for number in range(99):
        gate.remember(candidate("I am happy." if number < 28 else "We danced."))
    assert passes(gate, "I am happy.")


def test_leakage_does_not_hold_neutral_to_its_name() -> None:
    assert passes(LeakageGate(EKMAN, {"neutral": 1}), "A neutral tone.", label="neutral")


def test_leakage_knows_labels_of_several_words() -> None:
    assert pattern_of("no emotion", load_taxonomy("dailydialog")).search("There is no emotion in it.")
