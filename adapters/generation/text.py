"""Tokens to text while they are written: whole characters only, and nothing of a text that would end the writing.

Takes tokens one at a time; gives the text that is certain by then. A character of several tokens is held back until it
is whole, and what may be the beginning of a stop text until it is clear that it is not. Knows nothing of models.
"""

from collections.abc import Sequence
from typing import Any

_BROKEN = "\ufffd"  # what decoders put where bytes are no character, or not yet


class Text:
    """The text of one request as it grows.

    Attributes:
        stopped: a stop text was met; what follows is not shown.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        """Begin with nothing.

        Args:
            tokenizer: of the model.
            stop: texts that end the writing; they are not shown.
        """
        self._tokenizer = tokenizer
        self._stop = tuple(stop)
        self._ids: list[int] = []
        self._from = self._shown = 0  # tokens: what is decoded again begins here; what was given out ends here
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Take a token; return the text that is certain now, often none."""
        self._ids.append(token)
        before = self._decode(self._ids[self._from : self._shown])
        text = self._decode(self._ids[self._from :])
        if text.endswith(_BROKEN):
            return ""
        # the last tokens are decoded again with each new one: some tokenizers join a word to what stands before it
        self._from, self._shown = self._shown, len(self._ids)
        return self._give(text[len(before) :])

    def end(self) -> str:
        """Return what was held back; called once, at the end."""
        if self.stopped:
            return ""
        before = self._decode(self._ids[self._from : self._shown])
        rest = self._decode(self._ids[self._from :])[len(before) :]
        given = self._give(rest)
        return given if self.stopped else given + self._held

    def _give(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        found = [at for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text are the beginning of a stop text."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
