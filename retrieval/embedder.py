"""Texts to vectors: the embedded MiniLM, or any sentence-transformers model by name.

Takes texts; gives unit vectors, so that their inner product is the cosine. A fingerprint says whose vectors they are:
an index is only searched with the embedder that made it. The only file that knows sentence-transformers.
"""

import hashlib
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.llm.files import files_digest, hub_folder
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.weights import EMBEDDED, locate, verify
from thymos.prompts.errors import ModelError

Vectors = NDArray[np.float32]
MINILM = "minilm"
_BATCH = 64


class Embedder(Protocol):
    """What makes vectors."""

    @property
    def fingerprint(self) -> str:
        """Whose vectors these are; equal fingerprints mean vectors that can be compared."""
        ...

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """Return unit vectors, (texts, dim), float32; `on_progress` is called with the number done so far."""
        ...


class Remembered:
    """An embedder that knows the vectors of texts that it was lately asked for: queries come again and again."""

    def __init__(self, embedder: Embedder, most: int = 4096) -> None:
        """Keep what makes vectors.

        Args:
            embedder: asked for what is not known.
            most: texts whose vectors are kept; those not asked for longest go first.
        """
        self._embedder = embedder
        self._most = most
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (texts, dim), float32."""
        keys = [_key(text) for text in texts]
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            found |= dict(zip(new, self._embedder.embed(list(new.values())), strict=True))
        with self._lock:
            for key, vector in found.items():
                self._known[key] = vector.copy()  # a view would hold the vectors of all that were asked for with it
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return np.stack([found[key] for key in keys])


class SentenceEmbedder:
    """A sentence-transformers model."""

    def __init__(self, name: str = MINILM, *, device: str | None = None) -> None:
        """Load a model.

        Args:
            name: `minilm`, which comes with the installation, a folder, or a hub id.
            device: torch device; a GPU if there is one when None.

        Raises:
            ModelError: it can't be found or loaded.
        """
        with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
            from sentence_transformers import SentenceTransformer

        self.name = name
        folder = _folder(name)
        digest = EMBEDDED[name].sha256 if name in EMBEDDED else files_digest(folder)
        try:
            with quiet():
                self._model: Any = SentenceTransformer(
                    str(folder), device=device, trust_remote_code=False, model_kwargs={"use_safetensors": True}
                )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(
                f"embedder must be a sentence-transformers model, got {name!r}: {reason}; pass minilm, a folder or a "
                "hub id"
            ) from error
        self.fingerprint = f"{name if name in EMBEDDED else folder.name}:{digest[:16]}"

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """Return unit vectors, (texts, dim), float32."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        starts = list(range(0, len(order), _BATCH))
        random.Random(0).shuffle(starts)  # short and long ones in turn, so that the time left is not told too short
        done = 0
        for start in starts:
            places = order[start : start + _BATCH]
            vectors[places] = self._model.encode(
                [texts[place] for place in places],
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            done += len(places)
            if on_progress is not None:
                on_progress(done)
        return vectors

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        found: int = self._model.get_embedding_dimension()
        return found


def _key(text: str) -> bytes:
    """Return what a text is known by, so that long ones are not held."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _folder(name: str) -> Path:
    """Return the folder to load from; the embedded model's is made whole first."""
    if name in EMBEDDED:
        path = locate(name)
        verify(name, path)
        return path.parent
    folder = Path(name).expanduser()
    return folder if folder.is_dir() else hub_folder(name, what="embedder")
