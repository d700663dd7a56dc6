"""How new a text is: nothing is new twice, and what is said in other words is newer than what is said again."""

import pytest

from tests.agent.synth.fakes import WordEmbedder
from thymos.agent.synth.novelty import Novelty
from thymos.agent.synth.vectors import Vectors

SAID = "The ferry began to pitch in the rising wind."


@pytest.mark.parametrize("vectors", [None, Vectors(WordEmbedder())])
def test_what_is_kept_is_not_new_again(vectors: Vectors | None) -> None:
    novelty = Novelty(vectors)
    assert novelty.of(SAID) == 1.0  # beside nothing all is new
    novelty.remember(SAID)
    again, partly, other = (
        novelty.of(text) for text in (SAID, "The ferry began to leave the harbour.", "Nobody laughed at supper.")
    )
    assert again == pytest.approx(0.0, abs=1e-6)
    assert again < partly < other <= 1.0


def test_half_of_it_is_words_and_half_is_meaning() -> None:
    novelty = Novelty(Vectors(WordEmbedder()))
    novelty.remember("we held on")
    assert novelty.of("on held we") == pytest.approx(0.5, abs=1e-6)  # both pairs are new; the fake knows no order


def test_a_text_of_one_word_is_new_once() -> None:
    novelty = Novelty(None)
    assert novelty.of("Wow!") == 1.0
    novelty.remember("Wow!")
    assert novelty.of("wow") == 0.0
