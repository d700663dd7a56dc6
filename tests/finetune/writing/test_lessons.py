"""Lessons: labels that are agreed on, stretches that end on whoever began, balance, nothing given away."""

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from thymos.finetune.writing.dialogues import Dialogue, Spoken
from thymos.finetune.writing.lessons import Felt, Heard, Hearing, conversations, utterances
from thymos.finetune.writing.recipe import TextsRecipe
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.wish import WORDS

READER = load_taxonomy("goemotions")
EMPATHETIC = load_taxonomy("empathetic")
HEARING = Hearing(
    READER,
    [load_map("goemotions", "ekman"), load_map("goemotions", "dair")],
    EMPATHETIC,
    load_map("empathetic", "ekman"),
)


def shares(**told: float) -> list[float]:
    """A distribution of the reader; what is not told is spread."""
    rest = (1 - sum(told.values())) / (len(READER) - len(told))
    return [told.get(name, rest) for name in READER.names]


def test_a_turn_is_named_in_every_label_set() -> None:
    felt = HEARING.felt(("furious",), shares(anger=0.5, annoyance=0.3))
    assert felt is not None
    named = {taxonomy: label for taxonomy, (label, _) in felt.labels.items()}
    assert named == {"goemotions": "anger", "ekman": "anger", "dair": "anger", "empathetic": "furious"}
    assert felt.labels["ekman"][1] > 0.8 > felt.labels["goemotions"][1]
    assert (felt.group, felt.family) == ("anger", "anger")


@pytest.mark.parametrize(
    ("gold", "read"),
    [
        (("joyful",), shares(anger=0.9)),
        (("furious",), shares(neutral=0.9)),
        ((), shares(anger=0.2, joy=0.2, fear=0.2, sadness=0.2, surprise=0.1)),
    ],
    ids=["they differ", "nothing is heard", "unclear"],
)
def test_what_is_not_agreed_on_is_not_learnt(gold: tuple[str, ...], read: list[float]) -> None:
    assert HEARING.felt(gold, read) is None


@pytest.mark.parametrize(("gold", "read"), [("jealous", "gratitude"), ("nostalgic", "neutral")])
def test_a_label_that_nobody_can_agree_with_names_nothing(gold: str, read: str) -> None:
    """These have no counterpart in the set in which corpus and labeler are compared."""
    felt = HEARING.felt((gold,), shares(**{read: 0.9}))
    assert felt is not None
    assert "empathetic" not in felt.labels


def test_a_set_in_which_nothing_is_likely_does_not_name_a_turn() -> None:
    felt = HEARING.felt((), shares(joy=0.22, love=0.22, gratitude=0.22, pride=0.22))
    assert felt is not None
    assert "ekman" in felt.labels
    assert "goemotions" not in felt.labels


def felt(label: str) -> Felt:
    return Felt({"ekman": (label, 0.9)}, label, label)


def heard(number: int, *labels: str | None, situation: str | None = None) -> Heard:
    turns = [Spoken(f"Here {label} turn {n} of dialogue {number}.", "AB"[n % 2]) for n, label in enumerate(labels)]
    return Heard(Dialogue(str(number), tuple(turns), situation), tuple(felt(name) if name else None for name in labels))


def texts(**told: Any) -> TextsRecipe:
    return TextsRecipe.model_validate({"most_alike": 1.0} | told)


MANY = [heard(n, "joy", None, "fear", "joy", "anger") for n in range(60)]


