"""A step's grammar takes what the templates write of it, and nothing that was not measured."""

import re
from collections.abc import Callable

import pytest
from llguidance import LLMatcher, LLTokenizer

from tests.agent.reasoning.materials import SAID, material
from thymos.agent.reasoning.step_requests import (
    WRITTEN,
    answer,
    cause_grammar,
    model_written,
    sentences_of,
    step_requests,
)
from thymos.agent.reasoning.support import supported
from thymos.agent.reasoning.values import Sentence
from thymos.agent.reasoning.writing import write_steps
from thymos.finetune.explaining.causes import turns_of
from thymos.prompts.steps import NOT_SAID


def fits(grammar: str, text: str) -> bool:
    tokens = LLTokenizer("byte")
    matcher = LLMatcher(tokens, LLMatcher.grammar_from_lark(grammar))
    assert not matcher.get_error()
    return bool(matcher.consume_tokens(tokens.tokenize_str(text))) and matcher.is_accepting()


def test_each_step_has_its_facts_and_its_grammar_takes_what_the_templates_write() -> None:
    found = material()
    steps = write_steps(found)
    asked = step_requests(found, steps)
    assert [each.wish.step for each in asked] == list(WRITTEN)
    for each in asked:
        (step,) = [step for step in steps if step.name == each.wish.step]
        own = model_written(step)
        assert own
        text = answer(own)
        assert fits(each.grammar, text), text
        assert sentences_of(text) == own
        assert all(name in each.wish.request for sentence in own for name in sentence.citations)
        assert all(supported(sentence, found) for sentence in own)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("[cue:1]", "[cue:99]"),
        lambda text: re.sub(r" \[[^]]*\]", "", text),
        lambda text: text.replace("won", "lost"),
        lambda text: text.replace(" %", "5 %"),
        lambda text: text + ' He said "no" [cue:1]',
        lambda text: "",
    ],
)
def test_what_was_not_measured_fits_no_grammar(change: Callable[[str], str]) -> None:
    found = material()
    steps = write_steps(found)
    perceive = step_requests(found, steps)[0]
    text = answer(model_written(steps[0]))
    assert change(text) != text
    assert not fits(perceive.grammar, change(text))


@pytest.mark.parametrize(
    ("text", "citations"),
    [
        ('"won" speaks for joy: it has 12 % with it.', ("cue:1",)),
        ("The answer is fear.", ("cue:1",)),
        ('"alone" speaks for joy.', ("cue:1",)),
        ("Nothing changes it, by 99.9 points.", ("cue:1",)),
    ],
)
def test_what_a_cue_does_not_say_is_not_supported(text: str, citations: tuple[str, ...]) -> None:
    assert not supported(Sentence(text=text, citations=citations), material())


def test_a_cause_is_words_of_a_turn_or_not_said() -> None:
    turns = turns_of(SAID)
    for grammar in (cause_grammar(turns), cause_grammar(turns, 2)):
        assert fits(grammar, ' "we won", "walked home alone".')
        assert not fits(grammar, ' "we lost".')
        assert not fits(grammar, ' "we won')
    assert fits(cause_grammar(turns), ' "You lost again".')
    assert not fits(cause_grammar(turns, 2), ' "You lost again".')
    assert fits(cause_grammar(turns), f" {NOT_SAID}.")
    assert not fits(cause_grammar(turns, 2), f" {NOT_SAID}."), "where it is known it is said"
    assert fits(cause_grammar([("", "")]), f" {NOT_SAID}.")


def test_marks_of_a_text_close_nothing() -> None:
    grammar = cause_grammar([("A", 'a "b" \\ c\n| "d" %regex [kb:x]')])
    assert fits(grammar, " \"a 'b' \\ c | 'd' %regex\".")
