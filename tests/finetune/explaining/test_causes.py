"""Marked words become lessons as they stand in the turns that are shown."""

import random
from dataclasses import replace

from thymos.adapters.sample import Sample, Turn
from thymos.finetune.explaining.causes import cause_lessons
from thymos.prompts.catalogue import load_map


def row(marked: list[tuple[int, str]], *gold: str) -> Sample:
    context = (Turn("I lost my KEYS, and it rains.", "A"), Turn("Again ?", "B"))
    return Sample(
        "1", "Sorry .", speaker="A", context=context, gold=gold, metadata={"emotion": "happiness", "marked": marked}
    )


def answers(*rows: Sample) -> list[str]:
    return [each.answer for each in cause_lessons(rows, [], random.Random(1))]


def test_spans_stand_as_in_their_turns_and_in_their_order() -> None:
    found = answers(row([(3, "Sorry"), (1, "it rains"), (1, "lost my keys"), (3, "Sorry")], "same turn"))
    assert found == ['What brought it about: "lost my KEYS", "it rains", "Sorry".']


def test_what_stands_nowhere_is_not_learnt() -> None:
    assert answers(row([(2, "lost my keys")], "1 before")) == []
    assert answers(row([], "not said")) == ["What brought it about: it is not said."]


def test_turns_that_are_not_shown_are_not_named() -> None:
    far = row([(1, "lost my keys"), (12, "Sorry")], "same turn")
    sample = replace(far, context=far.context + (Turn("Hm.", "B"),) * 9)
    assert answers(sample) == ['What brought it about: "Sorry".']


def test_a_feeling_is_called_by_several_names() -> None:
    rows = [row([(3, "Sorry")], "same turn")] * 40
    lessons = cause_lessons(rows, [load_map("dailydialog", "ekman")], random.Random(1))
    assert {each.wish.facts[0].rpartition(": ")[2] for each in lessons} == {"happiness", "joy"}
