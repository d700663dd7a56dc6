"""Any chat model of LangChain as the plain model of the API."""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from thymos.agent.serve.chat_model_writer import ChatModelWriter, LazyWriter
from thymos.agent.serve.protocols import Finish


class Scripted(BaseChatModel):
    """Says two words, then why it ended and how much it was."""

    asked: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **given: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("one two"))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **given: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.asked.append(([(each.type, each.content) for each in messages], stop, given))
        for word in ("one ", "two"):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        last = AIMessageChunk(
            content="",
            usage_metadata={
                "input_tokens": 7,
                "output_tokens": 2,
                "total_tokens": 9,
                "input_token_details": {"cache_read": 3},
            },
            response_metadata={"finish_reason": "length"},
        )
        yield ChatGenerationChunk(message=last)


def written(model: Scripted, max_tokens: int | None = None, stop: Sequence[str] = ()) -> list[str | Finish]:
    writer = ChatModelWriter(model, "scripted")
    messages: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]
    return list(writer.stream(messages, max_tokens=max_tokens, temperature=0.5, top_p=None, seed=None, stop=stop))


def test_words_come_one_by_one_and_counts_at_the_end() -> None:
    assert written(Scripted()) == ["one ", "two", Finish("length", 7, 2, 3)]


def test_the_model_is_told_what_was_asked_for_and_nothing_else() -> None:
    model = Scripted()
    written(model, max_tokens=2, stop=["X"])
    written(model)
    said = [("system", "Be brief."), ("human", "hello")]
    assert model.asked == [
        (said, ["X"], {"max_tokens": 2, "temperature": 0.5}),
        (said, None, {"temperature": 0.5}),
    ]


def test_a_lazy_writer_is_made_once_and_only_when_asked() -> None:
    made: list[ChatModelWriter] = []

    def make() -> ChatModelWriter:
        made.append(ChatModelWriter(Scripted(), "scripted"))
        return made[-1]

    lazy = LazyWriter("scripted", make)
    assert (lazy.name, made) == ("scripted", [])
    for _ in range(2):
        words = list(
            lazy.stream(
                [{"role": "user", "content": "a"}], max_tokens=3, temperature=None, top_p=None, seed=None, stop=()
            )
        )
        assert words[:2] == ["one ", "two"]
    assert len(made) == 1
