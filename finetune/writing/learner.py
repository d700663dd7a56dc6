"""A language model that learns to write: the forward pass, its loss, and what a look at dev shows.

Takes a peft model of transformers; Llamas with plain LoRA are computed by the arithmetic that scores labels, 1.6 times
as fast as transformers' own on a CPU. The head is computed for the answers' tokens alone, since much of a small model's
work is there. Knows nothing of wishes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from thymos.adapters.scoring.batches import buckets
from thymos.adapters.scoring.tuned import TunedLlama, supports_tuning
from thymos.finetune.writing.batches import IGNORED, TextBatch, Tokens, batch_of


class Learner(nn.Module):
    """A peft model whose forward gives the loss of a batch.

    Attributes:
        engine: which forward pass that is: eager or general, as in a recipe.
    """

    def __init__(self, model: Any, *, general: bool = False) -> None:
        """Keep the model.

        Args:
            model: of peft.
            general: compute by transformers whatever the model is.
        """
        super().__init__()
        fast = not general and supports_tuning(model)
        self.engine = "eager" if fast else "general"
        self._tuned = TunedLlama(model) if fast else None
        self._own = None if fast else model

    @property
    def model(self) -> Any:
        """The model as peft knows it, for saving."""
        return self._own if self._tuned is None else self._tuned.model

    def forward(self, ids: Tensor, mask: Tensor, targets: Tensor) -> Tensor:
        """Return the cross entropy of the targets that count, summed, in nats.

        Args:
            ids: tokens, (rows, longest).
            mask: 1 where there is one, likewise.
            targets: the next token, or `IGNORED`, likewise.
        """
        counts = targets != IGNORED
        if self._tuned is not None:
            logits = linear(self._tuned.states(ids)[counts], self._tuned.head)
        else:
            causal = self.model.get_base_model()
            body = getattr(causal, causal.base_model_prefix)
            hidden = body(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
            logits = causal.get_output_embeddings()(hidden[counts])
        return cross_entropy(logits.float(), targets[counts], reduction="sum")


def text_cross_entropy(module: nn.Module, batch: TextBatch) -> Tensor:
    """Return the loss of a batch, summed over the tokens of its answers."""
    device = next(module.parameters()).device
    loss: Tensor = module(batch.ids.to(device), batch.mask.to(device), batch.targets.to(device))
    return loss


@dataclass(frozen=True, slots=True)
class TextFigures:
    """What dev shows: mean cross entropy of an answer's token, in nats."""

    loss: float

    @property
    def score(self) -> float:
        """The higher, the better."""
        return -self.loss

    @property
    def shown(self) -> tuple[str, float]:
        """What a person is shown of it."""
        return "perplexity", math.exp(min(self.loss, 50.0))

    def told(self) -> dict[str, float]:
        """Return it as JSON values."""
        return {"loss": self.loss}


class DevLessons:
    """Lessons to look at."""

    def __init__(self, lessons: Sequence[Tokens], budget: int, pad: int) -> None:
        """Keep them.

        Args:
            lessons: as ids.
            budget: padded tokens of a batch.
            pad: id that fills rows up.
        """
        order = list(buckets([len(each.ids) for each in lessons], budget))
        self._batches = [batch_of([lessons[place] for place in places], pad) for places in order]

    @torch.no_grad()
    def look(self, module: nn.Module, accelerator: Any) -> TextFigures:
        """Return the loss; each process computes its part."""
        mine = self._batches[accelerator.process_index :: accelerator.num_processes]
        zero = torch.zeros((), device=accelerator.device)
        loss = sum((text_cross_entropy(module, batch) for batch in mine), zero)
        total = float(accelerator.reduce(loss, reduction="sum"))
        return TextFigures(total / max(1, sum(batch.weight for batch in self._batches)))
