"""Soft tokens: vectors of the LLM's embedding space that stand where no word stands, such as what a voice sounds like.

In a row of token ids, the id -1 - n is the n-th row of a table of vectors; ids from 0 are words. Two rows that hold the
same negative id hold the same vector, so that rows which begin alike are known by their ids alone, as with words. Knows
nothing of where the vectors come from.
"""

from collections.abc import Callable

from torch import Tensor


def embed(tokens: Tensor, words: Callable[[Tensor], Tensor], soft: Tensor | None) -> Tensor:
    """Return the vectors of tokens, soft ones among them.

    Args:
        tokens: ids, any shape; negative ones point into `soft`.
        words: ids of words -> their vectors, (*shape, dim).
        soft: (soft tokens, dim); None where no id is negative.

    Returns:
        (*shape of tokens, dim), in the dtype of the words' vectors; gradients flow into `soft`.
    """
    if soft is None:
        return words(tokens)
    hidden = words(tokens.clamp(min=0))
    at = tokens < 0
    return hidden.index_put((at,), soft.to(hidden.dtype)[-1 - tokens[at]])
