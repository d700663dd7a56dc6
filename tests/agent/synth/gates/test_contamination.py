"""Gate `contamination`: nothing of a test set passes."""

import pytest

from tests.agent.synth.fakes import WordEmbedder, candidate
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.contamination import ContaminationGate
from thymos.agent.synth.vectors import Vectors

VECTORS = Vectors(WordEmbedder())
LONG = "the old lime tree in the yard is to be felled before the end of next week says the town"  # 20 words


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" ".join(LONG.split()[3:16]), False),  # 13 words in a row
        ("yes: " + " ".join(LONG.split()[3:16]).upper() + "!", False),  # whatever stands around them
        (" ".join(LONG.split()[3:15]), True),  # 12
        ("I heard that the cat came back at last, and I cried.", False),  # a whole short text of the test set
        ("The cat came back!", True),  # shorter than six words, and no text of the test set
        ("Fine by me.", False),  # all of the candidate is a text of the test set
        ("That is fine by me, really.", True),  # a text of three words inside tells nothing
    ],
)
def test_contamination_drops_pieces_of_a_test_set(text: str, kept: bool) -> None:
    gate = ContaminationGate({"test.csv": [LONG, "the cat came back at last", "fine by me"]}, None)
    assert passes(gate, text) is kept


def test_contamination_looks_at_every_turn_and_across_them() -> None:
    gate = ContaminationGate({"test.csv": [LONG]}, None)
    assert not passes(gate, "Well.", " ".join(LONG.split()[:13]), "Oh.")
    assert not passes(gate, " ".join(LONG.split()[:7]), " ".join(LONG.split()[7:13]), "Oh.")


def test_contamination_names_the_test_set_and_looks_at_meaning() -> None:
    gate = ContaminationGate({"a.csv": ["so we held on"], "b.csv": ["rising wind in the bay tonight again"]}, VECTORS)
    (verdict,) = gate.check([candidate("tonight again in the bay, rising wind")])
    assert verdict.reason == "nearly the meaning of a text of b.csv"
    assert passes(gate, "they eat at a night market")
