"""The oldest turns are left out, as few as will do, and without a try for each."""

import random
from collections.abc import Sequence

import pytest

from thymos.adapters.sample import Turn
from thymos.adapters.scoring.fit import fitted


class Counts:
    """A row of as many tokens as its turns say, and three of its own; counts its calls and tokens."""

    def __init__(self) -> None:
        self.calls = 0
        self.tokens = 0

    def __call__(self, context: Sequence[Turn]) -> list[int]:
        row = [token for turn in context for token in range(int(turn.text))] + [7, 8, 9]
        self.calls += 1
        self.tokens += len(row)
        return row


def turns(*lengths: int) -> list[Turn]:
    return [Turn(str(length)) for length in lengths]


def one_by_one(context: Sequence[Turn], most: int) -> list[int]:
    row = Counts()
    for dropped in range(len(context) + 1):
        found = row(context[dropped:])
        if len(found) <= most:
            break
    return found


@pytest.mark.parametrize("seed", range(200))
def test_as_many_turns_are_kept_as_by_leaving_out_one_after_another(seed: int) -> None:
    chance = random.Random(seed)
    context = turns(*(chance.randint(0, 9) for _ in range(chance.choice([0, 1, 2, 3, 7, 60]))))
    most = chance.choice([2, 3, 5, 20, 100, 1000])
    assert fitted(Counts(), context, most) == one_by_one(context, most)


def test_a_row_without_its_context_that_is_too_long_is_given_as_it_is() -> None:
    assert fitted(Counts(), turns(5, 5), 2) == [7, 8, 9]


def test_a_short_context_that_fits_costs_one_row() -> None:
    row = Counts()
    assert len(fitted(row, turns(*[2] * 5), 100)) == 13
    assert row.calls == 1


def test_a_context_of_a_million_turns_costs_a_few_short_rows() -> None:
    row = Counts()
    assert len(fitted(row, turns(1) * 1_000_000, 1000)) == 1000
    assert row.calls < 30
    assert row.tokens < 15_000
