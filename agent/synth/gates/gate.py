"""`Gate` and `SetGate`: what a run needs of a gate. Protocols only.

A gate judges candidates by themselves, a batch at a time. A set gate judges a candidate by what was kept before it, one
at a time, and is told what is kept: in plan order, so that the same run always judges the same.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from thymos.agent.synth.values import Candidate, Verdict


class Gate(Protocol):
    """Judges candidates by themselves."""

    @property
    def name(self) -> str:
        """What it is called in reports and on the command line."""
        ...

    def identity(self) -> Mapping[str, object]:
        """Return what makes its verdicts its verdicts, as JSON values."""
        ...

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Return a verdict per candidate, in order."""
        ...


class SetGate(Gate, Protocol):
    """Judges a candidate by what was kept before it."""

    def remember(self, kept: Candidate) -> None:
        """Take note of what is kept."""
        ...