def test_a_conversation_begins_with_who_has_the_label_and_is_long_enough() -> None:
    lessons = conversations(MANY, texts(examples=0.0, turns=(2, 5), stages=0.0), 200, random.Random(0))
    assert len(lessons) > 150
    assert {lesson.wish.turns for lesson in lessons} == {2, 3, 4, 5}
    for lesson in lessons:
        lines = lesson.answer.split("\n")
        assert [line[:2] for line in lines] == ["A:" if n % 2 == 0 else "B:" for n in range(lesson.wish.turns)]
        target = lines[(lesson.wish.turns - 1) // 2 * 2]
        assert f"Here {lesson.wish.label} " in target
        places = [int(line.split(" turn ")[1][0]) for line in lines]
        assert places == list(range(places[0], places[0] + len(places)))


def test_stages_name_the_target_and_other_turns_that_are_known() -> None:
    lessons = conversations(MANY, texts(examples=0.0, turns=(5, 5), stages=1.0), 60, random.Random(0))
    assert {lesson.wish.label for lesson in lessons} == {"anger"}
    told = Counter(each for lesson in lessons for each in lesson.wish.stages)
    assert told["Turn 5, A: anger."] == len(lessons)
    assert 0 < told["Turn 1, A: joy."] < len(lessons)
    assert not any(each.startswith("Turn 2") for each in told)


def test_no_label_has_more_than_its_share() -> None:
    crowd = [heard(n, "neutral") for n in range(500)] + [heard(1000 + n, "fear") for n in range(20)]
    lessons = utterances(crowd, texts(most_alike=0.3), 100, random.Random(0))
    assert Counter(lesson.wish.label for lesson in lessons) == {"neutral": 30, "fear": 20}


def test_examples_are_of_the_feeling_and_never_the_answer() -> None:
    lessons = utterances(MANY, texts(examples=1.0, plain=0.0), 200, random.Random(0))
    assert {len(lesson.wish.examples) for lesson in lessons} >= {1, 2, 3}
    for lesson in lessons:
        assert lesson.answer not in lesson.wish.examples
        assert all(f"Here {lesson.wish.label} " in each for each in lesson.wish.examples)


def test_an_answer_is_written_as_plainly_as_its_examples() -> None:
    for lesson in utterances(MANY, texts(examples=1.0, plain=1.0), 50, random.Random(0)):
        if lesson.wish.examples:
            assert not set("HA.").intersection("".join((lesson.answer, *lesson.wish.examples)))
    for lesson in conversations(MANY, texts(examples=1.0, plain=1.0), 50, random.Random(0)):
        assert lesson.answer.startswith("A: ")
        if lesson.wish.examples:
            assert "Here" not in lesson.answer


def test_a_situation_that_gives_the_words_away_is_not_told() -> None:
    told = texts(examples=0.0, situation=1.0)
    echo = heard(1, "joy", situation="here joy turn 0 of the dialogue")
    other = heard(2, "joy", situation="They met after years.")
    lessons = utterances([echo, other], told, 2, random.Random(0))
    assert {lesson.wish.situation for lesson in lessons} == {"", "They met after years."}


@pytest.mark.parametrize(("words", "length"), [(5, "short"), (17, "medium"), (34, "long")])
def test_the_length_is_the_one_that_fits(words: int, length: str) -> None:
    one = Heard(Dialogue("d", (Spoken("word " * words, "A"),)), (felt("joy"),))
    (lesson,) = utterances([one], texts(), 1, random.Random(0))
    assert lesson.wish.length == length
    assert WORDS[length][0] <= words <= WORDS[length][1]


def test_too_short_and_too_long_turns_are_not_learnt() -> None:
    turns = [Spoken("Oh no.", "A"), Spoken("word " * 60, "B"), Spoken("I never saw it.", "A")]
    one = Heard(Dialogue("d", tuple(turns)), (felt("joy"),) * 3)
    assert [lesson.answer for lesson in utterances([one], texts(), 9, random.Random(0))] == ["I never saw it."]
    assert conversations([one], texts(), 9, random.Random(0)) == []


def test_the_same_seed_gives_the_same_lessons() -> None:
    one, again, other = (conversations(MANY, texts(), 50, random.Random(seed)) for seed in (1, 1, 2))
    assert one == again != other


def test_readings_of_the_whole_are_taken_turn_by_turn() -> None:
    dialogue = Dialogue("d", (Spoken("Ha!", "A", ("joyful",)), Spoken("No.", "B")))
    found = HEARING.hear(dialogue, np.array([shares(joy=0.9), shares(sadness=0.9)], dtype=np.float32))
    assert [each and each.family for each in found.felt] == ["joy", "sadness"]
