"""`LabelScorer`: texts in, label log-probabilities out.

Takes a forward pass (`TightLlama` or `GeneralForward`) and a `PromptEncoder`; buckets rows by length, those that begin
alike together, and scores them behind the shared prefix. Knows nothing of samples, files or decisions.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from thymos.adapters.scoring.batches import TOKEN_BUDGET
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.pack import grouped
from thymos.adapters.scoring.trie import LabelTrie


class Forward(Protocol):
    """What a scoring forward pass offers; the prefix is opaque to the caller."""

    @property
    def packs(self) -> bool:
        """Whether it computes what rows begin with alike once; if not, rows are bucketed by their own length."""
        ...

    def prefix(self, ids: Sequence[int]) -> Any:
        """Compute what all rows share."""
        ...

    def logits(self, prefix: Any, rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None) -> Tensor:
        """Score every choice of the trie after each row, (rows, choices)."""
        ...


class LabelScorer:
    """Scores the label set of an encoder after each row."""

    def __init__(self, forward: Forward, encoder: PromptEncoder, *, token_budget: int = TOKEN_BUDGET) -> None:
        """Compute the shared prefix once.

        Args:
            forward: the model.
            encoder: prompt and label words.
            token_budget: padded tokens in one batch.
        """
        self._forward = forward
        self._encoder = encoder
        self._budget = token_budget
        self._prefix = forward.prefix(encoder.prefix)
        self._bias: Tensor | None = None

    def calibrate(self, rows: Sequence[Sequence[int]]) -> None:
        """Take away the bias towards label words that rows without content show.

        Every later distribution is divided by the mean distribution over these rows and normalised again
        (contextual calibration, Zhao et al. 2021, with their diagonal W).

        Args:
            rows: token ids of content-free rows.
        """
        self._bias = None
        self._bias = self.log_probabilities(rows).exp().mean(0).log()

    def log_probabilities(self, rows: Sequence[Sequence[int]], soft: Tensor | None = None) -> Tensor:
        """Score rows.

        Args:
            rows: token ids from `PromptEncoder.row`, each at least one token.
            soft: vectors that negative ids stand for, (soft tokens, dim); see `soft.embed`.

        Returns:
            (rows, labels), float32 on the CPU, natural logarithms; rows in the order given.
        """
        trie = self._encoder.trie
        scores = torch.empty(len(rows), len(trie.steps))
        for group in grouped(rows, self._budget, packed=self._forward.packs, extra=len(trie.tokens)):
            logits = self._forward.logits(self._prefix, [rows[index] for index in group], trie, soft)
            scores[group] = trie.log_probabilities(logits).cpu()
        return scores if self._bias is None else (scores - self._bias).log_softmax(-1)
