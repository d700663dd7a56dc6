"""A user's examples: nearest ones of the row's label, others from row to row, the same for the same row."""

import dataclasses

from tests.agent.synth.fakes import WordEmbedder, row_of
from thymos.agent.synth.corpora import Labelled
from thymos.agent.synth.seeds import SHOWN, Seeds
from thymos.agent.synth.vectors import Vectors

FERRY = [Labelled(f"the ferry pitched in the wind, said number{n}", ("joy",)) for n in range(12)]
OTHERS = [Labelled(f"tomatoes grow behind a shed, said number{n}", ("joy",)) for n in range(12)]
SEEDS = Seeds([*OTHERS, *FERRY, Labelled("a ferry pitched", ("fear",))], Vectors(WordEmbedder()))
ROW = row_of("joy")


def test_examples_are_those_that_are_nearest_to_the_situation() -> None:
    near = SEEDS.near(ROW, "The ferry begins to pitch in the wind.")
    assert len(near) == SHOWN
    assert all("ferry" in text for text in near)
    assert all("tomatoes" in text for text in SEEDS.near(ROW, "The tomatoes behind a shed grow."))


def test_the_hash_of_examples_is_of_their_labels_too() -> None:
    vectors = Vectors(WordEmbedder())
    one, other = (Seeds([Labelled("so it goes", labels)], vectors).sha256 for labels in (("joy",), ("fear",)))
    assert one != other


def test_rows_of_one_situation_get_others_and_one_row_the_same() -> None:
    rows = [dataclasses.replace(ROW, seed=seed) for seed in range(8)]
    shown = [tuple(SEEDS.near(row, "The ferry in the wind.")) for row in rows]
    assert len(set(shown)) > 4
    assert shown == [tuple(SEEDS.near(row, "The ferry in the wind.")) for row in rows]


def test_examples_of_another_label_are_not_shown_and_those_without_one_are_for_all() -> None:
    assert SEEDS.near(row_of("fear"), "anything") == ["a ferry pitched"]
    assert SEEDS.near(row_of("anger"), "anything") == []
    loose = Seeds([Labelled("a ferry pitched", ())], Vectors(WordEmbedder()))
    assert loose.near(row_of("anger"), "anything") == ["a ferry pitched"]
