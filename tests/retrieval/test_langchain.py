"""The vector store and the retriever pass LangChain's own standard tests, and keep what a passage is about."""

from collections.abc import Generator

import pytest
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import RetrieversIntegrationTests, VectorStoreIntegrationTests

from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.langchain import LangChainEmbedder, ThymosRetriever, ThymosVectorStore, as_document
from thymos.retrieval.search import Filter


class TestVectorStore(VectorStoreIntegrationTests):
    """LangChain's tests of a vector store."""

    @pytest.fixture
    def vectorstore(self) -> Generator[VectorStore]:
        yield ThymosVectorStore(KnowledgeBase(LangChainEmbedder(self.get_embeddings())))


class TestRetriever(RetrieversIntegrationTests):
    """LangChain's tests of a retriever."""

    base: KnowledgeBase

    @pytest.fixture(autouse=True)
    def _base(self, base: KnowledgeBase) -> None:
        type(self).base = base

    @property
    def retriever_constructor(self) -> type[ThymosRetriever]:
        return ThymosRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"base": self.base, "least": -1}

    @property
    def retriever_query_example(self) -> str:
        return "rage in the dark, a loud voice"


def test_a_document_tells_what_its_passage_is_about(base: KnowledgeBase) -> None:
    (passage,) = base.get(["voice"])
    document = as_document(passage)
    assert (document.id, document.page_content) == ("voice", "a loud voice")
    assert document.metadata["emotions"] == ["anger"]
    assert document.metadata["modalities"] == ["speech"]


def test_the_retriever_obeys_filter_and_least_similarity(base: KnowledgeBase) -> None:
    retriever = ThymosRetriever(base=base, filter=Filter(kinds=("voice",)), least=-1)
    assert [document.id for document in retriever.invoke("rage")] == ["voice"]
    assert ThymosRetriever(base=base, least=0.999).invoke("zz qq") == []
