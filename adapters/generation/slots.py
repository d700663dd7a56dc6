"""Which sequences lie in the cache, and which of them a new one can go on from.

Takes prompts; gives slots, and how many of a prompt's first tokens need not be computed. A finished sequence stays
until its slot is needed, the one not used for longest goes first. Knows nothing of models; copying is injected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Copy = Callable[[int, int, int], None]  # source, target, tokens


@dataclass(slots=True)
class Slot:
    """A place in the cache.

    Attributes:
        number: of the slot.
        ids: tokens whose keys and values lie there.
        busy: a request owns it.
        used: when it was last taken or let go of, in requests.
    """

    number: int
    ids: list[int] = field(default_factory=list)
    busy: bool = False
    used: int = 0


class Slots:
    """All slots of a cache."""

    def __init__(self, number: int, copy: Copy) -> None:
        """Begin with empty ones.

        Args:
            number: how many.
            copy: copies the first keys and values of one slot to another.
        """
        self._slots = [Slot(each) for each in range(number)]
        self._copy = copy
        self._clock = 0

    @property
    def free(self) -> int:
        """Slots that no request owns."""
        return sum(not slot.busy for slot in self._slots)

    def take(self, prompt: Sequence[int]) -> tuple[Slot, int]:
        """Take a slot for a prompt; there must be a free one.

        Returns:
            The slot, and how many of the prompt's tokens lie in it. The last one is never among them, since what
            follows it is asked for.
        """
        source = max(self._slots, key=lambda slot: (_common(slot.ids, prompt), not slot.busy))
        common = min(_common(source.ids, prompt), len(prompt) - 1)
        # going on in place forgets the rest of that sequence: only where little of it is lost
        if not source.busy and 2 * common >= len(source.ids):
            target = source
        else:
            target = min((slot for slot in self._slots if not slot.busy), key=lambda slot: slot.used)
            if target is not source and common:
                self._copy(source.number, target.number, common)
        target.ids = list(prompt[:common])
        target.busy = True
        self._touch(target)
        return target, common

    def release(self, slot: Slot) -> None:
        """Let go of a slot; what lies in it can be gone on from."""
        slot.busy = False
        self._touch(slot)

    def _touch(self, slot: Slot) -> None:
        self._clock += 1
        slot.used = self._clock


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many first tokens are the same."""
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return number
    return min(len(first), len(second))
