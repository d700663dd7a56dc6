"""The label tree: where the model chooses, and that the choices multiply to a distribution."""

import pytest
import torch

from thymos.adapters.scoring.trie import build_trie
from thymos.prompts.errors import TaxonomyError

END = 0


def test_words_that_differ_at_once_need_one_decision_and_no_extra_token() -> None:
    trie = build_trie([[5, 6], [7], [8, 9]], END)
    assert trie.tokens == ()
    assert [(decision.node, decision.tokens) for decision in trie.decisions] == [(-1, (5, 7, 8))]
    assert trie.steps == (((0, 0),), ((0, 1),), ((0, 2),))


def test_words_that_share_tokens_are_told_apart_where_they_part() -> None:
    trie = build_trie([[5, 6, 1], [5, 6, 2], [7]], END)
    assert trie.tokens == (5, 6)
    assert trie.parents == (-1, 0)
    assert trie.depths == (0, 1)
    assert [(decision.node, decision.tokens) for decision in trie.decisions] == [(-1, (5, 7)), (1, (1, 2))]


def test_a_word_that_begins_another_competes_by_the_end_token() -> None:
    trie = build_trie([[5], [5, 6]], END)
    assert [(decision.path, decision.tokens) for decision in trie.decisions] == [((5,), (END, 6))]


def test_probabilities_are_the_products_along_the_tree() -> None:
    trie = build_trie([[5, 1], [5, 2], [7]], END)
    # root: tokens 5 and 7 at odds 3:1; after 5: tokens 1 and 2 at odds 1:4
    scores = torch.log(torch.tensor([[3.0, 1.0, 1.0, 4.0]]))
    expected = torch.tensor([[3 / 4 * 1 / 5, 3 / 4 * 4 / 5, 1 / 4]])
    torch.testing.assert_close(trie.log_probabilities(scores).exp(), expected)


def test_every_row_sums_to_one() -> None:
    trie = build_trie([[1, 2], [1, 2, 3], [1], [4, 1], [4, 2], [5]], END)
    scores = torch.randn(7, trie.choices, generator=torch.Generator().manual_seed(1)) * 5
    torch.testing.assert_close(trie.log_probabilities(scores).exp().sum(1), torch.ones(7))


@pytest.mark.parametrize("words", [[[1, 2], [1, 2]], [[1], []]])
def test_words_must_have_tokens_of_their_own(words: list[list[int]]) -> None:
    with pytest.raises(TaxonomyError, match="word"):
        build_trie(words, END)
