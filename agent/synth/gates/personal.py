"""Gate `personal`: no e-mail or web address, phone number, IBAN or handle; a writer may have learnt a real one."""

from collections.abc import Mapping, Sequence

from thymos.agent.personal import personal_in
from thymos.agent.synth.values import Candidate, Verdict

_RULES = 1  # raise it when the patterns change


class PersonalGate:
    """Keeps what holds no personal data."""

    name = "personal"

    def identity(self) -> Mapping[str, object]:
        """Return the version of the rules."""
        return {"rules": _RULES}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates."""
        return [
            Verdict(not found, None, f"holds a {found}" if found else "")
            for found in (personal_in(each.text) for each in batch)
        ]
