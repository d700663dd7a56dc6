"""Lessons as token ids, in batches of like length, in an order that the seed alone decides.

Takes lessons; gives what one forward pass gets. Knows no model.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from thymos.adapters.llm.tokens import tokenized
from thymos.adapters.scoring.batches import buckets
from thymos.finetune.instruct.batches import Group

IGNORED = -100  # target of what is not learnt: the wish, and padding
_POOL = 2048  # lessons that are sorted by length together

Prompter = Callable[[Any, str, str], Sequence[int]]  # tokenizer, instruction and request to ids


class Asked(Protocol):
    """What a model is asked: `thymos.prompts.wish.WrittenWish` is one."""

    @property
    def system(self) -> str:
        """The instruction."""

    @property
    def request(self) -> str:
        """What is wanted."""

    @property
    def opening(self) -> str:
        """How the answer begins, or ""."""


class Answered(Protocol):
    """A lesson: what is asked, and the answer; `thymos.finetune.writing.lessons.Lesson` is one."""

    @property
    def wish(self) -> Asked:
        """What is asked."""

    @property
    def answer(self) -> str:
        """What is learnt, its opening first."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A lesson as ids: all of them, and how many the wish has."""

    ids: tuple[int, ...]
    asked: int


@dataclass(frozen=True, slots=True)
class TextBatch:
    """What one forward pass gets.

    Attributes:
        rows: token ids of each lesson.
        ids: the same, padded on the right, (rows, longest).
        mask: 1 where there is a token, likewise.
        targets: the token that follows, or `IGNORED`, likewise.
    """

    rows: tuple[tuple[int, ...], ...]
    ids: Tensor
    mask: Tensor
    targets: Tensor

    @property
    def tokens(self) -> int:
        """Tokens that are computed, without padding."""
        return sum(map(len, self.rows))

    @property
    def weight(self) -> int:
        """Tokens that are learnt."""
        return int((self.targets != IGNORED).sum())


def encode(lessons: Sequence[Answered], tokenizer: Any, prompter: Prompter, most: int) -> list[Tokens]:
    """Return lessons as ids, without those that are longer than `most`.

    The opening of an answer is tokenised by itself, as it is in use.
    """
    found = []
    for lesson in lessons:
        wish = lesson.wish
        asked = list(prompter(tokenizer, wish.system, wish.request))
        if wish.opening:
            asked += tokenized(tokenizer, wish.opening, data=True)["input_ids"]
        rest = lesson.answer.removeprefix(wish.opening)
        ids = (*asked, *tokenized(tokenizer, rest, data=True)["input_ids"], tokenizer.eos_token_id)
        if len(ids) <= most:
            found.append(Tokens(ids, len(asked)))
    return found


def batch_of(lessons: Sequence[Tokens], pad: int) -> TextBatch:
    """Return lessons as one batch."""
    longest = max(len(each.ids) for each in lessons)
    ids = torch.full((len(lessons), longest), pad)
    mask = torch.zeros((len(lessons), longest), dtype=torch.long)
    targets = torch.full((len(lessons), longest), IGNORED)
    for row, each in enumerate(lessons):
        size = len(each.ids)
        ids[row, :size] = torch.tensor(each.ids)
        mask[row, :size] = 1
        targets[row, each.asked - 1 : size - 1] = torch.tensor(each.ids[each.asked :])
    return TextBatch(tuple(each.ids for each in lessons), ids, mask, targets)


class LessonPlan:
    """The batches of every epoch of a run."""

    def __init__(self, lessons: Sequence[Tokens], budget: int, seed: int, pad: int) -> None:
        """Keep what is learnt.

        Args:
            lessons: as ids.
            budget: padded tokens of a batch.
            seed: of the order.
            pad: id that fills rows up.
        """
        self._lessons = lessons
        self._budget = budget
        self._seed = seed
        self._pad = pad

    def epoch(self, number: int) -> list[Group]:
        """Return the groups of an epoch, in order; the same for the same number."""
        chance = random.Random(f"{self._seed}/{number}")
        order = list(range(len(self._lessons)))
        chance.shuffle(order)
        groups: list[tuple[int, ...]] = []
        for start in range(0, len(order), _POOL):
            pool = order[start : start + _POOL]
            lengths = [len(self._lessons[place].ids) for place in pool]
            groups += [tuple(pool[place] for place in each) for each in buckets(lengths, self._budget)]
        chance.shuffle(groups)
        return [Group(0, rows, f"{self._seed}/{number}/{place}") for place, rows in enumerate(groups)]

    def batch(self, group: Group) -> TextBatch:
        """Return a group as tensors."""
        return batch_of([self._lessons[row] for row in group.rows], self._pad)
