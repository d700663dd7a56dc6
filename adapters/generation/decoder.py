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
from typing import Any, Protocol, Self

from thymos.adapters.generation.lookup import Lookup
from thymos.adapters.generation.products import Floats
from thymos.adapters.generation.reply import Channel, Reply
from thymos.adapters.generation.sampling import Sampler, guided
from thymos.adapters.generation.slots import Slots
from thymos.adapters.generation.text import Text
from thymos.adapters.generation.values import Finish, Request, Usage
from thymos.adapters.generation.writing import Lane, Writing, shares
from thymos.prompts.errors import InputError, ModelError

_MOST_WAITING = 1024  # requests; each holds its prompt


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
        self._writing: list[Writing] = []
        self._changed = threading.Condition()
        self._closing, self._warm = False, warm
        self._thread = threading.Thread(target=self._work, name="thymos-writes", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Reply:
        """Begin to write; returns at once.

        Raises:
            InputError: the prompt leaves no room for a token, the cache none for a second prompt, or too many wait.
            ModelError: the decoder was closed.
        """
        check_length(request, self.context)
        if len(request.prompts) > self._steps.slots:
            raise InputError(
                "a text with guidance must have two sequences in the cache, got one; load it with more slots"
            )
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
            free = self._slots.free
            while self._waiting and len(self._waiting[0][0].prompts) <= free:
                request, channel = self._waiting.popleft()
                if not channel.left.is_set():
                    joining.append((request, channel))
                    free -= len(request.prompts)
        for request, channel in joining:
            lanes = []
            for prompt in request.prompts:
                slot, cached = self._slots.take(prompt)
                lanes.append(Lane(slot, cached, list(prompt[cached:])))
            sampler, text = Sampler(request.sampling), Text(self._tokenizer, request.stop)
            self._writing.append(Writing(request, channel, lanes, sampler, text, Lookup(request.prompt)))
        return True

    def _step(self) -> None:
        """Compute one step and give out what it says."""
        step = shares(self._writing, self.context, guess=self._guess)
        tokens: list[int] = []
        slots: list[int] = []
        positions: list[int] = []
        wanted: list[int] = []
        for share in step:
            begin = len(share.lane.slot.ids)
            if share.says:  # what follows the last known token is wanted, and each guess
                wanted += range(len(tokens) + len(share.lane.ahead) - 1, len(tokens) + len(share.tokens))
            tokens += share.tokens
            slots += [share.lane.slot.number] * len(share.tokens)
            positions += range(begin, begin + len(share.tokens))
        logits, row = self._steps.forward(tokens, slots, positions, wanted), 0
        for share in step:
            each = share.writing
            if not share.says:
                share.lane.slot.ids += share.tokens
                del share.lane.ahead[: len(share.tokens)]
            elif share.lane is each.lanes[0]:
                rows = logits[row : row + share.guesses + len(each.lanes)]
                row += len(rows)
                if len(each.lanes) > 1:
                    rows = guided(rows, each.request.guidance)[None]
                self._say(each, share.tokens[len(share.tokens) - share.guesses :], rows)

    def _say(self, each: Writing, guesses: list[int], logits: Floats) -> None:
        """Choose tokens as long as the guesses were right, and give out their text."""
        for lane in each.lanes:
            lane.slot.ids += lane.ahead
        right = 0
        for row in range(len(logits)):
            token = each.sampler(logits[row])
            each.written += 1
            each.lookup.add(token)
            for lane in each.lanes:
                lane.ahead = [token]
            end = token in self._ends
            if not end:
                each.channel.put(each.text.add(token))
            longest = max(len(lane.slot.ids) for lane in each.lanes)
            full = each.written == each.request.most or longest == self.context
            if end or each.text.stopped or full:
                self._finish(each, "stop" if end or each.text.stopped else "length")
                return
            if row == len(guesses) or token != guesses[row]:
                break
            each.lanes[0].slot.ids.append(token)  # guesses are made for one lane alone
            right += 1
        if guesses:
            each.lookup.learn(len(guesses), right)

    def _finish(self, each: Writing, finish: Finish) -> None:
        rest = each.text.end()
        each.channel.put(rest)
        usage = Usage(prompt=len(each.request.prompt), cached=each.lanes[0].cached, completion=each.written)
        each.channel.end("stop" if each.text.stopped else finish, usage)
        self._leave(each)

    def _leave(self, each: Writing) -> None:
        self._writing.remove(each)
        for lane in each.lanes:
            self._slots.release(lane.slot)

    def _drop(self, error: ModelError) -> None:
        """Tell those who write why there is no more."""
        for each in list(self._writing):
            each.channel.fail(error)
            for lane in each.lanes:
                lane.slot.ids.clear()  # it may be half written
            self._leave(each)


def check_length(request: Request, context: int) -> None:
    """Refuse a prompt after which there is no room.

    Raises:
        InputError: it is as long as the longest sequence, or longer.
    """
    longest = max(map(len, request.prompts))
    if longest >= context:
        raise InputError(
            f"prompt must have fewer than {context} tokens, got {longest}; shorten it or begin a new thread"
        )


def closed() -> ModelError:
    """Return the error of a decoder that was closed."""
    return ModelError("model must be open to write, got one that was closed; load it again")
