"""Length buckets: every row once, within the budget, always the same."""

from hypothesis import given
from hypothesis import strategies as st

from thymos.adapters.scoring.batches import buckets


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 200))
def test_every_row_is_in_one_bucket_and_no_bucket_is_over_budget(lengths: list[int], budget: int) -> None:
    groups = list(buckets(lengths, budget))
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or max(lengths[row] for row in group) * len(group) <= budget


def test_rows_of_like_length_share_a_bucket() -> None:
    assert list(buckets([2, 9, 2, 9, 2], budget=18)) == [[1, 3], [0, 2, 4]]
