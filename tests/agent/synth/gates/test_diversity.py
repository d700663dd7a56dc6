"""Gate `diversity`: what says enough that is new passes."""

from tests.agent.synth.fakes import candidate
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.diversity import DiversityGate


def test_diversity_drops_what_says_little_new() -> None:
    gate = DiversityGate({"joy": 100})
    gate.remember(candidate("We walked along the river until the sun went down behind the mill."))
    assert not passes(gate, "We walked along the river until the sun went down.")
    assert passes(gate, "The sun went down, and nobody had noticed how late it was.")


def test_diversity_drops_the_fourth_text_that_begins_alike() -> None:
    gate = DiversityGate({"joy": 20, "fear": 20})
    for thing in ("a boat in the bay", "the lamp over there", "her first bicycle ride"):
        opened = f"I can see {thing}."
        assert passes(gate, opened)
        gate.remember(candidate(opened))
    assert not passes(gate, "I can see nothing from up here.")
    assert passes(gate, "I can see nothing from up here.", label="fear")
    assert passes(gate, "Nothing can be seen from up here.")
