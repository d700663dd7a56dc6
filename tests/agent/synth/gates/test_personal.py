"""Gate `personal`: nothing that may be somebody's passes."""

import pytest

from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.personal import PersonalGate


@pytest.mark.parametrize(
    "text",
    [
        "Write to me at jo.doe@example.org then.",
        "Call +44 20 7946 0958 tonight!",
        "Ring me on 555-012-3456, please.",
        "Pay into DE89 3704 0044 0532 0130 00.",
        "See https://example.org/a?b=c for it.",
        "It is on example.com/shop now.",
        "Ask @some_body about it.",
    ],
)
def test_personal_drops_what_may_be_somebodys(text: str) -> None:
    assert not passes(PersonalGate(), text)


@pytest.mark.parametrize(
    "text",
    [
        "We meet at 10:30 on 2026-11-25, all 12 of us.",
        "It cost 1,250 euros, and I paid in 3 rates.",
        "Call me Anna. Dr. No. e.g. this one.",
        "We left the house at number 14...and never came back.",
    ],
)
def test_personal_keeps_dates_sums_and_names(text: str) -> None:
    assert passes(PersonalGate(), text)
