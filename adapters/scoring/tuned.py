"""`TunedLlama`: label scores of a Llama with LoRA updates on it, through which gradients flow.

Takes a peft model; gives the logits that `TightLlama` would give with the updates merged, so that a model is
trained exactly as it is scored: the same shared prefix, the same label tokens, nothing else computed. Only
plain LoRA and rsLoRA are computed here; `general.GeneralTuned` takes whatever else peft knows. `AsForward` lets a
scorer use either.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from thymos.adapters.scoring.engine import give_back_freed_memory
from thymos.adapters.scoring.layer import Deltas, LowRank
from thymos.adapters.scoring.tight import TightLlama, supports
from thymos.adapters.scoring.trie import LabelTrie

_ADAPTER = "default"  # the name that peft gives an adapter unless told otherwise
_GIVE_BACK_EVERY = 8  # batches


def supports_tuning(model: Any) -> bool:
    """Say whether a peft model is computed here: plain LoRA on the linears of a Llama that `supports` allows."""
    config = model.peft_config[_ADAPTER]
    return is_plain(config) and not config.lora_dropout and supports(model.get_base_model().config)


def is_plain(config: Any) -> bool:
    """Say whether a peft configuration is LoRA or rsLoRA of one rank and one scale, and nothing else."""
    return bool(
        config.peft_type == "LORA"
        and not config.use_dora
        and config.bias == "none"
        and not config.modules_to_save
        and not config.rank_pattern
        and not config.alpha_pattern
    )


class TunedLlama(nn.Module):
    """A module whose parameters are peft's and whose forward is the tight one."""

    packs = True

    def __init__(self, model: Any, *, compiled: bool = False) -> None:
        """Take over the weights of the base model; peft keeps the low-rank matrices.

        Args:
            model: a `PeftModel` for which `supports_tuning` holds.
            compiled: compile the layer with `torch.compile`.
        """
        super().__init__()
        self.model = model
        base = model.get_base_model()
        self._tight = TightLlama(base, compiled=compiled)
        self._dtype = base.get_input_embeddings().weight.dtype  # of the products; peft keeps its matrices in fp32
        self._wrapped = [_linears(layer) for layer in base.model.layers]

    def forward(
        self, prefix: Sequence[int], rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None
    ) -> Tensor:
        """Score every choice of the trie after each row, (rows, choices), float32; `soft` as in `soft.embed`."""
        return self._tight.tuned_logits(self._deltas(), prefix, rows, trie, soft)

    def states(self, ids: Tensor) -> Tensor:
        """Return the last states of rows of ids; see `TightLlama.tuned_states`."""
        return self._tight.tuned_states(self._deltas(), ids)

    @property
    def head(self) -> Tensor:
        """The LM head, (vocabulary, dim)."""
        return self._tight.parts.head

    def _deltas(self) -> list[Deltas]:
        return [
            Deltas(
                qkv=_low_rank(linears[0:3], self._dtype),
                attention_out=_low_rank(linears[3:4], self._dtype),
                gate_up=_low_rank(linears[4:6], self._dtype),
                down=_low_rank(linears[6:7], self._dtype),
            )
            for linears in self._wrapped
        ]


class AsForward:
    """A module that is being trained, as the forward pass of a `LabelScorer`; no gradients are kept."""

    def __init__(self, module: nn.Module) -> None:
        """Keep the module.

        Args:
            module: `TunedLlama` or `GeneralTuned`.
        """
        self._module = module
        self.packs = bool(module.packs)
        self._batches = 0

    def prefix(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Return the prefix as it is: its keys and values change with every step."""
        return tuple(ids)

    @torch.inference_mode()
    def logits(
        self, prefix: Sequence[int], rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None
    ) -> Tensor:
        """Score every choice of the trie after each row."""
        if self._batches % _GIVE_BACK_EVERY == 0:  # what training keeps between its steps, scoring has no use for
            give_back_freed_memory()
        self._batches += 1
        scores: Tensor = self._module(prefix, rows, trie, soft)
        return scores


def _linears(layer: Any) -> list[Any]:
    """Return the linears of a layer in the order of the fused matrices."""
    attention, mlp = layer.self_attn, layer.mlp
    attending = [attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj]
    return [*attending, mlp.gate_proj, mlp.up_proj, mlp.down_proj]


def _low_rank(linears: Sequence[Any], dtype: torch.dtype) -> LowRank | None:
    """Gather the updates of the parts of a fused matrix; a part without one gets zeros of the same rank."""
    tuned = [linear for linear in linears if hasattr(linear, "lora_A")]
    if not tuned:
        return None
    like = tuned[0].lora_A[_ADAPTER].weight
    downs, ups = [], []
    for linear in linears:
        if hasattr(linear, "lora_A"):
            downs.append(linear.lora_A[_ADAPTER].weight)
            ups.append(linear.lora_B[_ADAPTER].weight * linear.scaling[_ADAPTER])
        else:
            downs.append(torch.zeros_like(like))
            ups.append(like.new_zeros(linear.out_features, len(like)))
    return LowRank(down=torch.cat(downs).to(dtype), ups=tuple(up.to(dtype) for up in ups))
