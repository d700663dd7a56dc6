"""`Decoder`: one model that writes for many at a time, their tokens computed together.

Takes requests from any thread; gives replies that stream. One thread owns the model: between two steps, requests join
and leave. A step holds the next token of each text, guesses of what follows, and a stretch of each prompt that is still
to be read. What a request gets does not depend on the others: a token's numbers are the same in any batch. Knows
nothing of chat.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from thymos.adapters.generation.lookup import Lookup
from thymos.adapters.generation.products import Floats
from thymos.adapters.generation.reply import Channel, Reply
from thymos.adapters.generation.sampling import Sampler
from thymos.adapters.generation.slots import Slot, Slots
from thymos.adapters.generation.text import Text
from thymos.adapters.generation.values import Finish, Request, Usage
from thymos.prompts.errors import InputError, ModelError

_MOST_WAITING = 1024  # requests; each holds its prompt
_MOST = 32  # tokens of a step
_STRETCH = 16  # tokens of prompts in a step in which others write, so that these do not stall


class Steps(Protocol):
    """What computes: `PackedLlama`, or a fake."""

    @property
    def slots(self) -> int:
        """Sequences that the cache holds."""

    @property
    def context(self) -> int:
        """Longest sequence, tokens."""

    def forward(
        self, tokens: Sequence[int], slots: Sequence[int], positions: Sequence[int], wanted: Sequence[int]
    ) -> Floats:
        """See `PackedLlama.forward`."""

    def copy(self, source: int, target: int, length: int) -> None:
        """See `PackedLlama.copy`."""

    def close(self) -> None:
        """Let the threads end."""


@dataclass(slots=True, eq=False)
class _Writing:
    """A request that owns a slot; `ahead` are tokens that are known but not computed."""

    request: Request
    channel: Channel
    slot: Slot
    cached: int
    ahead: list[int]
    sampler: Sampler
    text: Text
    lookup: Lookup
    written: int = 0
    guesses: list[int] = field(default_factory=list)


class Decoder:
    """Writes."""

    def __init__(
        self, steps: Steps, tokenizer: Any, ends: Collection[int], *, guess: bool = True, warm: bool = False
    ) -> None:
        """Start the thread that writes.

        Args:
            steps: the model; closed with the decoder.
            tokenizer: of the model.
            ends: tokens that end a text.
            guess: check guesses from what stands there already, where few write.
            warm: compute a step before there is a request, so that what has to be compiled is compiled meanwhile.
        """
        self.context = steps.context
        self._steps, self._tokenizer, self._ends, self._guess = steps, tokenizer, frozenset(ends), guess
        self._slots = Slots(steps.slots, steps.copy)
        self._waiting: deque[tuple[Request, Channel]] = deque()
        self._writing: list[_Writing] = []
        self._changed = threading.Condition()
        self._closing, self._warm = False, warm
        self._thread = threading.Thread(target=self._work, name="thymos-writes", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Reply:
        """Begin to write; returns at once.

        Raises:
            InputError: the prompt leaves no room for a token, or too many requests wait.
            ModelError: the decoder was closed.
        """
        check_length(request, self.context)
        channel = Channel(len(request.prompt))
        with self._changed:
            if self._closing:
                raise closed()
            if len(self._waiting) >= _MOST_WAITING:
                raise InputError(f"requests that wait must be at most {_MOST_WAITING}, got one more; try again later")
            self._waiting.append((request, channel))
            self._changed.notify()
        return Reply(channel)

    def close(self) -> None:
        """End; replies that are not whole raise `ModelError`. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        if self._warm:
            with contextlib.suppress(Exception):  # if it can't compute, the first request says why
                self._steps.forward([0], [0], [0], [0])
        while self._admit():
            try:
                if self._writing:
                    self._step()
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                failed = ModelError(f"model must be able to write, got {error!r}; try again")
                failed.__cause__ = error
                self._drop(failed)
        with self._changed:
            waiting = [channel for _, channel in self._waiting]
        for channel in waiting:
            channel.fail(closed())
        self._drop(closed())
        self._steps.close()

    def _admit(self) -> bool:
        """Let requests leave and join; wait where there is nothing to do. False: the decoder is being closed."""
        for each in [each for each in self._writing if each.channel.left.is_set()]:
            self._leave(each)
        with self._changed:
            while not (self._waiting or self._writing or self._closing):
                self._changed.wait()
            if self._closing:
                return False
            joining: list[tuple[Request, Channel]] = []
            while self._waiting and len(joining) < self._slots.free:
                request, channel = self._waiting.popleft()
                if not channel.left.is_set():
                    joining.append((request, channel))
        for request, channel in joining:
            slot, cached = self._slots.take(request.prompt)
            sampler, text = Sampler(request.sampling), Text(self._tokenizer, request.stop)
            ahead, lookup = list(request.prompt[cached:]), Lookup(request.prompt)
            self._writing.append(_Writing(request, channel, slot, cached, ahead, sampler, text, lookup))
        return True

    def _step(self) -> None:
        """Compute one step and give out what it says."""
        shares = self._shares()
        tokens: list[int] = []
        slots: list[int] = []
        positions: list[int] = []
        wanted: list[int] = []
        for each, share in shares:
            begin = len(each.slot.ids)
            if len(share) >= len(each.ahead):  # what follows the last known token is wanted, and each guess
                wanted += range(len(tokens) + len(each.ahead) - 1, len(tokens) + len(share))
            tokens += share
            slots += [each.slot.number] * len(share)
            positions += range(begin, begin + len(share))
        logits, row = self._steps.forward(tokens, slots, positions, wanted), 0
        for each, share in shares:
            if len(share) < len(each.ahead):
                each.slot.ids += share
                del each.ahead[: len(share)]
                continue
            guesses = share[len(each.ahead) :]
            self._say(each, guesses, logits[row : row + len(guesses) + 1])
            row += len(guesses) + 1

    def _shares(self) -> list[tuple[_Writing, list[int]]]:
        """Divide a step among those who write: a token each with guesses, then stretches of prompts."""
        talking = [each for each in self._writing if len(each.ahead) == 1]
        room = _MOST - len(talking)
        shares: list[tuple[_Writing, list[int]]] = []
        for each in talking:
            guesses = each.lookup.guess() if self._guess and len(self._writing) <= 2 else []
            left = min(room, self.context - len(each.slot.ids) - 1, each.request.most - each.written - 1)
            guesses = guesses[: max(0, left)]
            room -= len(guesses)
            shares.append((each, each.ahead + guesses))
        room = min(room, _STRETCH) if talking else room
        for each in self._writing:
            if len(each.ahead) > 1 and room > 0:
                share = each.ahead[:room]
                room -= len(share)
                shares.append((each, share))
        return shares

    def _say(self, each: _Writing, guesses: list[int], logits: Floats) -> None:
        """Choose tokens as long as the guesses were right, and give out their text."""
        each.slot.ids += each.ahead
        right = 0
        for row in range(len(logits)):
            token = each.sampler(logits[row])
            each.written += 1
            each.lookup.add(token)
            each.ahead = [token]
            end = token in self._ends
            if not end:
                each.channel.put(each.text.add(token))
            full = each.written == each.request.most or len(each.slot.ids) == self.context
            if end or each.text.stopped or full:
                self._finish(each, "stop" if end or each.text.stopped else "length")
                return
            if row == len(guesses) or token != guesses[row]:
                break
            each.slot.ids.append(token)
            right += 1
        if guesses:
            each.lookup.learn(len(guesses), right)

    def _finish(self, each: _Writing, finish: Finish) -> None:
        rest = each.text.end()
        each.channel.put(rest)
        usage = Usage(prompt=len(each.request.prompt), cached=each.cached, completion=each.written)
        each.channel.end("stop" if each.text.stopped else finish, usage)
        self._leave(each)

    def _leave(self, each: _Writing) -> None:
        self._writing.remove(each)
        self._slots.release(each.slot)

    def _drop(self, error: ModelError) -> None:
        """Tell those who write why there is no more."""
        for each in list(self._writing):
            each.channel.fail(error)
            each.slot.ids.clear()  # it may be half written
            self._leave(each)


def check_length(request: Request, context: int) -> None:
    """Refuse a prompt after which there is no room.

    Raises:
        InputError: it is as long as the longest sequence, or longer.
    """
    if len(request.prompt) >= context:
        raise InputError(
            f"prompt must have fewer than {context} tokens, got {len(request.prompt)}; shorten it or begin a new thread"
        )


def closed() -> ModelError:
    """Return the error of a decoder that was closed."""
    return ModelError("model must be open to write, got one that was closed; load it again")
