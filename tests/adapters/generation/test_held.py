"""What is written within a grammar is a sentence of it, the likeliest one token by token, whoever is beside it."""

import re
from pathlib import Path

import pytest

from thymos.adapters.generation.held import Held, HeldDecoder
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.prompts.errors import ModelError

GRAMMARS = (
    'start: " " ("joy" | "sadness") "."',
    r"start: /[a-z]{2,5}( [a-z]{2,5}){0,2} \[(kb:a|cue:1)\]/",
    'start: "\\"" SPAN "\\""\nSPAN: %regex {"substring_words": "the house is empty"}',
)
LANGUAGES = (r" (joy|sadness)\.", r"[a-z]{2,5}( [a-z]{2,5}){0,2} \[(kb:a|cue:1)\]", r'"(the|house|is|empty| )*"')


@pytest.fixture(scope="module")
def loaded(tiny_model: Path) -> LanguageModel:
    return load_language_model(str(tiny_model), device="cpu", dtype="float32")


def held(loaded: LanguageModel, grammar: str, said: str = "Why?") -> Held:
    return Held(tuple(loaded.tokenizer(said)["input_ids"]), grammar)


def test_what_is_written_is_a_sentence_of_its_grammar(loaded: LanguageModel) -> None:
    asked = [held(loaded, grammar, said) for grammar in GRAMMARS for said in ("Why?", "And what then, in the end?")]
    written = HeldDecoder(loaded).write(asked)
    for place, text in enumerate(written):
        assert text is not None
        assert re.fullmatch(LANGUAGES[place // 2], text), text


def test_a_text_does_not_depend_on_what_is_written_beside_it(loaded: LanguageModel) -> None:
    decoder = HeldDecoder(loaded)
    asked = [held(loaded, GRAMMARS[1], "x" * length) for length in (1, 30, 7)]
    done: list[int] = []
    together = decoder.write(asked, on_written=done.append)
    assert together == [decoder.write([each])[0] for each in asked]
    assert done == [3]


def test_a_text_without_an_end_is_none(loaded: LanguageModel) -> None:
    endless, short = held(loaded, 'start: "a"+ "."~40'), held(loaded, GRAMMARS[0])
    assert HeldDecoder(loaded).write([endless, short], most=12)[0] is None
    assert HeldDecoder(loaded).write([]) == []


def test_a_grammar_that_is_none_is_told(loaded: LanguageModel) -> None:
    with pytest.raises(ModelError, match="llguidance"):
        HeldDecoder(loaded).write([held(loaded, "start: nothing")])
