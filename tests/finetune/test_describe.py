"""What a card says a figure was aimed at."""

from typing import Any

import pytest

from thymos.finetune.describe import aim_of


@pytest.mark.parametrize(
    ("labeler", "aim"),
    [
        ({}, "likeliest"),  # of an early version
        ({"labels": {"kind": "single"}, "neutral_from": 0.0}, "likeliest"),
        ({"labels": {"kind": "single"}, "neutral_from": 0.7}, "emotions"),
        ({"labels": {"kind": "single"}, "neutral_from": 0.0, "label_weights": [0.3, 1.0]}, "balance"),
        ({"labels": {"kind": "multi"}, "neutral_from": 0.0}, "thresholds"),
    ],
)
def test_the_rule_tells_what_was_aimed_at(labeler: dict[str, Any], aim: str) -> None:
    assert aim_of(labeler) == aim
