"""`ThymosChatModel`: a local model that writes, as a LangChain chat model.

Takes LangChain messages; gives messages, whole or in pieces, with what they took in tokens. Several threads and tasks
may write through one model at a time; their texts are computed together. Tools can be bound where the loaded model's
chat template shows them (Qwen and others); the embedded model's does not. Knows nothing of emotions.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field

from thymos.adapters.generation.load import CONTEXT, SLOTS, Writes, resolve_decoder
from thymos.adapters.generation.reply import Reply
from thymos.adapters.generation.values import Request, Sampling, Usage
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.weights import DEFAULT, EMBEDDED
from thymos.agent.chat.prompt import prompt_ids
from thymos.agent.chat.tool_calls import Call, ToolCalls, as_tools, takes_tools
from thymos.prompts.errors import InputError

_OPTIONS = ("temperature", "top_p", "min_p", "seed", "max_tokens")  # what a call may change


class ThymosChatModel(BaseChatModel):
    """A local model that writes.

    Attributes:
        decoder: that computes; may be shared by many chat models.
        tokenizer: of its model, with a chat template.
        model_name: as it is told in responses.
        temperature: see `Sampling`, as are top_p, min_p and seed.
        max_tokens: of an answer.
        stop: texts before which an answer ends.

    Example:
        >>> model = ThymosChatModel.from_pretrained(max_tokens=20)
        >>> model.invoke("Say hello.").response_metadata["model_name"]
        'smollm2-135m-instruct'
        >>> model.close()
    """

    decoder: Any = Field(exclude=True, repr=False)
    tokenizer: Any = Field(exclude=True, repr=False)
    model_name: str
    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None
    max_tokens: int = 512
    stop: list[str] | None = None

    @classmethod
    def from_pretrained(
        cls,
        model: str = DEFAULT,
        *,
        device: str | None = None,
        weights: str = "auto",
        slots: int = SLOTS,
        context: int = CONTEXT,
        threads: int | None = None,
        **fields: Any,
    ) -> Self:
        """Load a model.

        Args:
            model: embedded weights, a folder, a `.gguf` file or a hub id.
            device: torch device; a GPU if there is one when None.
            weights: as in `resolve_decoder`, as are slots, context and threads.
            slots: texts that are written together.
            context: longest conversation, tokens.
            threads: that compute.
            fields: of the chat model, such as temperature.

        Raises:
            ModelError: the model can't be used here.
        """
        loaded = load_language_model(model, device=device)
        decoder = resolve_decoder(loaded, weights=weights, slots=slots, context=context, threads=threads)
        return cls.over(decoder, loaded, **fields)

    @classmethod
    def over(cls, decoder: Writes, loaded: LanguageModel, **fields: Any) -> Self:
        """Return a chat model over a decoder that is there, of a model that may score as well.

        Args:
            decoder: from `resolve_decoder`.
            loaded: the model that it writes with.
            fields: of the chat model.
        """
        return cls(decoder=decoder, tokenizer=loaded.tokenizer, model_name=public_name(loaded.name), **fields)

    def close(self) -> None:
        """Let go of the decoder's threads; answers that are not whole end with an error."""
        self._decoder.close()

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Let the model call tools.

        Args:
            tools: in any form that LangChain knows.
            tool_choice: None or `auto`; a local model can't be forced to call.
            kwargs: options of a call.

        Raises:
            InputError: the model's chat template shows no tools, or a call is to be forced.
        """
        if not self.calls_tools:
            raise InputError(
                f"model must have a chat template with tools, got {self.model_name}; choose one that has, such as Qwen3"
            )
        if tool_choice not in (None, "auto"):
            raise InputError(f"tool_choice must be auto for a local model, got {tool_choice!r}; leave it out")
        return self.bind(tools=as_tools(tools), **kwargs)

    @property
    def calls_tools(self) -> bool:
        """Whether the model's chat template shows tools, so that they can be bound."""
        return takes_tools(self.tokenizer)

    @property
    def _decoder(self) -> Writes:
        decoder: Writes = self.decoder
        return decoder

    @property
    def _llm_type(self) -> str:
        return "thymos"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name} | {name: getattr(self, name) for name in (*_OPTIONS, "stop")}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        found = super()._get_ls_params(stop=stop, **kwargs)
        found["ls_provider"] = "thymos"
        return found

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop=stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        tools = kwargs.pop("tools", None) or ()
        request = self._request(messages, stop, tools, kwargs)
        parts, called = ToolCalls() if tools else None, 0
        with self._decoder.submit(request) as reply:
            for text, calls in _pieces(reply, parts):
                chunks = [_chunk(call, called + number) for number, call in enumerate(calls)]
                called += len(calls)
                if text or chunks:
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=text, tool_call_chunks=chunks))
                    if run_manager:
                        run_manager.on_llm_new_token(text, chunk=chunk)
                    yield chunk
            finish = "tool_calls" if called else reply.finish
            yield ChatGenerationChunk(
                message=AIMessageChunk(
                    content="",
                    usage_metadata=_usage(reply.usage),
                    response_metadata={"finish_reason": finish, "model_name": self.model_name},
                    chunk_position="last",
                ),
                generation_info={"finish_reason": finish},
            )

    def _request(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, tools: Sequence[Any], options: dict[str, Any]
    ) -> Request:
        if unknown := options.keys() - {*_OPTIONS, "stream"}:
            raise InputError(f"option must be one of {', '.join(_OPTIONS)}, got {min(unknown)}; leave it out")
        wish = {name: getattr(self, name) if options.get(name) is None else options[name] for name in _OPTIONS}
        ids = tuple(prompt_ids(self.tokenizer, messages, as_tools(tools)))
        most = wish.pop("max_tokens")
        ends = self.stop if stop is None else stop
        return Request(ids, most=most, sampling=Sampling(**wish), stop=tuple(ends or ()))


def public_name(model: str) -> str:
    """Return what a model is called in responses: its own name without owner, folder and number format, lower-cased."""
    if model in EMBEDDED:
        model = EMBEDDED[model].file
    name = Path(model).name
    return (name.split(".Q")[0] if name.endswith(".gguf") else name).removesuffix(".gguf").lower()


def _pieces(reply: Reply, parts: ToolCalls | None) -> Iterator[tuple[str, list[Call]]]:
    """Part text and calls, where there may be any."""
    for piece in reply:
        yield parts.add(piece) if parts else (piece, [])
    if parts:
        yield parts.end()


def _chunk(call: Call, number: int) -> ToolCallChunk:
    """Return a call as LangChain knows it; one that can't be read keeps its text, and becomes an invalid call there."""
    import json

    arguments = call.written if call.name is None else json.dumps(call.arguments, ensure_ascii=False)
    return tool_call_chunk(name=call.name, args=arguments, id=f"call_{uuid4().hex}", index=number)


def _usage(usage: Usage) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage.prompt,
        output_tokens=usage.completion,
        total_tokens=usage.prompt + usage.completion,
        input_token_details=InputTokenDetails(cache_read=usage.cached),
    )
