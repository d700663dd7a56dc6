"""How a message is taken apart: quotes, dialogues, questions, what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thymos.agent.chat.reading import dialogue_lines, read


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ('She wrote "I am fine". What does she feel?', ("I am fine",)),
        ("She wrote “I am fine”.", ("I am fine",)),
        ("compare 'go away' and 'don't go'", ("go away", "don't go")),
        ("« Je suis ravi » ?", ("Je suis ravi",)),
        ("> I never want to see you again\nwhat is this", ("I never want to see you again",)),
        ("```\nnobody came\n```\nwhich emotion?", ("nobody came",)),
        ("How does this sound: I am so done with all of this", ("I am so done with all of this",)),
        ("compare these\n1. I hate you\n2. I love you", ("I hate you", "I love you")),
    ],
)
def test_quoted_material_is_found(text: str, quotes: tuple[str, ...]) -> None:
    assert read(text).quotes == quotes


def test_an_apostrophe_is_no_quotation_mark() -> None:
    reading = read("I don't know what he's thinking, it isn't fair")
    assert reading.quotes == ()


def test_a_dialogue_is_two_lines_with_names() -> None:
    reading = read("Ann: I'm home\nBob: finally!\nhow does Bob feel?")
    assert [(line.speaker, line.text) for line in reading.dialogue] == [("Ann", "I'm home"), ("Bob", "finally!")]
    assert reading.asked == "how does Bob feel?"


def test_what_introduces_is_no_speaker() -> None:
    assert read("Text: I miss you\nQuestion: what is it?").dialogue == ()


def test_a_question_is_not_part_of_what_is_told() -> None:
    reading = read("My boss shouted at me and I cried. What am I feeling?")
    assert reading.told == "My boss shouted at me and I cried."
    assert reading.questions == "What am I feeling?"


def test_a_line_without_a_name_goes_on_with_the_one_before() -> None:
    (first, second) = dialogue_lines("Ann: I waited\nfor hours\nBob: sorry")
    assert first.text == "I waited for hours"
    assert second.speaker == "Bob"


def test_lines_without_names_are_turns_of_their_own() -> None:
    assert [line.text for line in dialogue_lines("hello\n\nhi there\n")] == ["hello", "hi there"]


@given(st.text(max_size=400))
def test_any_text_can_be_read_and_nothing_is_invented(text: str) -> None:
    reading = read(text)
    for quote in reading.quotes:
        assert "".join(quote.split()) in "".join(text.split())
    assert len(reading.asked) <= len(text)


@pytest.mark.parametrize("piece", [" ", "\n", " \n", "„", "„a ", '"', "a: ", "1. a\n", "first: a ", "if he said "])
def test_long_runs_of_marks_are_read_in_time_that_grows_with_their_length(piece: str) -> None:
    assert read(piece * (200_000 // len(piece))).dialogue == ()  # takes hours where it grows with the square


def test_a_quotation_of_two_lines_is_one() -> None:
    assert read('What does he feel? "I hate this.\nBut I stay."').quotes == ("I hate this.\nBut I stay.",)
    assert read('Is 5" long?\n\nOr 6" long?').quotes == ()


@pytest.mark.parametrize(
    "words", ["What does her mother feel?", "Who ever said that she never cared?", "which honest answer"]
)
def test_words_that_end_like_comparatives_compare_nothing(words: str) -> None:
    assert not read(words).has("compare")
    assert read("Which one is angrier?").has("compare")
    assert read("Is she calmer than he is?").has("compare")
