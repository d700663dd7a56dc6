"""Label ids in corpora mean what the built-in taxonomies say."""

import pytest

from thymos.adapters.readers import dailydialog, dair, goemotions
from thymos.prompts.catalogue import load_taxonomy


@pytest.mark.parametrize(
    ("name", "labels"),
    [("goemotions", goemotions.LABELS), ("dailydialog", dailydialog.LABELS), ("dair", dair.LABELS)],
)
def test_ids_of_a_corpus_are_positions_in_its_taxonomy(name: str, labels: tuple[str, ...]) -> None:
    assert load_taxonomy(name).names == labels
