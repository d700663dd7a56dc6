"""LangChain's own standard tests of chat models, on a random model of three layers and, slowly, on the embedded one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from thymos.agent.chat.model import ThymosChatModel


class _Settings:
    """What the model can do; the parameters come from the fixtures below."""

    params: dict[str, Any]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ThymosChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        return {"temperature": 0, "max_tokens": 40, "stop": []}

    @property
    def has_tool_calling(self) -> bool:
        return False  # their chat templates show no tools

    @property
    def has_structured_output(self) -> bool:
        return False

    @property
    def supported_usage_metadata_details(self) -> Any:
        return {"invoke": ["cache_read_input"], "stream": ["cache_read_input"]}

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        model = ThymosChatModel(**self.params, max_tokens=5)
        model.invoke("How are you?")
        if not stream:
            return model.invoke("How are you?")
        chunks = list(model.stream("How are you?"))
        return cast(AIMessage, sum(chunks[1:], chunks[0]))


def _params(model: ThymosChatModel) -> dict[str, Any]:
    return {"decoder": model.decoder, "tokenizer": model.tokenizer, "model_name": model.model_name}


class _Tiny(_Settings):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _model(cls, tiny_model: Path) -> Iterator[None]:
        model = ThymosChatModel.from_pretrained(str(tiny_model), threads=1)
        cls.params = _params(model)
        yield
        model.close()


class _Embedded(_Settings):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _model(cls) -> Iterator[None]:
        model = ThymosChatModel.from_pretrained()
        cls.params = _params(model)
        yield
        model.close()


class TestUnit(_Tiny, ChatModelUnitTests):
    pass


class TestIntegration(_Tiny, ChatModelIntegrationTests):
    pass


@pytest.mark.slow
class TestIntegrationEmbedded(_Embedded, ChatModelIntegrationTests):
    pass
