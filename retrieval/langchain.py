"""Retrieval as LangChain knows it: a vector store and a retriever over a `KnowledgeBase`. The only file with its types.

Takes a knowledge base; gives what LangChain's chains and agents expect. Both pass LangChain's own standard tests.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict

from thymos.retrieval.embedder import Vectors
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import Passage
from thymos.retrieval.search import Filter, Options

_DOCUMENT = "document"  # kind of a passage that is a LangChain document as it came


class LangChainEmbedder:
    """LangChain's embeddings as an `Embedder`."""

    def __init__(self, embeddings: Embeddings) -> None:
        """Keep the embeddings."""
        self._embeddings = embeddings
        self.fingerprint = f"langchain:{type(embeddings).__name__}"

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """Return unit vectors, (texts, dim), float32."""
        vectors = np.asarray(self._embeddings.embed_documents(list(texts)), dtype=np.float32)
        if on_progress is not None:
            on_progress(len(texts))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12) if len(texts) else vectors


class ThymosVectorStore(VectorStore):
    """A vector store over a knowledge base.

    Example:
        >>> from thymos.retrieval.builtin import open_base
        >>> store = ThymosVectorStore(open_base())
        >>> retriever = store.as_retriever(search_kwargs={"k": 3})
    """

    def __init__(self, base: KnowledgeBase) -> None:
        """Keep the base.

        Args:
            base: searched, and added to.
        """
        self.base = base

    @property
    def embeddings(self) -> None:
        """None: the base embeds by itself."""
        return

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts; those of the same ids are replaced."""
        said = list(texts)
        names = [each or str(uuid.uuid4()) for each in ids or [""] * len(said)]
        told = metadatas or [{}] * len(said)
        self.base.add(
            Passage(id=name, text=text, kind=_DOCUMENT, extra=dict(extra))
            for name, text, extra in zip(names, said, told, strict=True)
        )
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Take documents out."""
        self.base.remove(ids=ids or ())
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents of ids that are there."""
        return [as_document(passage) for passage in self.base.get(list(ids))]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Find the most similar documents, however far they are."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        filter: Filter = Filter(),  # noqa: A002, B008
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Find the most similar documents with their cosines."""
        options = Options(k=k, least=-1, diversity=0, apart=1)
        return [(as_document(hit.passage), hit.similarity) for hit in self.base.search(query, options, filter)]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: max(0.0, cosine)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Make a store of texts, embedded by LangChain's embeddings."""
        store = cls(KnowledgeBase(LangChainEmbedder(embedding)))
        store.add_texts(texts, metadatas, ids=ids)
        return store


class ThymosRetriever(BaseRetriever):
    """A retriever over a knowledge base: hybrid search, filters, diversity, a least similarity.

    Attributes:
        base: what is searched.
        k: passages at most.
        least: cosine below which nothing is returned.
        filter: which passages may be found.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: KnowledgeBase
    k: int = 5
    least: float = Options().least
    filter: Filter = Filter()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
    ) -> list[Document]:
        options = Options(k=self.k if k is None else k, least=self.least)
        return [as_document(hit.passage) for hit in self.base.search(query, options, self.filter)]


def as_document(passage: Passage) -> Document:
    """Return a passage as LangChain's document; what it is about becomes metadata."""
    if passage.kind == _DOCUMENT:
        return Document(id=passage.id, page_content=passage.text, metadata=dict(passage.extra))
    told = {
        "title": passage.title,
        "kind": passage.kind,
        "emotions": list(passage.emotions),
        "modalities": list(passage.modalities),
        "sources": list(passage.sources),
        "licence": passage.licence,
        "document": passage.document,
    }
    return Document(id=passage.id, page_content=passage.text, metadata=told | dict(passage.extra))
