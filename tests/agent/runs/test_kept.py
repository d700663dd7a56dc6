"""Input columns that are carried along, and the types they get."""

import datetime
import json
from decimal import Decimal

import numpy as np
import pytest

from thymos.agent.runs.kept import ALL, Census, Selection, as_type
from thymos.prompts.errors import InputError


def census(*values: object) -> Census:
    found = Census.of(Selection((ALL,)))
    found.add(Selection((ALL,)).encode({"c": value}) for value in values)
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, -5], "int64"),
        ([1, 2.5], "double"),
        ([2.5, float("nan")], "double"),
        ([True, None, False], "bool"),
        (["1", "2"], "string"),
        ([1, "2"], "string"),
        ([1, True], "string"),
        ([[1], [2]], "string"),
        ([None, None], "string"),
        ([2**62, 1], "int64"),
        ([2**62, 0.5], "string"),  # a double would change it
        ([2**64], "string"),
    ],
)
def test_a_column_gets_the_narrowest_type_that_holds_all_of_its_values(values: list[object], kind: str) -> None:
    assert census(*values).type_of("c") == kind


def test_text_columns_hold_json_for_what_is_no_string() -> None:
    cells = ["plain", 'say "hi"', 1, True, [1, "é"], {"a": None}, None]
    assert [as_type(cell, "string") for cell in cells] == [
        "plain",
        'say "hi"',
        "1",
        "true",
        '[1, "é"]',
        '{"a": null}',
        None,
    ]


def test_values_of_typed_sources_become_plain_ones() -> None:
    row = {
        "day": datetime.date(2024, 2, 29),
        "at": datetime.datetime(2024, 2, 29, 12, 30),
        "price": Decimal("1.50"),
        "raw": b"\xff\x00",
        "array": np.array([1, 2]),
        "count": np.int64(3),
    }
    assert json.loads(Selection((ALL,)).encode(row)) == {
        "day": "2024-02-29",
        "at": "2024-02-29T12:30:00",
        "price": "1.50",
        "raw": "/wA=",  # base64 by hand: 111111 11 0000 0000 00 -> / w A =
        "array": [1, 2],
        "count": 3,
    }


def test_a_value_that_has_no_plain_form_is_refused_by_column() -> None:
    with pytest.raises(InputError, match=r"kept column 'clip' must hold text.*got object"):
        Selection(("clip",)).encode({"clip": object()})


def test_only_named_columns_are_carried_and_in_the_order_named() -> None:
    selection = Selection(("b", "a"))
    assert selection.encode({"a": 1, "b": 2, "c": 3}) == '{"b":2,"a":1}'
    assert list(Census.of(selection).kinds) == ["b", "a"]


def test_a_column_that_the_output_needs_for_itself_is_prefixed() -> None:
    found = Census({"id": set(), "text": set(), "labels": set(), "input_id": set()})
    assert found.renamed(["id", "labels"]) == {
        "id": "input_input_id",  # input_id is taken by the input itself
        "text": "text",
        "labels": "input_labels",
        "input_id": "input_id",
    }


def test_a_column_that_appears_late_is_carried_by_all() -> None:
    found = Census.of(Selection((ALL,)))
    found.add(['{"a":1}', '{"a":2,"b":"x"}'])
    assert list(found.kinds) == ["a", "b"]
