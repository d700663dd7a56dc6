"""A request that is being written: its sequences in the cache, what is known of them, and how a step is shared.

Takes those who write; gives the tokens of a step. Knows nothing of models and threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from thymos.adapters.generation.lookup import Lookup
from thymos.adapters.generation.reply import Channel
from thymos.adapters.generation.sampling import Sampler
from thymos.adapters.generation.slots import Slot
from thymos.adapters.generation.text import Text
from thymos.adapters.generation.values import Request

MOST = 32  # tokens of a step
_STRETCH = 16  # tokens of prompts in a step in which others write, so that these do not stall


@dataclass(slots=True, eq=False)
class Lane:
    """A sequence that owns a slot; `ahead` are tokens that are known but not computed."""

    slot: Slot
    cached: int
    ahead: list[int]


@dataclass(slots=True, eq=False)
class Writing:
    """A request under way; it has a second lane where it is led away from another prompt."""

    request: Request
    channel: Channel
    lanes: list[Lane]
    sampler: Sampler
    text: Text
    lookup: Lookup
    written: int = 0

    @property
    def talks(self) -> bool:
        """Whether all that is known is computed but for the last token, so that the next one can be asked for."""
        return all(len(lane.ahead) == 1 for lane in self.lanes)


@dataclass(slots=True, eq=False)
class Share:
    """What a step computes of a lane; `guesses` of `tokens` are not known yet, only guessed."""

    writing: Writing
    lane: Lane
    tokens: list[int]
    guesses: int = 0

    @property
    def says(self) -> bool:
        """Whether what follows is wanted: the last known token is among them."""
        return len(self.tokens) >= len(self.lane.ahead)


def shares(writing: Sequence[Writing], context: int, *, guess: bool) -> list[Share]:
    """Divide a step among those who write: a token each with guesses, then stretches of prompts.

    Args:
        writing: all of them.
        context: longest sequence.
        guess: whether guesses of what follows may be checked, where few write.
    """
    talking = [each for each in writing if each.talks]
    room = MOST - sum(len(each.lanes) for each in talking)
    found: list[Share] = []
    for each in talking:
        if len(each.lanes) > 1:
            found += [Share(each, lane, list(lane.ahead)) for lane in each.lanes]
            continue
        (lane,) = each.lanes
        guesses = each.lookup.guess() if guess and len(writing) <= 2 else []
        left = min(room, context - len(lane.slot.ids) - 1, each.request.most - each.written - 1)
        guesses = guesses[: max(0, left)]
        room -= len(guesses)
        found.append(Share(each, lane, lane.ahead + guesses, len(guesses)))
    room = min(room, _STRETCH) if talking else room
    for each in writing:
        for lane in each.lanes:
            # two lanes ask what follows at the same time: neither computes its last token before
            known = len(lane.ahead) - (len(each.lanes) > 1)
            if len(lane.ahead) > 1 and room > 0:
                tokens = lane.ahead[: min(room, known)]
                room -= len(tokens)
                found.append(Share(each, lane, tokens))
    return found
