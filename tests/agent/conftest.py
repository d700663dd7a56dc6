"""A chat whose labeler is a rule of words and whose knowledge is six passages; the rest is real."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from thymos.adapters.sample import Sample
from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.choosing import RouterChooser, names
from thymos.agent.chat.engines import Engines
from thymos.agent.chat.intents import Intents
from thymos.agent.chat.router import Router
from thymos.agent.chat.threads import Threads
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.cues import Scorer
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import RowError
from thymos.retrieval.builtin import shipped_passages
from thymos.retrieval.embedder import SentenceEmbedder
from thymos.retrieval.knowledge_base import KnowledgeBase

WORDS = {"love": "joy", "won": "joy", "hate": "anger", "late": "anger", "miss": "sadness", "alone": "sadness"}
SHOWN = ("definition-joy", "definition-sadness", "definition-anger", "appraisal-joy", "appraisal-anger", "face-smiles")


class WordScorer:
    """Reads a word that it knows as its label at 0.9, and everything else as neutral."""

    def __init__(self, taxonomy: str) -> None:
        self._names = load_taxonomy(taxonomy).names
        self.batches: list[int] = []

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.batches.append(len(samples))
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Prediction | RowError:
        if sample.text is None or "unreadable" in sample.text:
            return RowError("row must have a text that can be read, got none; give it one")
        found = next((label for word, label in WORDS.items() if word in sample.text.lower()), "neutral")
        rest = 0.1 / (len(self._names) - 1)
        probabilities = {name: 0.9 if name == found else rest for name in self._names}
        return Prediction(sample.id, (found,), probabilities, 0.5, 0.8, abstained=False)


class WordEngines(Engines):
    """Engines whose labelers are rules of words."""

    def __init__(self, base: KnowledgeBase) -> None:
        super().__init__()
        self._base = base
        self.made: dict[str, WordScorer] = {}

    def reads(self, taxonomy: str) -> tuple[Scorer, str]:
        return self.made.setdefault(taxonomy, WordScorer(taxonomy)), ""

    @property
    def adapter_name(self) -> str | None:
        return "words"

    def listener(self, modality: str) -> tuple[str, str] | None:
        return None


class Parrot:
    """Writes the same sentences whatever is asked."""

    name = "parrot"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def write(self, system: str, request: str, *, count: int, tokens: int, seed: int) -> list[str]:
        self.asked.append(request)
        lines = ["I miss the old house so much.", "I won the game at last!", "The kettle is on the stove.", "no"]
        return [lines[(seed + number) % len(lines)] for number in range(count)]


@pytest.fixture(scope="session")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder()


@pytest.fixture(scope="session")
def intents(embedder: SentenceEmbedder) -> Intents:
    return Intents(embedder)


@pytest.fixture(scope="session")
def router(intents: Intents) -> Router:
    return Router(intents, names())


@pytest.fixture(scope="session")
def small_base(embedder: SentenceEmbedder) -> KnowledgeBase:
    base = KnowledgeBase(embedder)
    base.add([each for each in shipped_passages() if each.id in SHOWN])
    return base


@pytest.fixture
def make_agent(tmp_path: Path, small_base: KnowledgeBase, router: Router) -> Callable[[], ChatAgent]:
    def make() -> ChatAgent:
        chooser = RouterChooser(lambda: router)
        return ChatAgent(WordEngines(small_base), Threads(tmp_path / "home"), chooser, Parrot)

    return make


@pytest.fixture
def agent(make_agent: Callable[[], ChatAgent]) -> ChatAgent:
    return make_agent()
