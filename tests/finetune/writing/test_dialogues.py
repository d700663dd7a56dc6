"""Conversations are taken whole or not at all."""

import pytest

from thymos.adapters.sample import Sample, Turn
from thymos.finetune.writing.dialogues import Spoken, dialogues

SAID = ("I lost  the keys.", "Again?", "I could cry.", "Come in.")


def rows(speakers: str = "ABAB", labelled: str = "AB", situation: str | None = None) -> list[Sample]:
    """The turns of one conversation that carry labels, each with those before it."""
    turns = [Turn(text, speaker) for text, speaker in zip(SAID, speakers, strict=True)]
    metadata = {} if situation is None else {"told": situation}
    return [
        Sample(
            f"d-{n}", turn.text, turn.speaker, tuple(turns[:n]), dialogue="d", gold=(f"label{n}",), metadata=metadata
        )
        for n, turn in enumerate(turns)
        if str(turn.speaker) in labelled
    ]


def test_turns_come_with_their_labels_and_one_space_between_words() -> None:
    (found,) = dialogues(rows(situation=" keys \n gone "), "told")
    assert found.turns[0] == Spoken("I lost the keys.", "A", ("label0",))
    assert [turn.text for turn in found.turns[1:]] == list(SAID[1:])
    assert found.situation == "keys gone"
    assert dialogues(rows())[0].situation is None


def test_who_listens_needs_no_labels() -> None:
    (found,) = dialogues(rows(labelled="A"))
    assert [turn.gold for turn in found.turns] == [("label0",), (), ("label2",)]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_conversation_that_lacks_a_turn_is_left_out_whole(gone: int) -> None:
    """The turn is held out, and every later row tells it again as context."""
    left = [row for place, row in enumerate(rows()) if place != gone]
    assert dialogues(left) == []


@pytest.mark.parametrize("speakers", ["ABCB", "AABB", "AAAA"])
def test_two_people_in_turn_are_wanted(speakers: str) -> None:
    assert dialogues(rows(speakers, labelled="ABC")) == []


def test_rows_without_text_or_conversation_are_no_conversation() -> None:
    assert dialogues([Sample("1", "alone"), Sample("2", "", dialogue="d"), Sample("3", None, dialogue="d")]) == []
