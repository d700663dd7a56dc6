"""Rows to token ids: the chat template around them once, the row's text always as data.

Takes a Hugging Face tokenizer, an instruction and the text of rows; gives a shared prefix, one row's own
tokens and the label trie. The template's pieces are tokenised with their special tokens, the row's text
without any: `<|im_end|>` inside a row is seven ordinary characters and can't end the user's turn.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from thymos.adapters.llm.tokens import tokenized
from thymos.adapters.scoring.trie import build_trie
from thymos.prompts.errors import ModelError
from thymos.prompts.template import SLOTS

_MODALITY = {slot: modality for modality, slot in SLOTS.items()}
_SLOTS = re.compile(f"([{''.join(_MODALITY)}])")
_NO_SOFT: Mapping[str, Sequence[int]] = MappingProxyType({})
_SLOT = "\ue000row\ue000"  # private-use characters: stands for the row while the chat template is rendered


@dataclass(frozen=True, slots=True)
class ChatFrame:
    """What the chat template puts around a row.

    Attributes:
        before: text from the start to the row's first character: the shared prefix.
        after: text from the row's last character to where the label word begins.
    """

    before: str
    after: str


class PromptEncoder:
    """Tokenises rows for one instruction and one label set.

    Attributes:
        frame: the text around a row.
        prefix: token ids shared by every row, (prefix,).
        suffix: token ids between a row's text and the label word, (suffix,).
        trie: the label words as a tree of tokens.
    """

    def __init__(self, tokenizer: Any, system: str, words: Sequence[str], *, answer: str | None = "") -> None:
        """Render the chat template once and tokenise what all rows share.

        Args:
            tokenizer: of the model, with a chat template.
            system: the instruction.
            words: verbalisers in label order.
            answer: how the model's turn begins; words follow it after a space, or at once when it is empty. None: the
                model's turn is not opened, and words follow the token that ends the user's, after a space. Only a
                tuned model expects them there, and a row costs it the fewest tokens.

        Raises:
            ModelError: the tokenizer has no usable chat template.
            TaxonomyError: two words are the same tokens.
        """
        self._tokenizer = tokenizer
        frame = chat_frame(tokenizer, system)
        end = self._end_token()
        after = self._tokenizer.decode([end]) if answer is None else frame.after + answer
        self.frame = ChatFrame(before=frame.before, after=after)
        self.prefix = self._template_ids(self.frame.before)
        self.suffix = [end] if answer is None else self._template_ids(after)
        space = "" if answer == "" else " "
        self.trie = build_trie([self._data_ids(space + word) for word in words], end=end)

    def row(self, text: str, soft: Mapping[str, Sequence[int]] = _NO_SOFT) -> list[int]:
        """Return the token ids of one row: its text as data, then the suffix.

        Args:
            text: from `LabelPrompt.row`.
            soft: modality -> ids of its soft tokens, which stand where the text has its slot.
        """
        ids: list[int] = []
        for piece in _SLOTS.split(text):
            ids += soft[_MODALITY[piece]] if piece in _MODALITY else self._data_ids(piece) if piece else ()
        return ids + self.suffix

    def text(self, row: str) -> str:
        """Return the exact prompt for a row, as a person reads it; a slot is shown as `<speech>`."""
        for slot, modality in _MODALITY.items():
            row = row.replace(slot, f"<{modality}>")
        return f"{self.frame.before}{row}{self.frame.after}"

    def _template_ids(self, text: str) -> list[int]:
        ids: list[int] = tokenized(self._tokenizer, text, data=False)["input_ids"]
        return ids

    def _data_ids(self, text: str) -> list[int]:
        encoded = tokenized(self._tokenizer, text, data=True)
        ids: list[int] = encoded["input_ids"]
        return ids

    def _end_token(self) -> int:
        """Return the token with which the chat template ends the model's turn."""
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": _SLOT}]
        _, _, rest = _render(self._tokenizer, messages, answer=False).partition(_SLOT)
        ids = self._template_ids(rest.strip()) if rest.strip() else []
        return ids[0] if ids else int(self._tokenizer.eos_token_id)


def chat_frame(tokenizer: Any, system: str) -> ChatFrame:
    """Render the chat template around an empty place for the row.

    A template without a system role gets the instruction at the head of the user's message.

    Raises:
        ModelError: there is no chat template, or it drops or changes the user's text.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            "model must be instruction-tuned, got a tokenizer without a chat template; "
            "choose an -Instruct model or add `chat_template` to its tokenizer_config.json"
        )
    user = {"role": "user", "content": _SLOT}
    rendered = _render(tokenizer, [{"role": "system", "content": system}, user], answer=True)
    if system not in rendered:
        merged = {"role": "user", "content": f"{system}\n\n{_SLOT}"}
        rendered = _render(tokenizer, [merged], answer=True)
    before, slot, after = rendered.partition(_SLOT)
    if not slot or _SLOT in after:
        raise ModelError(
            "chat template must show the user's text once, got a template that does not; choose another model"
        )
    return ChatFrame(before=before, after=after)


def _render(tokenizer: Any, messages: list[dict[str, str]], *, answer: bool) -> str:
    """Render messages; a template that refuses a role falls back to what `chat_frame` checks for."""
    from jinja2 import TemplateError

    try:
        text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer)
    except TemplateError:
        if messages[0]["role"] != "system":
            raise
        text = tokenizer.apply_chat_template(messages[1:], tokenize=False, add_generation_prompt=answer)
    return text
