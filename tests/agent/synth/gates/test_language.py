"""Gate `language`: what is in the asked language passes, whichever detector tells."""

import sys
from types import SimpleNamespace

import pytest

from tests.agent.synth.gates.judging import passes
from thymos.agent import language
from thymos.agent.language import CommonWords
from thymos.agent.synth.gates.language import LanguageGate
from thymos.prompts.errors import InputError


@pytest.mark.parametrize(
    ("asked", "text", "kept"),
    [
        ("English", "I do not know what you are talking about.", True),
        ("English", "Ich weiß wirklich nicht, was du von mir willst.", False),
        ("German", "Ich weiß wirklich nicht, was du von mir willst.", True),
        ("German", "I do not know what you are talking about.", False),
        ("French", "Je ne sais pas ce que tu veux dire.", True),
        ("Spanish", "No sé qué es lo que me quieres decir.", True),
        ("English", "No sé qué es lo que me quieres decir.", False),
        ("English", "Wow!", True),  # too short to tell
        ("English", "Я не знаю, что ты имеешь в виду.", False),
        ("English", "私は 何も わかりません。", False),
    ],
)
def test_language_keeps_what_is_in_the_asked_one(asked: str, text: str, kept: bool) -> None:
    assert passes(LanguageGate(asked, CommonWords(asked)), text) is kept


def test_a_language_that_nothing_here_tells_is_refused() -> None:
    with pytest.raises(InputError, match="language must be one that can be told, got 'Klingon'"):
        CommonWords("Klingon")


def test_a_better_detector_is_asked_where_there_is_one() -> None:
    class Never:
        name = "never"

        def share(self, text: str) -> float | None:
            return 0.1

    assert not passes(LanguageGate("English", Never()), "I do not know what you are talking about.")
    assert language.find_detector("English").name in ("common words", "lingua")


def test_lingua_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    built = SimpleNamespace(
        compute_language_confidence_values=lambda text: [
            SimpleNamespace(language="de", value=0.4),
            SimpleNamespace(language="en", value=0.1),
        ]
    )
    builder = SimpleNamespace(from_all_languages=lambda: SimpleNamespace(build=lambda: built))
    module = SimpleNamespace(Language=SimpleNamespace(ENGLISH="en", GERMAN="de"), LanguageDetectorBuilder=builder)
    monkeypatch.setitem(sys.modules, "lingua", module)
    english, german = language.find_detector("English"), language.find_detector("German")
    assert (english.name, german.name) == ("lingua", "lingua")
    assert english.share("one two three") == pytest.approx(0.25)
    assert german.share("one two three") == 1.0
    assert german.share("one two") is None
    assert language.find_detector("French").name == "common words"  # which this lingua does not know
