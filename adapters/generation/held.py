"""Writing held to a grammar: at each place the likeliest token with which the text can still become a sentence of it.

Takes a loaded model and prompts, each with a grammar of its own (Lark, as llguidance reads it); gives texts. Any causal
LM of transformers can be held so, in batches. What can't be written cannot be claimed: where citations, quotations and
numbers are the grammar's, none is invented. Knows nothing of what they mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from thymos.adapters.llm.load import LanguageModel
from thymos.prompts.errors import ModelError

_AT_ONCE = 16  # texts of one batch


@dataclass(frozen=True, slots=True)
class Held:
    """A text that is wanted.

    Attributes:
        prompt: token ids.
        grammar: of what follows.
    """

    prompt: tuple[int, ...]
    grammar: str


class HeldDecoder:
    """Writes by grammars with one model."""

    def __init__(self, loaded: LanguageModel) -> None:
        """Keep the model.

        Raises:
            ModelError: its tokenizer is none whose tokens can be told apart.
        """
        from llguidance.hf import from_tokenizer

        self._model = loaded.model
        self._end = int(loaded.tokenizer.eos_token_id)
        try:
            self._tokens: Any = from_tokenizer(loaded.tokenizer, eos_token=self._end)
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"tokenizer must be a fast one for writing by a grammar, got {loaded.name!r} ({error}); choose another"
            ) from error

    def write(
        self,
        asked: Sequence[Held],
        *,
        most: int = 160,
        on_written: Callable[[int], None] = lambda done: None,
    ) -> list[str | None]:
        """Write, always the likeliest token that the grammar allows.

        Args:
            asked: texts that are wanted.
            most: tokens of each.
            on_written: called after each batch with how many texts are done.

        Returns:
            The texts; None for one that had not come to its end after `most` tokens.

        Raises:
            ModelError: a grammar can't be read.
        """
        found: list[str | None] = [None] * len(asked)
        order = sorted(range(len(asked)), key=lambda place: len(asked[place].prompt))
        for start in range(0, len(order), _AT_ONCE):
            places = order[start : start + _AT_ONCE]
            for place, text in zip(places, self._batch([asked[each] for each in places], most), strict=True):
                found[place] = text
            on_written(start + len(places))
        return found

    @torch.inference_mode()
    def _batch(self, asked: Sequence[Held], most: int) -> list[str | None]:
        longest = max(len(each.prompt) for each in asked)
        ids = torch.full((len(asked), longest), self._end)
        mask = torch.zeros_like(ids)
        for row, each in enumerate(asked):  # on the right side of a row stands what is gone on with
            ids[row, longest - len(each.prompt) :] = torch.tensor(each.prompt)
            mask[row, longest - len(each.prompt) :] = 1
        device = self._model.device
        hold = _Hold([self._matcher(each.grammar) for each in asked], longest, self._end)
        out = self._model.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            max_new_tokens=most,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=self._end,
            pad_token_id=self._end,
            logits_processor=[hold],
        )
        rows = out[:, longest:].tolist()
        return [None if hold.failed(place) else self._text(row) for place, row in enumerate(rows)]

    def _matcher(self, grammar: str) -> Any:
        from llguidance import LLMatcher

        matcher = LLMatcher(self._tokens, LLMatcher.grammar_from_lark(grammar))
        if error := matcher.get_error():
            raise ModelError(f"grammar must be one that llguidance reads, got {error}; this is a mistake in Thymos")
        return matcher

    def _text(self, ids: Sequence[int]) -> str | None:
        if self._end not in ids:
            return None
        text: str = self._tokens.decode_str(ids[: ids.index(self._end)])
        return text


class _Hold:
    """What `generate` calls for each token: leaves those that the grammars allow."""

    def __init__(self, matchers: Sequence[Any], prompt: int, end: int) -> None:
        self._matchers, self._prompt, self._end = matchers, prompt, end

    def failed(self, row: int) -> bool:
        """Say whether a grammar gave up, so that what was written is not held to it."""
        return bool(self._matchers[row].is_error())

    def __call__(self, ids: Tensor, scores: Tensor) -> Tensor:
        last = ids[:, -1].tolist() if ids.shape[1] > self._prompt else None
        allowed = np.zeros(scores.shape, dtype=bool)
        for row, matcher in enumerate(self._matchers):
            if last is not None and not matcher.is_stopped():
                matcher.consume_token(last[row])
            if matcher.is_stopped():
                allowed[row, self._end] = True  # a grammar that can take no more stops before the end is written
                continue
            bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
            row_bits = np.unpackbits(bits, bitorder="little")[: scores.shape[1]].astype(bool)
            allowed[row, : len(row_bits)] = row_bits
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), -torch.inf)
