"""What the tests of gates have in common."""

from tests.agent.synth.fakes import candidate
from thymos.agent.synth.gates.gate import Gate


def passes(gate: Gate, *said: str, label: str = "joy", wishes: tuple[str | None, ...] = ()) -> bool:
    """Say whether a gate keeps a candidate that says this."""
    (verdict,) = gate.check([candidate(*said, label=label, wishes=wishes)])
    assert verdict.kept == (verdict.reason == "")
    return verdict.kept
