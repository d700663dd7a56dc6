"""What counts as well formed, and the reason where something does not."""

import dataclasses

import pytest

from tests.agent.synth.fakes import row_of
from thymos.agent.synth.reading import read_text, said_in

ONE = dataclasses.replace(row_of("joy"), length="short")
FOUR = dataclasses.replace(row_of("joy", 4), length="short", turns=("neutral", None, "joy", None))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("We made it to the top!", "We made it to the top!"),
        ('  "We made it to the top!"  ', "We made it to the top!"),
        ("A: We made it to the top!", "We made it to the top!"),
        ("Here is the utterance:\nWe made it to the top!", "We made it to the top!"),
        ("We made it to the top! And then the fog came over the", "We made it to the top!"),
        ("We made it\n\n[emotion: joy] Situation: again", "We made it"),
        ("we were up there before the sun even rose lol", "we were up there before the sun even rose lol"),
        ("Wir haben es geschafft, alle zusammen!", "Wir haben es geschafft, alle zusammen!"),
        ("今日は とても いい天気です。", "今日は とても いい天気です。"),
    ],
)
def test_an_utterance_is_read(raw: str, said: str) -> None:
    turns = read_text(ONE, raw)
    assert not isinstance(turns, str)
    (turn,) = turns
    assert (turn.speaker, turn.text, turn.label) == ("A", said, "joy")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("Yes.", "too short"),
        ("... !!! ???", "no words"),
        ("[emotion: joy] We made it!", "repeats the request"),
        ("Situation: They are on a hill.", "repeats the request"),
        ("Sure, I can help you with that.", "talks about the task"),
        ("Certainly! Here is a short sentence that shows joy.", "talks about the task"),
        ("Here's an example: we made it to the top!", "talks about the task"),
        ("Of course, here it comes:", "talks about the task"),
        ("As an AI, I have no feelings.", "talks about the task"),
        ("I'm sorry, but I can't write that.", "talks about the task"),
        ("we went up and up and up until at last there was a hut and then the", "breaks off"),  # 16 words, of 12
        (" ".join(["word"] * 37) + ".", "too long"),  # three times twelve words are let through
    ],
)
def test_an_utterance_that_is_none_is_told_apart(raw: str, reason: str) -> None:
    assert read_text(ONE, raw) == reason


def test_a_text_without_any_stop_is_whole_up_to_the_length_that_was_asked() -> None:
    said = " ".join(["word"] * 25)
    assert read_text(ONE, said) == "breaks off"  # 12 words were asked
    assert not isinstance(read_text(dataclasses.replace(ONE, length="medium"), said), str)  # 25 were
    assert read_text(dataclasses.replace(ONE, length="medium"), f"{said} more") == "breaks off"


def test_a_last_turn_without_any_stop_is_whole() -> None:
    turns = read_text(FOUR, "A: Morning.\nB: Did you sleep?\nA: Like a stone!\nB: me too i did not even hear the rain")
    assert not isinstance(turns, str)
    assert turns[-1].text == "me too i did not even hear the rain"
    cut = "A: Morning.\nB: Did you sleep?\nA: Like a stone!\nB: " + " ".join(["word"] * 13)
    assert read_text(FOUR, cut) == "breaks off"


def test_a_conversation_is_read_with_its_labels() -> None:
    turns = read_text(FOUR, "A: Morning.\nB: Did you sleep?\nA: Like a stone!\nB: Good.\nA: And you?")
    assert not isinstance(turns, str)
    assert [(turn.speaker, turn.text, turn.label) for turn in turns] == [
        ("A", "Morning.", "neutral"),
        ("B", "Did you sleep?", None),
        ("A", "Like a stone!", "joy"),
        ("B", "Good.", None),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "Morning.\nB: Did you sleep?\nA: Like a stone!\nB: Good.",  # the opening was given, not written
        "**A:** Morning.\n**B:** Did you sleep?\n**A:** Like a stone!\n**B:** Good.",
        "1. A: Morning.\n2. B: Did you sleep?\n3. A: Like a stone!\n4. B: Good.",
        'A: "Morning."\n\nB: "Did you sleep?"\n\nA: "Like a stone!"\n\nB: "Good."\n\nThe end of it.',
    ],
)
def test_a_conversation_is_read_however_it_is_set(raw: str) -> None:
    turns = read_text(FOUR, raw)
    assert not isinstance(turns, str)
    assert [turn.text for turn in turns] == ["Morning.", "Did you sleep?", "Like a stone!", "Good."]


@pytest.mark.parametrize(
    "said",
    ["Sure, the key is under the mat.", "Of course I slept!", "Certainly not today.", "Here is the bread you wanted."],
)
def test_people_may_begin_with_sure_of_course_and_here_is(said: str) -> None:
    assert not isinstance(read_text(ONE, said), str)
    assert not isinstance(read_text(FOUR, f"A: {said}\nB: Did you sleep?\nA: Like a stone!\nB: Good."), str)


def test_only_the_first_turn_can_talk_of_the_task_but_any_can_refuse_it() -> None:
    start = "A: Morning.\nB: Did you sleep?\nA: Like a stone!\nB: "
    assert not isinstance(read_text(FOUR, f"{start}Sure, I can help you with that."), str)
    assert read_text(FOUR, f"{start}I'm sorry, but I can't go on.") == "talks about the task"
    assert read_text(FOUR, f"{start}As an AI, I don't sleep.") == "talks about the task"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("A: Morning.\nB: Did you sleep?\nA: Like a stone!", "too few turns"),
        ("A: Morning.\nA: Hello?\nB: Did you sleep?\nA: Yes!", "turns do not alternate"),
        ("A: Morning.\nB: Morning.\nA: Like a stone!\nB: Good.", "a turn is said twice"),
        ("A: Morning.\nB:\nA: Like a stone!\nB: Good.", "too short"),
        ("A: Morning.\nB: [emotion: joy]\nA: Like a stone!\nB: Good.", "repeats the request"),
        ("I would rather talk about something else today.", "too few turns"),
    ],
)
def test_a_conversation_that_is_none_is_told_apart(raw: str, reason: str) -> None:
    assert read_text(FOUR, raw) == reason


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("I can't believe you did that.", "I can't believe you did that."),
        ('A: "I am so glad you came."\n\nAnd more of it.', "I am so glad you came."),
        (
            "We ran to the ferry and then the",
            "We ran to the ferry and then the",
        ),  # cut off or not
        ("[emotion: joy] We won the cup.", ""),
        ("Sure, here is a sentence that shows joy:\n\nWe won the cup.", "We won the cup."),
        ("I'm sorry, but I can't write that.", ""),
        ("Wow!", ""),
        ("12 34 56", ""),
        ("  \n ", ""),
    ],
)
def test_what_a_guide_reads_is_what_would_be_kept(raw: str, said: str) -> None:
    assert said_in(raw) == said
