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


def test_leakage_lets_a_share_of_a_labels_rows_pass() -> None:
    gate = LeakageGate(EKMAN, {"joy": 20, "anger": 9}, cap=0.1)  # two of 20, none of nine
    for _ in range(2):
        assert passes(gate, "I am happy.")
        gate.remember(candidate("I am happy."))
    assert not passes(gate, "I am happy.")
    assert passes(gate, "We danced.")
    assert not passes(gate, "I am angry.", label="anger")
    assert passes(gate, "I am happy.", label="anger")  # names another label


def test_leakage_does_not_hold_neutral_to_its_name() -> None:
    assert passes(LeakageGate(EKMAN, {"neutral": 1}), "A neutral tone.", label="neutral")


def test_leakage_knows_labels_of_several_words() -> None:
    assert pattern_of("no emotion", load_taxonomy("dailydialog")).search("There is no emotion in it.")
