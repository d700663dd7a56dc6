"""The best rows by words are the best of all, whether many share a query's words or few do."""

import random

import numpy as np
import pytest

from thymos.retrieval.words import WordIndex

WORDS = [f"w{number}" for number in range(40)]


@pytest.fixture(scope="module")
def index() -> WordIndex:
    chance = random.Random(0)
    texts = [" ".join(chance.choices(WORDS, k=8)) for _ in range(2000)]
    return WordIndex([*texts, "lonely w1 w2", "lonely w3"])


@pytest.mark.parametrize("query", ["w1 w2 w3 w4", "w1", "lonely", "lonely w7"])
@pytest.mark.parametrize("k", [1, 10, 5000])
def test_the_best_rows_are_those_of_sorting_all(index: WordIndex, query: str, k: int) -> None:
    scores = index._bm25.get_scores(query.split())
    expected = np.sort(scores[scores > 0])[::-1][:k]
    found = index.search(query, k)
    np.testing.assert_allclose(list(found.values()), expected / expected[0], rtol=1e-6)
    np.testing.assert_allclose(scores[list(found)], expected, rtol=1e-6)


def test_rows_that_may_not_be_found_are_not(index: WordIndex) -> None:
    allowed = np.ones(2002, dtype=np.bool_)
    allowed[2000] = False
    assert list(index.search("lonely", 5, allowed)) == [2001]
    assert index.search("lonely", 5, np.zeros(2002, dtype=np.bool_)) == {}


def test_words_that_no_row_has_find_none(index: WordIndex) -> None:
    assert index.search("unheard", 5) == {}
