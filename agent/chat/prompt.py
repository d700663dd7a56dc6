"""A conversation to token ids: the chat template around what was said, and what was said always as data.

Takes LangChain messages; gives the ids that the model goes on from. The template's own pieces are tokenised with their
special tokens, what people and tools said without any: `<|im_end|>` in a message is seven ordinary characters and can't
end anybody's turn. Knows nothing of how text is written.
"""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage

from thymos.adapters.llm.tokens import tokenized
from thymos.prompts.errors import InputError, ModelError

_HOLE = "\ue000{}\ue001"  # private-use characters: stand for what was said while the template is rendered
_HOLES = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")


def prompt_ids(tokenizer: Any, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]] = ()) -> list[int]:
    """Return the ids of a conversation up to where the model's turn begins.

    Args:
        tokenizer: of the model, with a chat template.
        messages: of the conversation.
        tools: that the model may call, as JSON schemas of functions.

    Raises:
        InputError: a message has no text form, or the template does not take these messages.
        ModelError: the tokenizer has no chat template.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            "model must be instruction-tuned, got a tokenizer without a chat template; choose an -Instruct model"
        )
    said = [_PRIVATE.sub("", _text(message)) for message in messages]
    turns = [_turn(message, _HOLE.format(number)) for number, message in enumerate(messages)]
    rendered = _render(tokenizer, turns, tools)
    ids: list[int] = []
    begin = 0
    for hole in _HOLES.finditer(rendered):
        ids += _ids(tokenizer, rendered[begin : hole.start()], data=False)
        ids += _ids(tokenizer, said[int(hole[1])], data=True)
        begin = hole.end()
    return ids + _ids(tokenizer, rendered[begin:], data=False)


def _turn(message: BaseMessage, content: str) -> dict[str, Any]:
    """Return a message as templates know it."""
    if isinstance(message, AIMessage):
        calls = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["args"]}}
            for call in message.tool_calls
        ]
        return {"role": "assistant", "content": content} | ({"tool_calls": calls} if calls else {})
    if isinstance(message, ToolMessage):
        return {"role": "tool", "content": content, "tool_call_id": message.tool_call_id, "name": message.name or ""}
    if isinstance(message, SystemMessage):
        return {"role": "system", "content": content}
    if isinstance(message, HumanMessage):
        return {"role": "user", "content": content}
    if isinstance(message, ChatMessage):
        return {"role": message.role, "content": content}
    raise InputError(f"message must be of a person, a model, a tool or the system, got {message.type}; leave it out")


def _text(message: BaseMessage) -> str:
    """Return what a message says; parts of a turn that the model can't read are refused."""
    if isinstance(message.content, str):
        return message.content
    for part in message.content:
        kind = "text" if isinstance(part, str) else part.get("type")
        if kind not in ("text", "tool_use", "tool_call", "reasoning", "thinking"):
            raise InputError(f"message must be text for a model that only writes, got {kind}; leave it out")
    return str(message.text)


def _render(tokenizer: Any, turns: list[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> str:
    from jinja2 import TemplateError

    options: dict[str, Any] = {"tools": list(tools)} if tools else {}
    try:
        text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, **options)
    except TemplateError as error:
        raise InputError(f"messages must fit the model's chat template, got {error}; change their order") from error
    return text


def _ids(tokenizer: Any, text: str, *, data: bool) -> list[int]:
    if not text:
        return []
    ids: list[int] = tokenized(tokenizer, text, data=data)["input_ids"]
    return ids
