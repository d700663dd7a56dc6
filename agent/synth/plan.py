"""`Plan`: what is to be written, row by row: label, situation, people, arc, style, intensity, length.

Takes a wish, a taxonomy, a grid and a seed; gives plan rows. The rows of a label are a seeded walk through the grid
that never comes to the same (label, situation, pair of people, arc, style) twice and uses every situation equally
often; the walk goes on beyond the wish where rows are dropped. Knows nothing of prompts or models.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from thymos.agent.synth.grid import Arc, Grid, Situation, Stage, Style
from thymos.prompts.catalogue import taxonomy_identity
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.wish import INTENSITIES, WORDS

LENGTHS = tuple(WORDS)
MOST_TURNS = 20
_NO_ARC = Arc(name="none", text="a single utterance", path=("target",))
_ROUNDS = 4  # of the Feistel network


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks for.

    Attributes:
        counts: label -> rows.
        turns: fewest and most turns; (1, 1) are single utterances.
        language: in English words.
        intensities: to draw from.
        lengths: to draw from.
        seed: of everything that is drawn.
    """

    counts: Mapping[str, int]
    turns: tuple[int, int] = (1, 1)
    language: str = "English"
    intensities: tuple[str, ...] = INTENSITIES
    lengths: tuple[str, ...] = LENGTHS
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what needs no taxonomy."""
        low, high = self.turns
        if not 1 <= low <= high <= MOST_TURNS or (low == 1 and high > 1):
            raise InputError(
                f"turns must be 1, or 2 to {MOST_TURNS} with the lower number first, got {low}-{high}; write "
                "--turns 6 or --turns 4-8"
            )
        for name, count in self.counts.items():
            if count < 1:
                raise InputError(f"count of {name!r} must be at least 1, got {count}; leave the label out")
        if not self.counts:
            raise InputError("count must be given, got none; write --count joy=20 or --balance corpus.csv")
        if self.seed < 0:
            raise InputError(f"seed must be at least 0, got {self.seed}; choose another number")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One text to write.

    Attributes:
        id: `label-00001`, counted within the label.
        kind: what it is.
        label: asked.
        scenario: name of the situation.
        relationship: of A to B.
        personas: names of A's and B's ways.
        arc: name.
        style: name.
        intensity: of the label.
        length: of each turn.
        language: in English words.
        turns: stage labels, one a turn, A first; None where any will do.
        milder: turns whose label is to be weak.
        seed: of what is written for it.
    """

    id: str
    kind: Literal["utterance", "dialogue"]
    label: str
    scenario: str
    relationship: str
    personas: tuple[str, str]
    arc: str
    style: str
    intensity: str
    length: str
    language: str
    turns: tuple[str | None, ...]
    milder: tuple[int, ...]
    seed: int

    def key(self) -> tuple[object, ...]:
        """Return what no two rows share."""
        return (self.label, self.scenario, self.personas, self.arc, self.style)

    def told(self) -> dict[str, Any]:
        """Return it as JSON values."""
        told = asdict(self)
        return told | {name: list(told[name]) for name in ("personas", "turns", "milder")}


