"""One Llama decoder layer over a batch of rows behind a shared prefix, as plain arithmetic.

Takes tensors, gives tensors; every step is written so that `torch.compile` fuses what lies between two matrix products.
Used by `TightLlama`; knows nothing of models, tokens or labels.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LowRank:
    """A LoRA update of one fused matrix, W + scale * up @ down for each part (Hu et al. 2022, arXiv:2106.09685).

    Attributes:
        down: A of every part, one under another, (parts * rank, in).
        ups: B of each part, (out, rank), already times the scale.
    """

    down: Tensor
    ups: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Deltas:
    """LoRA updates of one decoder layer; None leaves a matrix as it is."""

    qkv: LowRank | None = None
    attention_out: LowRank | None = None
    gate_up: LowRank | None = None
    down: LowRank | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one decoder layer; matrices are (out, in)."""

    attention_norm: Tensor
    qkv: Tensor
    attention_out: Tensor
    mlp_norm: Tensor
    gate_up: Tensor
    down: Tensor
    deltas: Deltas = field(default_factory=Deltas)


def decode(
    hidden: Tensor,
    layer: Layer,
    cosine: Tensor,
    sine: Tensor,
    mask: Tensor,
    prefix_keys: Tensor,
    prefix_values: Tensor,
    heads: int,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One decoder layer over a batch of rows behind a shared prefix.

    Args:
        hidden: (batch, tokens, dim).
        layer: its weights.
        cosine: of the rotary angles, (batch or 1, tokens, 1, 1, head dim).
        sine: likewise.
        mask: added to the rows' own scores, broadcast to (batch, kv heads, group, tokens, tokens).
        prefix_keys: (kv heads, prefix, head dim), rotated.
        prefix_values: (kv heads, prefix, head dim).
        heads: number of query heads.
        epsilon: of the norms.

    Returns:
        The new hidden state and the rows' keys and values, (batch, kv heads, tokens, head dim).
    """
    batch, tokens, _ = hidden.shape
    kv_heads, prefix, size = prefix_keys.shape
    group = heads // kv_heads  # query heads that share one key head (Ainslie et al. 2023)
    fused = _linear(norm(hidden, layer.attention_norm, epsilon), layer.qkv, layer.deltas.qkv)
    query, key, value = torch.split(fused, [heads * size, kv_heads * size, kv_heads * size], dim=-1)
    query = _rotate(query.view(batch, tokens, kv_heads, group, size), cosine, sine) * size**-0.5
    key = _rotate(key.view(batch, tokens, kv_heads, 1, size), cosine, sine).squeeze(3).transpose(1, 2)
    value = value.view(batch, tokens, kv_heads, size).transpose(1, 2)  # (batch, kv heads, tokens, size)

    rows = query.permute(0, 2, 3, 1, 4).reshape(batch * kv_heads, group * tokens, size)
    flat_key = key.reshape(batch * kv_heads, tokens, size)
    own = torch.bmm(rows, flat_key.transpose(1, 2)).view(batch, kv_heads, group, tokens, tokens) + mask
    if prefix:
        shared_query = query.permute(2, 0, 3, 1, 4).reshape(kv_heads, batch * group * tokens, size)
        shared = torch.bmm(shared_query, prefix_keys.transpose(1, 2))
        shared = shared.view(kv_heads, batch, group, tokens, prefix).transpose(0, 1)
        top = torch.maximum(own.amax(-1, keepdim=True), shared.amax(-1, keepdim=True)).detach().float()
    else:
        top = own.amax(-1, keepdim=True).detach().float()  # cancels out: no gradient goes through it
    own_weight = (own.float() - top).exp()
    total = own_weight.sum(-1, keepdim=True)
    flat_value = value.reshape(batch * kv_heads, tokens, size)
    flat_weight = own_weight.to(hidden.dtype).view(batch * kv_heads, group * tokens, tokens)
    mixed = torch.bmm(flat_weight, flat_value).view(batch, kv_heads, group, tokens, size).float()
    if prefix:
        shared_weight = (shared.float() - top).exp()
        total = total + shared_weight.sum(-1, keepdim=True)
        flat = shared_weight.to(hidden.dtype).transpose(0, 1).reshape(kv_heads, -1, prefix)
        late = torch.bmm(flat, prefix_values).view(kv_heads, batch, group, tokens, size)
        mixed = mixed + late.transpose(0, 1)
    attended = (mixed / total).to(hidden.dtype).permute(0, 3, 1, 2, 4).reshape(batch, tokens, heads * size)
    hidden = hidden + _linear(attended, layer.attention_out, layer.deltas.attention_out)
    wide = _linear(norm(hidden, layer.mlp_norm, epsilon), layer.gate_up, layer.deltas.gate_up)
    gate, up = wide.chunk(2, dim=-1)
    return hidden + _linear(F.silu(gate) * up, layer.down, layer.deltas.down), key, value


def norm(hidden: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Root mean square norm over the last axis, in fp32 (Zhang and Sennrich 2019)."""
    wide = hidden.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)).to(hidden.dtype) * weight


def _rotate(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Apply rotary positions, halves convention (Su et al. 2021)."""
    first, second = states.chunk(2, dim=-1)
    return states * cosine + torch.cat([-second, first], dim=-1) * sine


def _linear(states: Tensor, weight: Tensor, delta: LowRank | None) -> Tensor:
    """Matrix product, with its LoRA update where there is one."""
    out = F.linear(states, weight)
    if delta is None:
        return out
    inner = F.linear(states, delta.down).chunk(len(delta.ups), dim=-1)
    return out + torch.cat([F.linear(part, up) for part, up in zip(inner, delta.ups, strict=True)], dim=-1)
