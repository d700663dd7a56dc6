"""Draws: so many rows of each label, by seed, and none of the test set."""

import pytest

from tests.finetune.augment_rows import LABELS, rows
from thymos.finetune.augment.draw import counts, draw
from thymos.finetune.augment.pool import apart, words_of
from thymos.finetune.augment.values import ALL, Row
from thymos.prompts.errors import InputError


def test_each_label_gets_its_rows() -> None:
    assert counts(draw(rows(200, 1), LABELS, 16, 0), LABELS) == dict.fromkeys(LABELS, 16)


def test_equal_seeds_give_equal_draws_and_others_do_not() -> None:
    pool = rows(200, 1)
    assert draw(pool, LABELS, 16, 3) == draw(pool, LABELS, 16, 3)
    assert draw(pool, LABELS, 16, 3) != draw(pool, LABELS, 16, 4)


def test_a_smaller_draw_of_a_seed_is_part_of_a_larger_one() -> None:
    pool = rows(200, 1)
    assert set(draw(pool, LABELS, 8, 0)) < set(draw(pool, LABELS, 16, 0))


def test_no_row_of_a_draw_stands_in_the_test_set() -> None:
    test = rows(60, 2, "t")
    pool, same = apart((*rows(100, 1), *test[:30]), test)
    assert same == 30
    for seed in range(5):
        drawn = {words_of(row.text) for row in draw(pool, LABELS, 16, seed)}
        assert drawn.isdisjoint({words_of(row.text) for row in test})


def test_all_takes_the_whole_pool_and_a_scarce_label_gives_what_it_has() -> None:
    pool = [Row(str(n), f"text {n}", ("joy" if n else "fear",)) for n in range(9)]
    assert draw(pool, ("joy", "fear"), ALL, 0) == tuple(pool)
    assert counts(draw(pool, ("joy", "fear"), 4, 0), ("joy", "fear")) == {"joy": 4, "fear": 1}


def test_a_row_with_several_labels_fills_a_place_of_each() -> None:
    pool = [Row("both", "a", ("joy", "fear")), *(Row(f"j{n}", f"j{n}", ("joy",)) for n in range(5))]
    assert counts(draw(pool, ("joy", "fear"), 2, 0), ("joy", "fear")) == {"joy": 2, "fear": 1}


def test_a_label_without_rows_is_an_error() -> None:
    with pytest.raises(InputError, match="got none of fear"):
        draw([Row("a", "a", ("joy",))], ("joy", "fear"), 4, 0)
