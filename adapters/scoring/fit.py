"""Rows that would be too long: the oldest turns of their context are left out, as few as will do.

Takes what writes a row, the context and a length; gives the row. Knows no prompt and no tokenizer.
"""

from collections.abc import Callable, Sequence

from thymos.adapters.sample import Turn

_CHARS = 8  # of a token: a context with more of them is not tried whole
_NAME = 16  # characters beside a turn's words


def fitted(row: Callable[[Sequence[Turn]], list[int]], context: Sequence[Turn], most: int) -> list[int]:
    """Return the row with as many of the latest turns as fit; where none does, the row without any, which is too long.

    Turns make a row longer, so that how many fit is found by halving, from few turns on: a context of a thousand costs
    a few rows of about the length that fits.

    Args:
        row: earlier turns -> token ids.
        context: earlier turns, oldest first.
        most: tokens.
    """
    over = len(context) + 1  # turns that are known not to fit
    if sum(len(turn.text) + _NAME for turn in context) <= _CHARS * most:
        whole = row(context)
        if len(whole) <= most or not context:
            return whole
        over -= 1
    best, fits = row(()), 0
    if len(best) > most:
        return best
    while over - fits > 1:
        tried = min(max(1, 2 * fits), (fits + over) // 2)
        found = row(context[-tried:])
        if len(found) <= most:
            best, fits = found, tried
        else:
            over = tried
    return best
