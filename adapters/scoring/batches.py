"""Length buckets: which rows are computed together.

Takes row lengths; gives groups of row indices whose padded size stays within a token budget. Rows of like
length share a bucket, so little of a batch is padding. Knows no model.
"""

from collections.abc import Iterator, Sequence

TOKEN_BUDGET = 1024  # padded tokens in one batch: the matrices of a layer then stay in the L2 cache


def buckets(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Group rows by length under a token budget.

    Args:
        lengths: tokens of each row.
        budget: largest rows x longest row of a group; a row longer than this is a group of its own.

    Yields:
        Row indices, longest rows first; each index once. The same lengths give the same groups.
    """
    group: list[int] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if group and longest * (len(group) + 1) > budget:
            yield group
            group = []
        if not group:
            longest = lengths[row]
        group.append(row)
    if group:
        yield group
