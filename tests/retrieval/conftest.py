"""What the tests of retrieval share: an embedder that needs no model, and a small base."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from thymos.retrieval.embedder import Vectors
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import Passage


class LetterEmbedder:
    """Counts of letters as vectors: alike texts get alike vectors, and anyone can work them out."""

    def __init__(self, fingerprint: str = "letters") -> None:
        self.fingerprint = fingerprint
        self.embedded = 0

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        self.embedded += len(texts)
        counts = [[text.lower().count(chr(letter)) for letter in range(97, 123)] for text in texts]
        vectors = np.array(counts, dtype=np.float32).reshape(len(texts), 26) + 1e-3
        if on_progress is not None:
            on_progress(len(texts))
        found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found


def passage(identifier: str, text: str, **more: object) -> Passage:
    return Passage(id=identifier, text=text, **more)  # type: ignore[arg-type]


@pytest.fixture
def embedder() -> LetterEmbedder:
    return LetterEmbedder()


@pytest.fixture
def base(embedder: LetterEmbedder) -> KnowledgeBase:
    found = KnowledgeBase(embedder)
    found.add(
        [
            passage("rage", "rage rage anger", kind="definition", emotions=("anger",), document="one"),
            passage("fear", "fear of the dark", kind="definition", emotions=("fear",), document="one"),
            passage("voice", "a loud voice", kind="voice", emotions=("anger",), modalities=("speech",), document="two"),
            passage("any", "what holds for all", kind="limits", document="two"),
            passage("row", "rage in the morning", kind="exemplar", emotions=("anger",), dialogue="d1", document="rows"),
        ]
    )
    return found
