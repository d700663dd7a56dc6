"""Packs: rows that begin alike, computed once. The turns of a dialogue, each with those before it, are one pack.

Takes rows of token ids; gives trunks and short branches off them. A row with its context is the beginning of the row
that follows it in the dialogue, but for the few tokens that end it: these become a branch. So a dialogue of n turns
costs the tokens of its last row instead of about n / 2 times as many. Knows no model and no dialogue: it compares
tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from thymos.adapters.scoring.batches import buckets

_SHARED = 8  # tokens: rows that share fewer are not worth a branch
_BRANCH = 16  # tokens: a longer rest is a row of its own
_READS = 64  # rows of one pack at most
_CANDIDATES = 16  # packs of the same beginning that a row is compared with


@dataclass(frozen=True, slots=True)
class Branch:
    """What a row has instead of the trunk's later tokens.

    Attributes:
        start: how many of the trunk's first tokens the row shares.
        tokens: what follows; none where the row is a beginning of the trunk.
    """

    start: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows that are computed together.

    Attributes:
        trunk: token ids of the longest row.
        branches: of the other rows.
        rows: index of the row of each branch, and of the trunk's row at the end.
    """

    trunk: Sequence[int]
    branches: tuple[Branch, ...]
    rows: tuple[int, ...]

    @property
    def size(self) -> int:
        """Tokens to compute."""
        return len(self.trunk) + sum(len(branch.tokens) for branch in self.branches)


@dataclass(slots=True)
class _Open:
    """A pack that may still grow; its trunk's row is the first of `rows`."""

    trunk: Sequence[int]
    rows: list[int]
    branches: list[Branch] = field(default_factory=list)


def pack(rows: Sequence[Sequence[int]]) -> list[Pack]:
    """Gather rows that begin alike.

    Args:
        rows: token ids, each at least one.

    Returns:
        Packs in the order of their first row; each row is in one of them. The same rows give the same packs.
    """
    alike: dict[tuple[int, ...], list[_Open]] = {}  # by the first tokens, which a branch shares at least
    opened = []
    for index in sorted(range(len(rows)), key=lambda place: -len(rows[place])):
        row = rows[index]
        candidates = alike.setdefault(tuple(row[:_SHARED]), [])
        for each in candidates[-_CANDIDATES:]:
            shared = _shared(each.trunk, row)
            if len(each.rows) < _READS and len(row) - shared <= _BRANCH:
                each.branches.append(Branch(shared, tuple(row[shared:])))
                each.rows.append(index)
                break
        else:
            candidates.append(_Open(row, [index]))
            opened.append(candidates[-1])
    packs = [Pack(each.trunk, tuple(each.branches), (*each.rows[1:], each.rows[0])) for each in opened]
    return sorted(packs, key=lambda each: min(each.rows))


def grouped(rows: Sequence[Sequence[int]], budget: int, *, packed: bool, extra: int = 0) -> Iterator[list[int]]:
    """Group rows as `buckets` does, packs undivided.

    Args:
        rows: token ids.
        budget: of tokens to compute, padding included.
        packed: whether the forward computes a pack once; if not, every row counts whole.
        extra: tokens that are computed beside each row.

    Yields:
        Row indices; each index once.
    """
    if not packed:
        yield from buckets([len(row) + extra for row in rows], budget)
        return
    packs = pack(rows)
    for places in buckets([each.size + extra * len(each.rows) for each in packs], budget):
        yield [row for place in places for row in packs[place].rows]


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two rows begin with alike."""
    most = min(len(first), len(second))
    return next((place for place in range(most) if first[place] != second[place]), most)