@dataclass(frozen=True)
class Plan:
    """Rows to write.

    Attributes:
        wish: as asked.
        taxonomy: label set.
        grid: drawn from.
    """

    wish: Wish
    taxonomy: Taxonomy
    grid: Grid

    def __post_init__(self) -> None:
        """Refuse what can't be planned.

        Raises:
            InputError: the taxonomy has one label, a label is not in it, or the grid is too small.
        """
        if len(self.taxonomy) < 2:
            raise InputError(
                f"taxonomy must have at least two labels, got {len(self.taxonomy)} in {self.taxonomy.name!r}; with one "
                "nothing can be told apart: add another, such as neutral"
            )
        for name, count in self.wish.counts.items():
            if name not in self.taxonomy.names:
                raise InputError(
                    f"label must be one of {', '.join(self.taxonomy.names)}, got {name!r}; choose one of them"
                )
            size = self.size(name)
            if count > size:
                raise InputError(
                    f"count of {name!r} must be at most {size:,}, which the grid has, got {count:,}; ask for fewer, or "
                    "give a larger grid with --grid"
                )

    @property
    def rows(self) -> int:
        """Rows that are wished."""
        return sum(self.wish.counts.values())

    def identity(self) -> dict[str, object]:
        """Return what makes the plan this plan, as JSON values."""
        wish = self.wish
        return {
            "taxonomy": self.taxonomy.name,
            "labels": taxonomy_identity(self.taxonomy),
            "neutral": self.taxonomy.neutral,
            "valences": {label.name: label.valence for label in self.taxonomy},
            "counts": dict(wish.counts),
            "turns": list(wish.turns),
            "language": wish.language,
            "intensities": list(wish.intensities),
            "lengths": list(wish.lengths),
            "seed": wish.seed,
            "grid": self.grid.sha256,
        }

    def size(self, label: str) -> int:
        """Return how many rows of a label the grid has."""
        return len(self.situations(label)) * self._inner()

    def situations(self, label: str) -> tuple[Situation, ...]:
        """Return the situations in which a label may arise."""
        valence = self.taxonomy.labels[self.taxonomy.index(label)].valence
        neutral = label == self.taxonomy.neutral
        unfit = {"unpleasant"} if (valence or 0) > 0.2 or neutral else set()
        unfit |= {"pleasant"} if (valence or 0) < -0.2 or neutral else set()
        return tuple(each for each in self.grid.situations if each.fits not in unfit)

    def row(self, label: str, number: int) -> PlanRow:
        """Return a row of a label's walk.

        Args:
            label: of the taxonomy.
            number: from 0; may be beyond the wish, below `size`.
        """
        seed = self.wish.seed
        situations = self.situations(label)
        block, place = divmod(number, len(situations))
        situation = situations[_walk(place, len(situations), _key(seed, label, "situations", block))]
        inner = _walk(block, self._inner(), _key(seed, label, situation.name))
        styles, arcs, people = self._styles(), self._arcs(), len(self.grid.personas)
        inner, style = divmod(inner, len(styles))
        inner, arc_number = divmod(inner, len(arcs))
        first, second = divmod(inner, people - 1)
        second += second >= first
        drawn = random.Random(_key(seed, label, number))
        arc = arcs[arc_number]
        turns, milder = self._turns(label, arc, drawn)
        return PlanRow(
            id=f"{label.replace(' ', '-')}-{number + 1:05d}",
            kind="utterance" if len(turns) == 1 else "dialogue",
            label=label,
            scenario=situation.name,
            relationship=drawn.choice(situation.pairs),
            personas=(self.grid.personas[first].name, self.grid.personas[second].name),
            arc=arc.name,
            style=styles[style].name,
            intensity=drawn.choice(self.wish.intensities),
            length=drawn.choice(self.wish.lengths),
            language=self.wish.language,
            turns=turns,
            milder=milder,
            seed=drawn.randrange(2**31),
        )

    def __iter__(self) -> Iterator[PlanRow]:
        """Yield the wished rows, the labels in turn, so that a run that is cut short is balanced."""
        counts = self.wish.counts
        for number in range(max(counts.values())):
            for label in counts:
                if number < counts[label]:
                    yield self.row(label, number)

    def _turns(self, label: str, arc: Arc, drawn: random.Random) -> tuple[tuple[str | None, ...], tuple[int, ...]]:
        """Stretch an arc over as many turns as are drawn; A has the odd ones, and the last of A's is the target."""
        count = drawn.randint(*self.wish.turns)
        contrast = self._contrast(label, drawn)
        speaks = (count + 1) // 2
        stages: list[Stage] = []
        for turn in range(count):
            if turn % 2:
                stages.append(arc.answer)
            else:
                place = turn // 2
                share = 1.0 if speaks == 1 else place / (speaks - 1)
                stages.append(arc.path[min(len(arc.path) - 1, int(share * len(arc.path)))])
        named = {"target": label, "mild": label, "neutral": self.taxonomy.neutral, "contrast": contrast, "any": None}
        return tuple(named[each] for each in stages), tuple(n for n, each in enumerate(stages) if each == "mild")

    def _contrast(self, label: str, drawn: random.Random) -> str | None:
        """Draw a label of the other valence, or any other where valence is not known."""
        mine = self.taxonomy.labels[self.taxonomy.index(label)].valence or 0.0
        others = [each for each in self.taxonomy if each.name not in (label, self.taxonomy.neutral)]
        opposed = [each for each in others if (each.valence or 0.0) * mine < 0]
        choice = opposed or others
        return drawn.choice(choice).name if choice else None

    def _styles(self) -> tuple[Style, ...]:
        wanted = "one" if self.wish.turns[1] == 1 else "many"
        return tuple(each for each in self.grid.styles if each.turns in (None, wanted))

    def _arcs(self) -> tuple[Arc, ...]:
        return (_NO_ARC,) if self.wish.turns[1] == 1 else self.grid.arcs

    def _inner(self) -> int:
        people = len(self.grid.personas)
        return people * (people - 1) * len(self._arcs()) * len(self._styles())


def arc_text(grid: Grid, name: str) -> str:
    """Return what an arc of a row says."""
    return next(each.text for each in (*grid.arcs, _NO_ARC) if each.name == name)


def _key(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")


def _round(key: int, number: int, half: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{key}:{number}:{half}".encode(), digest_size=8).digest(), "big")


def _walk(place: int, size: int, key: int) -> int:
    """Return where a seeded permutation of `range(size)` takes a place.

    A Feistel network over the next power of four, walked on until it lands inside (Black and Rogaway 2002): no table is
    needed, however large the grid is.
    """
    bits = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << bits) - 1
    while True:
        left, right = place >> bits, place & mask
        for number in range(_ROUNDS):
            left, right = right, left ^ (_round(key, number, right) & mask)
        place = left << bits | right
        if place < size:
            return place
