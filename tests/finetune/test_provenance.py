"""The taxonomy is found wherever a run recorded it."""

from typing import Any

import pytest

from thymos.finetune.provenance import taxonomy_name


@pytest.mark.parametrize(
    ("provenance", "name"),
    [
        ({"taxonomy": "ekman"}, "ekman"),
        ({"identity": {"labeler": {"taxonomy": {"name": "ekman", "labels": []}}}}, "ekman"),
        ({"identity": {"taxonomy": "far"}, "taxonomy": "near"}, "near"),
        ({"taxonomy": {"labels": ["joy"]}, "identity": {"taxonomy": "ekman"}}, "ekman"),
        ({"taxonomy": {"labels": ["joy"]}}, None),
        ({}, None),
    ],
)
def test_the_name_nearest_to_the_top_is_taken(provenance: dict[str, Any], name: str | None) -> None:
    assert taxonomy_name(provenance) == name
