"""`Engines`: every model that the chat needs, each loaded once, when it is first needed, and shared by all threads.

Takes the names of a model and adapters; gives labelers, reasoners and the knowledge base. One base model in memory
serves all adapters where its architecture allows. Knows nothing of conversations.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from thymos.adapters.llm.adapter import AUTO
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.shared import SharedModel
from thymos.adapters.weights import DEFAULT
from thymos.agent.chat.mapped import MappedScorer
from thymos.agent.examples import are_weighed
from thymos.agent.labeler import Labeler
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.cues import Scorer
from thymos.agent.reasoning.reasoner import Observer, Reasoner, observe_nothing
from thymos.prompts.catalogue import load_taxonomy, maps_from
from thymos.prompts.errors import InputError, ModelError, RowError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.builtin import default_folder, open_base
from thymos.retrieval.knowledge_base import KnowledgeBase

TEXT = "goemotions"  # label set of words, which the shipped adapter was calibrated for
# Adapters that listen, and the label set that each learnt; never used for words.
LISTENERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"speech": ("voice", "ravdess"), "face": ("face", "fer2013")}
)
_NON_COMMERCIAL = "was tuned on data that are not for commercial use"

if TYPE_CHECKING:
    from thymos.adapters.generation.load import Writes

Wrap = Callable[[Labeler], Scorer]


class Locked:
    """A scorer that several threads may use, one at a time."""

    def __init__(self, scorer: Scorer) -> None:
        """Keep the scorer."""
        self._scorer = scorer
        self._lock = threading.Lock()

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; see `Scorer`."""
        with self._lock:
            return self._scorer.label_batch(samples)


