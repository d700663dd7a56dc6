"""`GeneralForward`: scoring with any causal LM of transformers, quantised ones included.

Takes a transformers model as loaded; the same two calls as `TightLlama`, slower: every path of the label trie
is a row of its own, and the LM head covers the whole vocabulary at the last position. Whatever the
architecture does there (soft caps, scaling) is kept. Also the reference that `TightLlama` is tested against.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from thymos.adapters.scoring.soft import embed
from thymos.adapters.scoring.trie import LabelTrie


@dataclass(frozen=True, slots=True)
class CachedPrefix:
    """A transformers key-value cache of the shared prefix (batch of one) and its length."""

    cache: Any
    length: int


class GeneralForward:
    """Scores label tokens after rows that share a prefix, through a model's own forward."""

    packs = False

    def __init__(self, model: Any) -> None:
        """Keep the model.

        Args:
            model: any causal LM of transformers in evaluation mode.
        """
        self._model = model

    @torch.inference_mode()
    def prefix(self, ids: Sequence[int]) -> CachedPrefix:
        """Compute the cache of the tokens that every row begins with."""
        tokens = torch.tensor([ids], device=self._model.device)
        out = self._model(input_ids=tokens, use_cache=True, logits_to_keep=1)
        return CachedPrefix(cache=out.past_key_values, length=len(ids))

    @torch.inference_mode()
    def logits(
        self, prefix: CachedPrefix, rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None
    ) -> Tensor:
        """Score every choice of the trie after each row; as `TightLlama.logits`."""
        parts = []
        for decision in trie.decisions:
            last = self._last([[*row, *decision.path] for row in rows], prefix, soft)
            parts.append(last[:, list(decision.tokens)].float())
        return torch.cat(parts, dim=1)

    def _last(self, rows: Sequence[Sequence[int]], prefix: CachedPrefix, soft: Tensor | None) -> Tensor:
        """Return the logits after the last token of each row, (rows, vocabulary)."""
        width = max(len(row) for row in rows)
        device = self._model.device
        tokens = torch.zeros(len(rows), width, dtype=torch.long)
        mask = torch.ones(len(rows), prefix.length + width, dtype=torch.long)
        for index, row in enumerate(rows):  # padded on the left, so that one position is last for all
            padding = width - len(row)
            tokens[index, padding:] = torch.tensor(row)
            mask[index, prefix.length : prefix.length + padding] = 0
        positions = (mask.cumsum(1) - 1)[:, prefix.length :].clamp(min=0)
        cache = copy.deepcopy(prefix.cache)  # the forward extends it in place
        cache.batch_repeat_interleave(len(rows))
        out = self._model(
            **_inputs(self._model, tokens.to(device), soft),
            attention_mask=mask.to(device),
            position_ids=positions.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: Tensor = out.logits[:, -1]
        return logits


class GeneralTuned(nn.Module):
    """The same scores with gradients, for training: any causal LM of transformers, with whatever peft put on it."""

    packs = False

    def __init__(self, model: Any) -> None:
        """Keep the model.

        Args:
            model: any causal LM of transformers, its trainable parameters marked.
        """
        super().__init__()
        self.model = model

    def forward(
        self, prefix: Sequence[int], rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None
    ) -> Tensor:
        """Score every choice of the trie after each row; as `TunedLlama.forward`.

        The model is called once, whatever the trie: where processes share out its weights, each must call it as often.
        """
        told = [[*prefix, *row, *decision.path] for decision in trie.decisions for row in rows]
        parts = self._last(told, soft).reshape(len(trie.decisions), len(rows), -1)
        return torch.cat(
            [part[:, list(each.tokens)].float() for part, each in zip(parts, trie.decisions, strict=True)], 1
        )

    def _last(self, rows: Sequence[Sequence[int]], soft: Tensor | None) -> Tensor:
        """Return the logits after the last token of each row, (rows, vocabulary); rows are padded on the left."""
        width = max(len(row) for row in rows)
        device = self.model.device
        tokens = torch.tensor([[0] * (width - len(row)) + list(row) for row in rows], device=device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        out = self.model(
            **_inputs(self.model, tokens, soft),
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=1,
        )
        logits: Tensor = out.logits[:, -1]
        return logits


def _inputs(model: Any, tokens: Tensor, soft: Tensor | None) -> dict[str, Tensor]:
    """Return what a model reads: ids, or vectors where some of them are no words."""
    if soft is None:
        return {"input_ids": tokens}
    return {"inputs_embeds": embed(tokens, model.get_input_embeddings(), soft)}
