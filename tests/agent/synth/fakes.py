"""A writer, a labeler and an embedder that need no model, and candidates made by hand."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.plan import Plan, PlanRow, Wish
from thymos.agent.synth.request import seed_of
from thymos.agent.synth.values import Ask, Candidate, Said
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import ModelError, RowError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.grams import hashed, words

EKMAN = load_taxonomy("ekman")
GRID = load_grid()
# One word by which the labeler knows a label.
SIGNS = {
    "anger": "slammed",
    "disgust": "stank",
    "fear": "trembled",
    "joy": "danced",
    "sadness": "wept",
    "surprise": "gasped",
    "neutral": "noted",
}
_THINGS = [
    "door",
    "kettle",
    "ladder",
    "violin",
    "basket",
    "lantern",
    "pillow",
    "bridge",
    "garden",
    "mirror",
    "saddle",
    "bucket",
    "ribbon",
    "window",
    "carpet",
]
_PLACES = [
    "harbour",
    "attic",
    "market",
    "station",
    "cellar",
    "orchard",
    "chapel",
    "library",
    "stadium",
    "kitchen",
    "tunnel",
    "bakery",
    "museum",
]
_DAYS = ["monday", "tuesday", "noon", "midnight", "easter", "winter", "august", "dawn", "breakfast", "dusk", "payday"]


def plan_of(
    counts: Mapping[str, int], turns: tuple[int, int] = (1, 1), seed: int = 0, taxonomy: Taxonomy = EKMAN, **more: Any
) -> Plan:
    return Plan(Wish(counts, turns=turns, seed=seed, **more), taxonomy, GRID)


def row_of(label: str = "joy", turns: int = 1, number: int = 0) -> PlanRow:
    return plan_of({label: 1}, (turns, turns)).row(label, number)


def candidate(*said: str, label: str = "joy", wishes: Sequence[str | None] = (), number: int = 0) -> Candidate:
    """Return a candidate that says this; the label is that of A's last turn."""
    row = row_of(label, len(said))
    target = (len(said) - 1) // 2 * 2
    labels = wishes or [label if place == target else None for place in range(len(said))]
    turns = tuple(Said("AB"[place % 2], text, labels[place]) for place, text in enumerate(said))
    return Candidate(row, turns, number, seed_of(row, number), "0" * 64)


def sentence(label: str, seed: int) -> str:
    """Return a sentence that shows a label by its sign, another one for nearly every seed."""
    drawn = random.Random(seed)
    pick = drawn.choice
    return (
        f"{pick(['My', 'Your', 'Their', 'Our', 'Her', 'His'])} {pick(_THINGS)} at {pick(_PLACES)} {pick(_DAYS)} and I "
        f"{SIGNS.get(label, 'noted')} with {drawn.randrange(9000)} {pick(_THINGS)}s near the {pick(_PLACES)}."
    )


@dataclass
class FakeWriter:
    """Writes sentences with the sign of the asked label; every fourth seed misses it.

    Attributes:
        name: of the model.
        say: replaces what is written, by ask.
        dies_at: number of the call to `write` that fails; None for never.
        calls: asks of each call.
    """

    name: str = "fake"
    say: Callable[[Ask], str] | None = None
    dies_at: int | None = None
    calls: list[list[Ask]] = field(default_factory=list)

    def identity(self) -> Mapping[str, object]:
        return {"name": self.name, "sha256": "f" * 64}

    def write(self, asks: Sequence[Ask]) -> list[str]:
        self.calls.append(list(asks))
        if self.dies_at is not None and len(self.calls) >= self.dies_at:
            raise ModelError("writer 'fake' must answer, got a dead line; run the same command again")
        return [(self.say or self._one)(ask) for ask in asks]

    def _one(self, ask: Ask) -> str:
        if plain := re.search(r"who (?:says it matter|feels (?:a little |strong )?(\w+))", ask.request):
            return sentence("neutral" if ask.seed % 4 == 0 else plain[1] or "neutral", ask.seed)
        label = _tag(ask, "emotion")
        if not ask.opening:
            return sentence("neutral" if ask.seed % 4 == 0 else label, ask.seed)
        count = int(_tag(ask, "turns"))
        wished = dict(re.findall(r"^Turn (\d+), [AB]: (?:a little )?(.+)\.$", ask.request, re.M))
        said = (sentence(wished.get(str(turn), "neutral"), ask.seed + turn) for turn in range(1, count + 1))
        return "\n".join(f"{'AB'[place % 2]}: {text}" for place, text in enumerate(said))


def _tag(ask: Ask, name: str) -> str:
    found = re.search(rf"\[{name}: ([^\]]+)\]", ask.request)
    assert found
    return found[1]


@dataclass
class SignLabeler:
    """Knows labels by their signs; everything else is neutral."""

    taxonomy: Taxonomy = EKMAN
    sets: bool = False
    batches: list[list[Sample]] = field(default_factory=list)

    def identity(self) -> Mapping[str, object]:
        return {"model": "signs", "taxonomy": self.taxonomy.name}

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.batches.append(list(samples))
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Prediction | RowError:
        text = sample.text or ""
        if "unreadable" in text:
            return RowError("text must be readable, got none; write another")
        found = next((label for label, sign in SIGNS.items() if sign in text), "neutral")
        sure = 0.6 + 0.3 * (len(text) % 10) / 10
        rest = (1 - sure) / (len(self.taxonomy) - 1)
        shares = {name: sure if name == found else rest for name in self.taxonomy.names}
        label_set = tuple(dict.fromkeys([found, "joy"])) if self.sets else None
        return Prediction(sample.id, (found,), shares, 0.5, sure - rest, abstained=False, label_set=label_set)


class WordEmbedder:
    """A bag of hashed words: texts with the same words have a cosine of 1."""

    fingerprint = "words:1"

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 64), np.float32)
        for place, text in enumerate(texts):
            for word in words(text):
                rows[place, hashed([word]) % 64] += 1
            rows[place] /= max(1e-9, float(np.linalg.norm(rows[place])))
        return rows
