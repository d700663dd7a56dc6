"""Making gates: gates are made of what there is, and can each be switched off."""

import pytest

from tests.agent.synth.fakes import EKMAN, SIGNS, SignLabeler, WordEmbedder, plan_of
from thymos.agent.synth.gates.leakage import pattern_of
from thymos.agent.synth.gates.registry import SWITCHABLE, Material, build_gates
from thymos.agent.synth.gates.relabel import Readings
from thymos.agent.synth.vectors import Vectors
from thymos.prompts.errors import InputError

VECTORS = Vectors(WordEmbedder())


def test_gates_without_their_material_are_off_and_say_why() -> None:
    gates = build_gates(plan_of({"joy": 5}), Readings(SignLabeler()), Material({}), ["slurs"])
    assert dict(gates.off) == {
        "slurs": "switched off",
        "turns": "there are no conversations",
        "contamination": "no test set was named",
        "memorisation": "no training data of the writer were named",
    }
    assert [gate.name for gate in gates.alone] == ["language", "personal", "relabel"]
    assert [gate.name for gate in gates.among] == ["leakage", "duplicates", "diversity"]


@pytest.mark.parametrize("name", SWITCHABLE)
def test_every_gate_can_be_switched_off(name: str) -> None:
    plan = plan_of({"joy": 5}, (2, 4))
    material = Material({"t": ["a b c"]}, ["d e f"], VECTORS)
    every = build_gates(plan, Readings(SignLabeler()), material)
    assert [gate.name for gate in (*every.alone, *every.among)] == list(SWITCHABLE)
    rest = build_gates(plan, Readings(SignLabeler()), material, [name])
    assert name not in {gate.name for gate in (*rest.alone, *rest.among)}
    assert rest.off[name] == "switched off"


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(InputError, match=r"gate must be one of language, .* got 'taste'"):
        build_gates(plan_of({"joy": 5}), Readings(SignLabeler()), Material({}), ["taste"])


def test_signs_of_the_fakes_name_no_label() -> None:
    for label, sign in SIGNS.items():
        assert not pattern_of(label, EKMAN).search(sign)
