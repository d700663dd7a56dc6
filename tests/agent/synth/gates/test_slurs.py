"""Gate `slurs`: no listed word passes."""

from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.slurs import SlursGate, word_hash


def test_slurs_drops_listed_words_and_their_plurals_and_keeps_words_that_hold_them() -> None:
    gate = SlursGate(["Blarg"])
    assert not passes(gate, "You blarg!")
    assert not passes(gate, "All those BLARGS.")
    assert not passes(gate, "That blarg's hat.")
    assert passes(gate, "The blarghest of them.")
    assert passes(gate, "Go home, everybody.")


def test_the_shipped_list_of_slurs_is_hashed_and_works() -> None:
    gate = SlursGate()
    assert word_hash("retard") in gate._hashes
    assert not passes(gate, "What a retard.")
    assert passes(gate, "The train was retarding a little, classic cocoon of a day.")
