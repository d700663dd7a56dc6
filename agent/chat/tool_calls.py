"""Tool calls as small local models write them: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` within text.

Takes pieces of text as they are written; gives the text without the calls, and the calls. The form is that of Hermes,
which Qwen and others follow. What is no JSON is told as such and never guessed at. Knows nothing of models.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BEGIN, END = "<tool_call>", "</tool_call>"
_LONGEST = 100_000  # characters of a call


@dataclass(frozen=True, slots=True)
class Call:
    """A call, as it was written.

    Attributes:
        name: of the tool; None where what was written is no call.
        arguments: by name.
        written: between the marks.
    """

    name: str | None
    arguments: dict[str, Any]
    written: str


class ToolCalls:
    """Parts text and calls while both are written."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held = ""

    def add(self, piece: str) -> tuple[str, list[Call]]:
        """Take a piece; return the text that is certainly none of a call, and the calls that are whole."""
        self._held += piece
        text = ""
        calls: list[Call] = []
        while True:
            before, mark, rest = self._held.partition(BEGIN)
            if not mark:
                keep = next((n for n in range(len(BEGIN) - 1, 0, -1) if self._held.endswith(BEGIN[:n])), 0)
                cut = len(self._held) - keep
                text, self._held = text + self._held[:cut], self._held[cut:]
                return text, calls
            written, mark, after = rest.partition(END)
            if not mark and len(written) < _LONGEST:
                text, self._held = text + before, BEGIN + rest
                return text, calls
            text, self._held = text + before, after
            calls.append(read_call(written))

    def end(self) -> tuple[str, list[Call]]:
        """Return what was held back: a call that was not closed is read as if it were."""
        held, self._held = self._held, ""
        return ("", [read_call(held.removeprefix(BEGIN))]) if held.startswith(BEGIN) else (held, [])


def read_call(written: str) -> Call:
    """Read what stands between the marks."""
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return Call(None, {}, written)
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return Call(None, {}, written)
    arguments = found.get("arguments", found.get("parameters", {}))
    if isinstance(arguments, str):  # some models quote them once more
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return Call(None, {}, written)
    return Call(found["name"], arguments, written) if isinstance(arguments, dict) else Call(None, {}, written)


def takes_tools(tokenizer: Any) -> bool:
    """Say whether a tokenizer's chat template shows tools to the model and asks for calls of the form read here."""
    template = str(getattr(tokenizer, "chat_template", None) or "")
    return BEGIN in template and re.search(r"\btools\b", template) is not None


def as_tools(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """Return tools of any form that LangChain knows as JSON schemas of functions."""
    from langchain_core.utils.function_calling import convert_to_openai_tool

    return [convert_to_openai_tool(tool) for tool in tools]
