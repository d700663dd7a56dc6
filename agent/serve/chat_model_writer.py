"""`ChatModelWriter`: any LangChain chat model as a `Writer`; `LazyWriter`: one that is loaded when it is first asked.

Takes a chat model; gives text as it is written, and counts where the model tells them. LangChain's types stay here.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk

from thymos.agent.serve.protocols import Finish, Said, Writer


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


class LazyWriter:
    """A writer that is made when it is first asked: most servers never are, and a model takes memory."""

    def __init__(self, name: str, make: Callable[[], Writer]) -> None:
        """Keep what makes it.

        Args:
            name: id of the model in the API.
            make: loads it.
        """
        self.name = name
        self._make = make
        self._made: Writer | None = None
        self._lock = threading.Lock()

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
        """Yield text as it is written, then one `Finish`."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
        yield from self._made.stream(
            messages, max_tokens=max_tokens, temperature=temperature, top_p=top_p, seed=seed, stop=stop
        )