class ForRuns:
    """What a run labels with: a scorer for many threads, with the label set and identity of what is behind it."""

    def __init__(self, scorer: Scorer, taxonomy: Taxonomy, identity: Mapping[str, object]) -> None:
        """Keep the three."""
        self._scorer = scorer
        self._identity = identity
        self.taxonomy = taxonomy

    def identity(self) -> Mapping[str, object]:
        """Return what makes the answers these answers."""
        return self._identity

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; see `Scorer`."""
        return self._scorer.label_batch(samples)


class Engines:
    """Loads and keeps models."""

    def __init__(
        self,
        model: str = DEFAULT,
        *,
        adapter: str = AUTO,
        kb: Path | None = None,
        device: str | None = None,
        wrap: Wrap = Locked,
    ) -> None:
        """Keep what is to be loaded; nothing is yet.

        Args:
            model: embedded weights, a folder, a `.gguf` file or a hub id.
            adapter: for words, and for recordings where it listens to them; as in `Labeler.from_pretrained`.
            kb: folder of a knowledge base; the default one unless given.
            device: torch device.
            wrap: makes a scorer for many threads of a labeler; the default lets one in at a time.
        """
        self.model = model
        self.adapter = adapter
        self._kb = kb
        self._device = device
        self._wrap = wrap
        self._lock = threading.RLock()
        self._shared: SharedModel | None = None
        self._unshared = False
        self._labelers: dict[tuple[str, str], Labeler] = {}
        self._scorers: dict[tuple[str, str], Scorer] = {}
        self._base: KnowledgeBase | None = None
        self._writing: tuple[Writes, LanguageModel] | None = None

    @property
    def base(self) -> KnowledgeBase:
        """The knowledge base."""
        with self._lock:
            if self._base is None:
                self._base = open_base(self._kb)
            return self._base

    def labeler(self, taxonomy: str | None = None, adapter: str | None = None) -> Labeler:
        """Return what labels, loaded the first time.

        Args:
            taxonomy: label set; GoEmotions unless given.
            adapter: the one for words unless given.

        Raises:
            TaxonomyError: there is no such label set.
            ModelError: the model can't be used here.
        """
        key = (taxonomy or TEXT, adapter or self.adapter)
        with self._lock:
            if key not in self._labelers:
                self._labelers[key] = self._load(*key)
            return self._labelers[key]

    def scorer(self, taxonomy: str | None = None, adapter: str | None = None) -> Scorer:
        """Return what labels for many threads; arguments as in `labeler`."""
        key = (taxonomy or TEXT, adapter or self.adapter)
        with self._lock:
            if key not in self._scorers:
                self._scorers[key] = self._wrap(self.labeler(*key))
            return self._scorers[key]

    @property
    def adapter_name(self) -> str | None:
        """Name of the adapter for words that was loaded, or None."""
        name = self.labeler().identity().get("adapter")
        return str(name) if name else None

    def reads(self, taxonomy: str) -> tuple[Scorer, str]:
        """Return what reads words for a label set, and how in a sentence; "" where the model does so itself.

        A label set that the adapter did not learn is read through the one that it learnt where there is a map: the
        mapped distribution is calibrated, the model's own for foreign labels is not.
        """
        learnt = self.labeler()
        learns = learnt.identity().get("calibration") == "fitted"
        if taxonomy == TEXT or not learns or taxonomy not in maps_from(TEXT):
            return self.scorer(taxonomy), ""
        told = f"Read with GoEmotions' 28 labels, which the adapter learnt, and mapped to {taxonomy}."
        return MappedScorer(self.scorer(), TEXT, taxonomy), told

    def for_runs(self, taxonomy: str) -> ForRuns:
        """Return what labels a corpus, the same way as `reads` reads a text."""
        scorer, how = self.reads(taxonomy)
        behind = self.labeler() if how else self.labeler(taxonomy)
        identity = dict(behind.identity()) | ({"mapped_to": taxonomy} if how else {})
        return ForRuns(scorer, load_taxonomy(taxonomy), identity)

    def listener(self, modality: str) -> tuple[str, str] | None:
        """Return the adapter for a modality and its label set; None where nothing that is here reads it."""
        if modality in self.labeler().modalities:
            return self.adapter, TEXT
        return LISTENERS.get(modality) if self.model == DEFAULT else None

    def reasoner(self, scorer: Scorer, taxonomy: str, observe: Observer = observe_nothing) -> Reasoner:
        """Return what explains."""
        return Reasoner(scorer, taxonomy, self.base, observe=observe)

    def writing(self, slots: int | None = None) -> "tuple[Writes, LanguageModel]":
        """Return what writes with the base model, and the model; in memory it is the one that labels, where it can be.

        Args:
            slots: texts that are written together; the first call decides.

        Raises:
            ModelError: the model can't be used here.
        """
        from thymos.adapters.generation.load import SLOTS, resolve_decoder

        with self._lock:
            if self._writing is None:
                shared = self._share()
                loaded = shared.base if shared else load_language_model(self.model, device=self._device)
                forward = shared.tight if shared else None
                self._writing = resolve_decoder(loaded, forward=forward, slots=slots or SLOTS), loaded
            return self._writing

    def taxonomy(self, name: str) -> Taxonomy:
        """Return a label set.

        Raises:
            TaxonomyError: there is none.
        """
        return load_taxonomy(name)

    def limits(self, adapter: str) -> tuple[str, ...]:
        """Return what must be said of an adapter that is used."""
        listening = {name for name, _ in LISTENERS.values()}
        return (f"The adapter `{adapter}` {_NON_COMMERCIAL}.",) if adapter in listening else ()

    def _load(self, taxonomy: str, adapter: str) -> Labeler:
        labels = load_taxonomy(taxonomy)
        folder = self._kb or default_folder()
        examples = folder if adapter == self.adapter and are_weighed(folder, labels) else None
        options: dict[str, Any] = {"taxonomy": labels, "adapter": adapter}
        shared = self._share()
        options |= {"model": shared} if shared else {"model": self.model, "device": self._device}
        if examples is not None:
            try:
                return Labeler.from_pretrained(kb=examples, **options)
            except InputError:  # weighed for another adapter: they do not vote
                return Labeler.from_pretrained(**options)
        return Labeler.from_pretrained(**options)

    def _share(self) -> SharedModel | None:
        """Return the base model in memory; None where its architecture can't be shared."""
        if self._shared is None and not self._unshared:
            try:
                self._shared = SharedModel.load(self.model, device=self._device)
            except ModelError as error:
                if "shared" not in str(error):
                    raise
                self._unshared = True
        return self._shared
