"""Guesses of what is written next, looked up in what stands there already (Saxena 2023, prompt lookup decoding).

Takes the tokens of a sequence as they come; gives those that followed the last few where they stood before. A model
checks several guesses in one step for less than it takes to write as many, and what it writes stays the same. After
guesses that were wrong it is tried more and more seldom. Knows nothing of models.
"""

from collections.abc import Iterable

_LENGTH = 3  # tokens that must recur: fewer recur by chance
_GUESSES = 4
_LONGEST_PAUSE = 64  # tokens


class Lookup:
    """Guesses for one sequence."""

    def __init__(self, tokens: Iterable[int]) -> None:
        """Take the prompt.

        Args:
            tokens: of it.
        """
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # the last few tokens -> where their latest continuation begins
        self._pause = self._wait = 0
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """Take the next token."""
        if len(self._tokens) >= _LENGTH:
            self._after[tuple(self._tokens[-_LENGTH:])] = len(self._tokens)
        self._tokens.append(token)
        self._wait = max(0, self._wait - 1)

    def guess(self) -> list[int]:
        """Return guesses for the next tokens, often none."""
        at = self._after.get(tuple(self._tokens[-_LENGTH:])) if self._wait == 0 else None
        return [] if at is None else self._tokens[at : at + _GUESSES]

    def learn(self, guessed: int, right: int) -> None:
        """Hear how many of the guesses were right."""
        if 2 * right >= guessed:
            self._pause = 0
        else:
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause + 4)
            self._wait = self._pause
