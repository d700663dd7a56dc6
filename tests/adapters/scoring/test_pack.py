"""Rows that begin alike are computed once, and no row gets lost or changed by it."""

from hypothesis import given
from hypothesis import strategies as st

from thymos.adapters.scoring.batches import buckets
from thymos.adapters.scoring.pack import grouped, pack

TURNS = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [11, 12, 13], [21, 22], [31]]
END = 99


def dialogue(start: int) -> list[list[int]]:
    """Rows of a dialogue: each turn after those before it, then the token that ends the row."""
    tokens = [start]
    rows = []
    for turn in TURNS:
        tokens = tokens + turn
        rows.append([*tokens, END])
    return rows


def test_a_dialogue_costs_its_last_row_and_a_token_for_each_other() -> None:
    (found,) = pack(dialogue(50))
    assert list(found.trunk) == dialogue(50)[-1]
    assert sorted(found.rows) == [0, 1, 2, 3]
    assert found.rows[-1] == 3, "the trunk's own row comes last"
    assert found.size == len(dialogue(50)[-1]) + 3


def test_dialogues_and_other_rows_stay_apart_in_their_order() -> None:
    rows = [[7, 8], *dialogue(60), [7, 9], *dialogue(50)]
    assert [sorted(each.rows) for each in pack(rows)] == [[0], [1, 2, 3, 4], [5], [6, 7, 8, 9]]


def test_equal_rows_are_computed_once() -> None:
    row = list(range(12))
    (found,) = pack([row, row, row])
    assert found.size == len(row)


ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=30), max_size=120)


@given(ROWS)
def test_every_row_can_be_read_off_its_pack(rows: list[list[int]]) -> None:
    found = {}
    for each in pack(rows):
        for row, branch in zip(each.rows, each.branches, strict=False):
            found[row] = [*each.trunk[: branch.start], *branch.tokens]
        found[each.rows[-1]] = list(each.trunk)
        assert len(each.rows) == len(each.branches) + 1
    assert [found[index] for index in range(len(rows))] == rows


def test_a_forward_that_computes_every_row_whole_gets_no_more_of_them_than_the_budget() -> None:
    rows = [row for start in (50, 60, 70) for row in dialogue(start)]
    budget = 40
    assert max(len(group) for group in grouped(rows, budget, packed=True)) > 2
    whole = list(grouped(rows, budget, packed=False))
    assert max(len(group) * max(len(rows[index]) for index in group) for group in whole) <= budget
    assert whole == list(buckets([len(row) for row in rows], budget))


@given(ROWS, st.integers(1, 300), st.booleans())
def test_every_row_is_in_one_bucket(rows: list[list[int]], budget: int, packed: bool) -> None:
    groups = list(grouped(rows, budget, packed=packed))
    assert sorted(index for group in groups for index in group) == list(range(len(rows)))
