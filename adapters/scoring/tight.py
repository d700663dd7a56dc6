"""`TightLlama`: a forward pass of Llama-architecture models made for scoring, not for generating.

Takes the weights of a transformers `LlamaForCausalLM`, a shared prefix and rows of token ids; gives the logits of
the label tokens at the last position of each row (and along the label trie). It agrees with transformers'
own forward: to rounding in fp32, within 0.02 of probability in bf16 (tests hold both).

What makes it fast on a CPU: query, key and value in one product and gate and up in another; the prefix's keys
and values computed once and never copied per row (its scores are one product for all rows); turns of one dialogue
computed once, not again with every later turn (`pack.py`, `layout.py`); right padding, which the causal mask makes
harmless; softmax normalised after the value product, where there is less to divide; the LM head applied to label
tokens alone (`layer.py` has the arithmetic). Knows nothing of text, prompts or label names.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from thymos.adapters.scoring.layer import Deltas, Layer, decode, norm
from thymos.adapters.scoring.layout import Layout, arrange, causal
from thymos.adapters.scoring.soft import embed
from thymos.adapters.scoring.trie import LabelTrie

# Pairs of query and key in a batch, from which a layer is computed again for its gradients instead of being kept: long
# dialogues would take gigabytes (Chen et al. 2016, arXiv:1604.06174).
_RECOMPUTE_FROM = 300_000


@dataclass(frozen=True, slots=True)
class Prefix:
    """Keys and values of the shared prefix, one pair a layer, each (kv heads, prefix, head dim)."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def length(self) -> int:
        """Tokens in the prefix."""
        return int(self.keys[0].shape[1])


@dataclass(frozen=True, slots=True)
class Parts:
    """What a `TightLlama` computes with, for others that compute the same in another way.

    Attributes:
        layers: fused weights, with LoRA updates where there are any.
        embedding: (vocabulary, dim).
        head: (vocabulary, dim); the same tensor where they are tied.
        final_norm: (dim).
        frequencies: of the rotary angles in radians per position, (head dim / 2).
        heads: of queries.
        kv_heads: of keys.
        epsilon: of the norms.
    """

    layers: tuple[Layer, ...]
    embedding: Tensor
    head: Tensor
    final_norm: Tensor
    frequencies: Tensor
    heads: int
    kv_heads: int
    epsilon: float


