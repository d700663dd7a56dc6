"""From conversations and what was read in them to lessons: a wish, and the text that would have met it.

Takes dialogues with readings; gives lessons, balanced over labels, decided by a seed. The labels of a turn are those of
the corpus where the labeler agrees with it, and the labeler's where the corpus has none: turns on which they differ are
not learnt from. Knows nothing of tokens or models.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from thymos.finetune.writing.dialogues import Dialogue
from thymos.finetune.writing.readings import Matrix
from thymos.finetune.writing.recipe import TextsRecipe
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.wish import INTENSITIES, WORDS, WrittenWish, stage

SURE = 0.35  # share of the likeliest label from which a reading counts
_STRENGTHS = (0.5, 0.75)  # shares from which a feeling is clear, and strong
_SHOWN = 3  # examples of a wish, at most
_NAMED = 0.7  # share of the other turns whose wish is told, where any is
_ECHO = 0.5  # share of an answer's words in the situation from which that is left out: it would be copied

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a model learns: to answer a wish with a text."""

    wish: WrittenWish
    answer: str


@dataclass(frozen=True, slots=True)
class Felt:
    """What is felt in a turn: label set -> label and its share."""

    labels: Mapping[str, tuple[str, float]]
    group: str  # the reader's own label, by which lessons are balanced
    family: str  # label in the first set of translations, in which examples are alike


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation with what is felt in each turn; None where that is not known."""

    dialogue: Dialogue
    felt: tuple[Felt | None, ...]


class Hearing:
    """Turns readings of a corpus into labels.

    Attributes:
        own: label set of the gold labels.
    """

    def __init__(
        self, reader: Taxonomy, translations: Sequence[LabelMap], own: Taxonomy, compared: LabelMap | None
    ) -> None:
        """Keep the label sets.

        Args:
            reader: label set of the readings.
            translations: of it into others; gold labels are compared in the first.
            own: label set of the gold labels.
            compared: of `own` into the first of the others; None if it is that.
        """
        self._reader = reader
        self._translations = translations
        self.own = own
        self._compared = compared

    def felt(self, gold: Sequence[str], shares: Sequence[float]) -> Felt | None:
        """Return what is felt in a turn; None where it is unclear, or corpus and labeler differ."""
        read = dict(zip(self._reader.names, map(float, shares), strict=True))
        found = {self._reader.name: _likeliest(read)}
        for each in self._translations:
            into: dict[str, float] = {}
            for name, share in read.items():
                if (target := each.entries[name]) is not None:
                    into[target] = into.get(target, 0.0) + share
            found[each.target.name] = _likeliest(into)
        first = self._translations[0].target.name
        family, sure = found[first]
        if sure < SURE:
            return None
        for name in gold:
            meant = self._compared.entries[name] if self._compared is not None else name
            if meant is None:  # without a counterpart nobody can agree with it
                continue
            if meant != family:
                return None
            found[self.own.name] = (name, sure)
        labels = {name: (label, share) for name, (label, share) in found.items() if share >= SURE}
        return Felt(labels, found[self._reader.name][0], family)

    def hear(self, dialogue: Dialogue, read: Matrix) -> Heard:
        """Return a conversation with what is felt in it; `read` has a row for each turn."""
        return Heard(dialogue, tuple(self.felt(turn.gold, row) for turn, row in zip(dialogue.turns, read, strict=True)))


def utterances(heard: Sequence[Heard], texts: TextsRecipe, most: int, chance: random.Random) -> list[Lesson]:
    """Return lessons of single utterances.

    Args:
        heard: conversations of one corpus.
        texts: what is wanted.
        most: lessons.
        chance: of every draw.
    """
    low, high = texts.words
    turns = [
        (each.dialogue, place, felt)
        for each in heard
        for place, felt in enumerate(each.felt)
        if felt is not None and low <= _words(each.dialogue.turns[place].text) <= high
    ]
    others = _by_family((felt, dialogue.turns[place].text) for dialogue, place, felt in turns)
    lessons = []
    for dialogue, place, felt in _balanced(turns, lambda turn: turn[2].group, texts.most_alike, most, chance):
        said = dialogue.turns[place].text
        label, share = felt.labels[chance.choice(sorted(felt.labels))]
        lessons.append(_lesson(label, share, [said], (), said, dialogue.situation, others[felt.family], texts, chance))
    return lessons


def conversations(heard: Sequence[Heard], texts: TextsRecipe, most: int, chance: random.Random) -> list[Lesson]:
    """Return lessons of conversations: stretches in which the last turn of who begins carries a label.

    Args:
        heard: conversations of one corpus.
        texts: what is wanted.
        most: lessons.
        chance: of every draw.
    """
    stretches = []
    for each in heard:
        if all(_words(turn.text) <= texts.words[1] for turn in each.dialogue.turns):
            stretches += [
                (each, *found, felt)
                for place, felt in enumerate(each.felt)
                if felt is not None and (found := _stretch(len(each.felt), place, texts.turns, chance)) is not None
            ]
    others = _by_family(
        (felt, each.dialogue.turns[end - 1 - (end - begin + 1) % 2].text) for each, begin, end, felt in stretches
    )
    lessons = []
    for each, begin, end, felt in _balanced(stretches, lambda one: one[3].group, texts.most_alike, most, chance):
        said = [turn.text for turn in each.dialogue.turns[begin:end]]
        target = (len(said) - 1) // 2 * 2
        among = chance.choice(sorted(felt.labels))
        label, share = felt.labels[among]
        stages: list[str] = []
        if chance.random() < texts.stages:
            stages = _stages(each.felt[begin:end], target, among, label, chance)
        answer = "\n".join(f"{'AB'[place % 2]}: {text}" for place, text in enumerate(said))
        told = each.dialogue.situation if begin == 0 else None
        lessons.append(_lesson(label, share, said, stages, answer, told, others[felt.family], texts, chance))
    return lessons


def _lesson(
    label: str,
    share: float,
    said: Sequence[str],
    stages: Sequence[str],
    answer: str,
    situation: str | None,
    others: Sequence[str],
    texts: TextsRecipe,
    chance: random.Random,
) -> Lesson:
    """Put a lesson together; whether it shows situation and examples is drawn."""
    examples: list[str] = []
    if chance.random() < texts.examples:
        drawn = chance.sample(others, min(len(others), chance.randint(1, _SHOWN)))
        examples = [each for each in drawn if each not in said]
    if examples and chance.random() < texts.plain:
        examples = [_plain(each) for each in examples]
        answer = "\n".join(_plain(line, keep=2 if len(said) > 1 else 0) for line in answer.split("\n"))
    shown = situation is not None and not _echoes(said[0], situation) and chance.random() < texts.situation
    wish = WrittenWish(
        label=label,
        intensity=INTENSITIES[sum(share >= bound for bound in _STRENGTHS)],
        length=_length(said),
        turns=len(said),
        stages=tuple(stages),
        situation=situation or "" if shown else "",
        examples=tuple(examples),
    )
    return Lesson(wish, answer)


def _stages(felt: Sequence[Felt | None], target: int, among: str, label: str, chance: random.Random) -> list[str]:
    found = []
    for place, each in enumerate(felt):
        if place == target:
            found.append(stage(place, label))
        elif each is not None and among in each.labels and chance.random() < _NAMED:
            name, share = each.labels[among]
            found.append(stage(place, name, weakly=name == label and share < _STRENGTHS[0]))
    return found


def _stretch(turns: int, target: int, wanted: tuple[int, int], chance: random.Random) -> tuple[int, int] | None:
    """Return begin and end of a stretch that whoever speaks at `target` begins, and in which it is their last turn."""
    low, high = wanted
    possible = [
        (begin, end)
        for end in (target + 1, target + 2)
        for begin in range(target % 2, target + 1, 2)
        if end <= turns and low <= end - begin <= high
    ]
    return chance.choice(possible) if possible else None


def _balanced(
    items: Sequence[T], group: Callable[[T], str], most_alike: float, most: int, chance: random.Random
) -> list[T]:
    """Draw items so that no group has more than its share."""
    order = list(items)
    chance.shuffle(order)
    taken: Counter[str] = Counter()
    found = []
    for each in order:
        name = group(each)
        if taken[name] < most_alike * most:
            taken[name] += 1
            found.append(each)
    return found[:most]


def _by_family(told: Iterable[tuple[Felt, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for felt, text in told:
        found[felt.family].append(text)
    return found


def _likeliest(shares: Mapping[str, float]) -> tuple[str, float]:
    return max(shares.items(), key=lambda each: each[1])


def _length(said: Sequence[str]) -> str:
    """Return the length whose middle is nearest to the mean of the turns."""
    mean = sum(map(_words, said)) / len(said)
    return min(WORDS, key=lambda name: abs(sum(WORDS[name]) / 2 - mean))


def _words(text: str) -> int:
    return len(text.split())


def _echoes(text: str, situation: str) -> bool:
    """Say whether a text mostly repeats its situation."""
    words = re.findall(r"\w+", text.lower())
    known = set(re.findall(r"\w+", situation.lower()))
    return sum(word in known for word in words) > _ECHO * len(words)


def _plain(text: str, keep: int = 0) -> str:
    """Return a text without capitals and punctuation, but for its first characters."""
    return text[:keep] + re.sub(r"[^\w\s']|(?<!\w)'|'(?!\w)", "", text[keep:].lower()).rstrip()
