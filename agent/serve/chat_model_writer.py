"""`ChatModelWriter`: any LangChain chat model as a `Writer`. LangChain's types stay here.

Takes a chat model; gives text as it is written, and counts where the model tells them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk

from thymos.agent.serve.protocols import Finish, Said


class ChatModelWriter:
    """Writes with a chat model."""

    def __init__(self, model: BaseChatModel, name: str) -> None:
        """Keep the model.

        Args:
            model: chat model.
            name: id of it in the API.
        """
        self.name = name
        self._model = model

    def stream(
        self,
        messages: Sequence[Said],
        *,
        max_tokens: int | None,
        temperature: float | None,
        top_p: float | None,
        seed: int | None,
        stop: Sequence[str],
    ) -> Iterator[str | Finish]:
        """Yield text as it is written, then one `Finish`; what is None is left to the model."""
        options = {"max_tokens": max_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        said = [(message["role"], message["content"]) for message in messages]
        whole: AIMessageChunk | None = None
        for chunk in self._model.stream(said, stop=list(stop) or None, **given):
            piece = chunk if isinstance(chunk, AIMessageChunk) else AIMessageChunk(content=chunk.content)
            whole = piece if whole is None else whole + piece
            if text := piece.text:
                yield str(text)
        yield _finish(whole)


def _finish(whole: AIMessageChunk | None) -> Finish:
    if whole is None:
        return Finish()
    usage: Any = whole.usage_metadata or {}
    return Finish(
        reason="length" if whole.response_metadata.get("finish_reason") == "length" else "stop",
        prompt_tokens=usage.get("input_tokens", 0),
        completion_tokens=usage.get("output_tokens", 0),
        cached_tokens=usage.get("input_token_details", {}).get("cache_read", 0) or 0,
    )
