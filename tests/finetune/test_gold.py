"""Cells of a table read as gold labels."""

import pytest

from thymos.finetune.gold import gold_of_cell


@pytest.mark.parametrize(
    ("cell", "separator", "labels"),
    [
        ("joy", None, ("joy",)),
        (" joy ", None, ("joy",)),
        ("no emotion", None, ("no emotion",)),
        ("joy, anger", None, ("joy, anger",)),
        ("joy, anger", ",", ("joy", "anger")),
        ('["joy", "anger"]', None, ("joy", "anger")),
        ("[]", None, ()),
        (["joy", "anger"], None, ("joy", "anger")),
        ([], None, ()),
        ("[sic]", None, ("[sic]",)),
        (3, None, ("3",)),
        ("", ",", None),
        ("  ", None, None),
        (None, None, None),
    ],
)
def test_a_cell_is_one_label_or_several_or_nothing(
    cell: object, separator: str | None, labels: tuple[str, ...] | None
) -> None:
    assert gold_of_cell(cell, separator) == labels
