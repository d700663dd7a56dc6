"""The memory of conversations: what was said before, for rows that come in the order of their turns.

Takes turns with the dialogue they belong to; gives the last ones of a dialogue. Dialogues may be interleaved.
Memory is bounded: the dialogue that was silent longest is forgotten first, and would begin anew if it came
back.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from thymos.adapters.sample import Turn
from thymos.prompts.errors import RowError

OPEN_DIALOGUES = 10_000
OPEN_CHARACTERS = 50_000_000  # of all that is remembered, together


@dataclass(slots=True)
class _Dialogue:
    turns: deque[Turn]
    last: float | None = None
    characters: int = field(default=0)


class Dialogues:
    """Earlier turns by dialogue."""

    def __init__(self, window: int) -> None:
        """Remember the last `window` turns of each dialogue."""
        self._window = window
        self._open: OrderedDict[str, _Dialogue] = OrderedDict()
        self._characters = 0

    def before(self, key: str) -> tuple[Turn, ...]:
        """Return the turns of dialogue `key` so far, oldest first, at most the window."""
        dialogue = self._open.get(key)
        return tuple(dialogue.turns) if dialogue else ()

    def check_turn(self, key: str, number: float) -> None:
        """Check that a turn comes after those before it.

        Raises:
            RowError: its number does not increase inside its dialogue.
        """
        dialogue = self._open.get(key)
        if dialogue is not None and dialogue.last is not None and not number > dialogue.last:
            raise RowError(
                f"turn must increase inside a dialogue, got {number:g} after {dialogue.last:g} in dialogue "
                f"{key[:60]!r}; sort the file by dialogue and turn"
            )

    def add(self, key: str, turn: Turn | None, number: float | None) -> None:
        """Remember a turn, or only its number when it has no words."""
        dialogue = self._open.get(key)
        if dialogue is None:
            dialogue = self._open[key] = _Dialogue(deque())
            self._grow(dialogue, len(key))
        self._open.move_to_end(key)
        dialogue.last = number
        if turn is not None:
            self._grow(dialogue, _size(turn))
            dialogue.turns.append(turn)
        if len(dialogue.turns) > self._window:
            self._grow(dialogue, -_size(dialogue.turns.popleft()))
        while len(self._open) > OPEN_DIALOGUES or (self._characters > OPEN_CHARACTERS and len(self._open) > 1):
            self._characters -= self._open.popitem(last=False)[1].characters

    def _grow(self, dialogue: _Dialogue, characters: int) -> None:
        dialogue.characters += characters
        self._characters += characters


def _size(turn: Turn) -> int:
    return len(turn.text) + len(turn.speaker or "")
