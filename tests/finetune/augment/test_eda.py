"""EDA's four operations do what the paper says, and its counts are the paper's."""

import random
from collections import Counter

import pytest

from thymos.finetune.augment.eda import delete, edited, edits_for, insert, replace, swap
from thymos.finetune.augment.values import Row

WORDS = ["the", "sad", "dog", "was", "happy", "about", "a", "zorgle", "yesterday"]


def test_replacing_changes_so_many_words_that_say_something_and_keeps_the_places() -> None:
    found = replace(WORDS, 2, ("quux",), random.Random(0))
    changed = [place for place, (old, new) in enumerate(zip(WORDS, found, strict=True)) if old != new]
    assert len(changed) == 2
    assert not {WORDS[place] for place in changed} & {"the", "was", "about", "a"}


def test_a_word_is_replaced_by_its_synonym_else_by_another_word_of_the_text() -> None:
    assert replace(["happy"], 1, ("quux",), random.Random(0))[0] in {"glad", "cheerful", "pleased", "delighted"}
    assert replace(["zorgle"], 1, ("quux",), random.Random(0)) == ["quux"]
    assert replace(["zorgle"], 1, ("quux", "zorgle"), random.Random(0)) == ["quux"]
    assert replace(["zorgle"], 1, (), random.Random(0)) == ["zorgle"]


def test_inserting_adds_so_many_words_and_keeps_the_others_in_order() -> None:
    found = insert(WORDS, 3, ("quux",), random.Random(0))
    assert len(found) == len(WORDS) + 3
    rest = iter(found)
    assert all(word in rest for word in WORDS)


def test_swapping_keeps_the_words() -> None:
    found = swap(WORDS, 1, (), random.Random(0))
    assert found != WORDS
    assert Counter(found) == Counter(WORDS)
    assert swap(["one"], 2, (), random.Random(0)) == ["one"]


def test_deleting_loses_so_many_on_average_and_never_all() -> None:
    chance = random.Random(0)
    lost = [len(WORDS) - len(delete(WORDS, 2, (), chance)) for _ in range(2000)]
    assert sum(lost) / len(lost) == pytest.approx(2, abs=0.1)  # 9 words, 2/9 each; standard error 0.03
    assert len(delete(["only"], 1, (), chance)) == 1


def test_counts_are_those_of_table_3_of_the_paper() -> None:
    assert [edits_for(rows) for rows in (96, 500, 2000, 5000, 40_000)] == [16, 16, 8, 4, 4]


def test_edits_carry_the_label_differ_from_their_row_and_from_each_other() -> None:
    made = [Row("a", " ".join(WORDS), ("joy",)), Row("b", "we lost the match again today", ("sadness",))]
    found = edited(made, 0)
    assert len(found) == 32
    assert len({each.text for each in found}) == 32
    assert {(each.parent, each.labels) for each in found} == {(0, ("joy",)), (1, ("sadness",))}
    assert not {each.text for each in found} & {row.text for row in made}


def test_edits_of_a_row_hold_no_word_of_another() -> None:
    made = [Row(f"{n}", f"the zorgle{n} was florp{n} about a grint{n} yesterday", ("joy",)) for n in range(6)]
    assert edited(made, 0)
    for each in edited(made, 0):
        assert each.parent is not None
        assert set(each.text.split()) <= set(made[each.parent].text.split())  # no word here has a synonym
    assert edited(made, 0)[:16] == edited([made[0], *made[3:]], 0, times=16)[:16]  # what else is drawn does not count


def test_seed_and_number_of_edits_count() -> None:
    made = [Row("a", " ".join(WORDS), ("joy",))]
    assert edited(made, 0) == edited(made, 0)
    assert edited(made, 0) != edited(made, 1)
    assert len(edited(made, 0, times=3)) == 3


def test_a_text_without_words_is_left_alone() -> None:
    assert edited([Row("a", "", ("joy",))], 0, times=4) == ()