def supports(config: Any) -> bool:
    """Say whether a transformers config is the architecture computed here, with nothing left over.

    Llama's own attention without biases, SiLU, plain rotary positions and an unquantised matrix in each linear.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        getattr(config, "model_type", "") == "llama"
        and config.hidden_act == "silu"
        and not config.attention_bias
        and not config.mlp_bias
        and rope.get("rope_type", "default") == "default"
        and rope.get("partial_rotary_factor", 1.0) == 1.0
        and getattr(config, "quantization_config", None) is None
    )


class TightLlama:
    """Scores label tokens after rows that share a prefix."""

    packs = True

    def __init__(self, model: Any, *, compiled: bool = False) -> None:
        """Take over the weights of a model.

        The fused matrices are new; the model's own layers are emptied one by one so that no weight is held
        twice. The model can't be used afterwards.

        Args:
            model: a `LlamaForCausalLM` for which `supports(model.config)` holds.
            compiled: compile the layer with `torch.compile` (one graph for all layers and all shapes).
        """
        config = model.config
        self._heads = config.num_attention_heads
        self._kv_heads = config.num_key_value_heads
        self._head_dim = config.head_dim
        self._epsilon = config.rms_norm_eps
        self._embedding = model.get_input_embeddings().weight.data
        self._head = model.get_output_embeddings().weight.data
        self._final_norm = model.model.norm.weight.data
        self._layers = tuple(_take_layer(layer) for layer in model.model.layers)
        self._frequencies = _frequencies(config.rope_parameters["rope_theta"], self._head_dim).to(self._device)
        self._layer: Callable[..., tuple[Tensor, Tensor, Tensor]] = decode
        if compiled:
            self._layer = torch.compile(decode, dynamic=True)

    @property
    def parts(self) -> Parts:
        """Weights and sizes; nothing is copied."""
        return Parts(
            layers=self._layers,
            embedding=self._embedding,
            head=self._head,
            final_norm=self._final_norm,
            frequencies=self._frequencies,
            heads=self._heads,
            kv_heads=self._kv_heads,
            epsilon=self._epsilon,
        )

    @property
    def _device(self) -> torch.device:
        device: torch.device = self._embedding.device
        return device

    @torch.inference_mode()
    def prefix(self, ids: Sequence[int]) -> Prefix:
        """Compute keys and values of the tokens that every row begins with."""
        return self._read_prefix(self._layers, ids)

    @torch.inference_mode()
    def logits(
        self, prefix: Prefix, rows: Sequence[Sequence[int]], trie: LabelTrie, soft: Tensor | None = None
    ) -> Tensor:
        """Score every choice of the trie after each row.

        Args:
            prefix: from `prefix`.
            rows: token ids of each row after the prefix; padded here.
            trie: the label words.
            soft: see `soft.embed`.

        Returns:
            (rows, choices), float32, in the order of `trie.decisions`.
        """
        return self._read_rows(self._layers, prefix, rows, trie, soft)

    def tuned_logits(
        self,
        deltas: Sequence[Deltas],
        ids: Sequence[int],
        rows: Sequence[Sequence[int]],
        trie: LabelTrie,
        soft: Tensor | None = None,
    ) -> Tensor:
        """Score as `prefix` and `logits` do, with LoRA updates on the layers, through which gradients flow.

        Args:
            deltas: updates of each layer.
            ids: the shared prefix.
            rows: as in `logits`.
            trie: as in `logits`.
            soft: as in `logits`; gradients flow through it too.

        Returns:
            As `logits`.
        """
        layers = self.updated(deltas)._layers
        return self._read_rows(layers, self._read_prefix(layers, ids), rows, trie, soft)

    def tuned_states(self, deltas: Sequence[Deltas], ids: Tensor) -> Tensor:
        """Return the last states of rows without a shared prefix, with LoRA updates through which gradients flow.

        Args:
            deltas: updates of each layer.
            ids: tokens, (rows, longest), padded on the right: what is padding sees the row, and no token sees it.

        Returns:
            (rows, longest, dim), normed: what the head is applied to.
        """
        hidden = self._words(ids)
        cosine, sine = self._angles(torch.arange(ids.shape[1], device=self._device)[None], hidden)
        mask, empty = causal(ids.shape[1], hidden), hidden.new_zeros(self._kv_heads, 0, self._head_dim)
        for layer in self.updated(deltas)._layers:
            told = (hidden, layer, cosine, sine, mask, empty, empty, self._heads, self._epsilon)
            hidden, _, _ = self._layer(*told)
        return norm(hidden, self._final_norm, self._epsilon)

    def updated(self, deltas: Sequence[Deltas]) -> Self:
        """Return a twin with LoRA updates on its layers; both share every weight of the base.

        Args:
            deltas: updates of each layer.
        """
        twin = copy.copy(self)
        twin._layers = tuple(replace(layer, deltas=delta) for layer, delta in zip(self._layers, deltas, strict=True))
        return twin

    def _words(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self._embedding)

    def _read_prefix(self, layers: Sequence[Layer], ids: Sequence[int]) -> Prefix:
        hidden = F.embedding(torch.tensor([ids], device=self._device), self._embedding)
        positions = torch.arange(len(ids), device=self._device)[None]
        cosine, sine = self._angles(positions, hidden)
        keys, values = [], []
        empty = hidden.new_zeros(self._kv_heads, 0, self._head_dim)
        mask = causal(len(ids), hidden)
        for layer in layers:  # never compiled: one shape, once
            hidden, key, value = decode(hidden, layer, cosine, sine, mask, empty, empty, self._heads, self._epsilon)
            keys.append(key[0].contiguous())
            values.append(value[0].contiguous())
        return Prefix(keys=tuple(keys), values=tuple(values))

    def _read_rows(
        self,
        layers: Sequence[Layer],
        prefix: Prefix,
        rows: Sequence[Sequence[int]],
        trie: LabelTrie,
        soft: Tensor | None,
    ) -> Tensor:
        layout = arrange(rows, trie, self._embedding)
        hidden = embed(layout.tokens, self._words, soft)  # (packs, size, dim)
        cosine, sine = self._angles(prefix.length + layout.positions, hidden)
        packs, size = layout.tokens.shape
        again = torch.is_grad_enabled() and packs * size * (size + prefix.length) > _RECOMPUTE_FROM
        for layer, keys, values in zip(layers, prefix.keys, prefix.values, strict=True):
            told = (hidden, layer, cosine, sine, layout.mask, keys, values, self._heads, self._epsilon)
            trained = again and (hidden.requires_grad or layer.deltas != Deltas())
            hidden, _, _ = checkpoint(self._layer, *told, use_reentrant=False) if trained else self._layer(*told)
        return self._choices(hidden, layout, trie)

    def _angles(self, positions: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the rotary angles, (batch or 1, tokens, 1, 1, head dim)."""
        angles = positions[..., None].float() * self._frequencies  # radians
        angles = torch.cat([angles, angles], dim=-1)[:, :, None, None]
        return angles.cos().to(like.dtype), angles.sin().to(like.dtype)

    def _choices(self, hidden: Tensor, layout: Layout, trie: LabelTrie) -> Tensor:
        """Apply the LM head at each decision, to the tokens that may follow it."""
        flat = hidden.flatten(0, 1)
        parts = []
        for number, decision in enumerate(trie.decisions):
            at = norm(flat[layout.reads[:, number]], self._final_norm, self._epsilon)
            parts.append(F.linear(at, self._head[list(decision.tokens)]).float())
        return torch.cat(parts, dim=1)


def _take_layer(layer: Any) -> Layer:
    """Fuse the weights of a transformers layer and let go of the originals; peft's wrappers are looked through."""
    attention, mlp = layer.self_attn, layer.mlp
    query, key, value, attention_out = map(
        _base, (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj)
    )
    gate, up, down = map(_base, (mlp.gate_proj, mlp.up_proj, mlp.down_proj))
    taken = Layer(
        attention_norm=layer.input_layernorm.weight.data,
        qkv=torch.cat([query.weight, key.weight, value.weight]).detach(),
        attention_out=attention_out.weight.data,
        mlp_norm=layer.post_attention_layernorm.weight.data,
        gate_up=torch.cat([gate.weight, up.weight]).detach(),
        down=down.weight.data,
    )
    for linear in (query, key, value, gate, up):
        linear.weight = None
    return taken


def _base(linear: Any) -> Any:
    """Return a linear layer without what peft put around it."""
    return getattr(linear, "base_layer", linear)


def _frequencies(base: float, size: int) -> Tensor:
    """Rotary frequencies in radians per position, (head dim / 2,)."""
    return 1.0 / base ** (torch.arange(0, size, 2, dtype=torch.int64).float() / size)
