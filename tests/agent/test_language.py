"""Whether a text is in another language than its reader was made for."""

import pytest

from thymos.agent.language import doubt, seems_foreign


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Warum lächeln Menschen, wenn sie sich schämen?", True),
        ("我今天失去了我的狗，我非常难过。", True),
        ("Jag är så ledsen idag", True),  # of a language whose common words are not known
        ("Bugün çok üzgünüm", True),
        ("Café au lait for me, please, and a croissant.", False),
        ("Thank you, Zoë!", False),
        ("joy 😂", False),
        ("", False),
    ],
)
def test_another_language_than_english_is_told(text: str, foreign: bool) -> None:
    assert seems_foreign([text]) is foreign


def test_a_corpus_goes_by_most_of_its_texts() -> None:
    assert not seems_foreign(["I am so glad that you came.", "It was the best.", "Ich bin so froh, dass du da bist."])
    assert seems_foreign(["Ich bin so froh, dass du da bist.", "ok", "Es war der schönste Tag, den wir hatten."])


def test_only_a_reader_that_was_made_for_english_is_doubted() -> None:
    said = doubt(["Ich bin so traurig, dass du nicht da bist."], "smollm2-135m")
    assert said is not None and "smollm2-135m was made for" in said
    assert doubt(["Ich bin so traurig, dass du nicht da bist."], "Qwen/Qwen3-4B") is None
    assert doubt(["I am so sad that you are not here."], "smollm2-135m") is None
