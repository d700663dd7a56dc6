"""Gate `duplicates`: the first of texts that are nearly the same passes."""

import pytest

from tests.agent.synth.fakes import WordEmbedder, candidate
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.duplicates import DuplicatesGate, signature
from thymos.agent.synth.vectors import Vectors

VECTORS = Vectors(WordEmbedder())


def test_duplicates_drops_nearly_the_same_letters() -> None:
    gate = DuplicatesGate(None)
    gate.remember(candidate("The ferry began to pitch in the rising wind, and we all held on."))
    assert not passes(gate, "The ferry began to pitch in the rising wind and we all held on!")
    assert not passes(gate, "The ferry began to pitch in the rising wind, and they all held on.")
    assert passes(gate, "They eat something at a night market without knowing what it is.")


def test_duplicates_drops_nearly_the_same_meaning() -> None:
    gate = DuplicatesGate(VECTORS)
    gate.remember(candidate("we held on in the rising wind"))
    assert not passes(gate, "in the rising wind on held we")  # the fake's vectors know no order
    assert passes(DuplicatesGate(None), "in the rising wind on held we")
    assert passes(gate, "they eat at a night market")


def test_a_signature_estimates_how_many_runs_are_shared() -> None:
    first, second = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789"
    share = float((signature(first) == signature(second)).mean())
    assert share == pytest.approx(22 / 32, abs=0.2)  # 22 runs of five of the first are among 32 of the second
    assert (signature(first) == signature(first)).all()
