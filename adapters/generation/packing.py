"""Weights of a Llama laid out for `step`: every matrix of all layers in one array, in 32, 16 or 8 bits.

Takes what `TightLlama` computes with; gives `Weights` and the table of token vectors. 16 bits lose nothing where the
weights are exact in bf16, as published ones are; 8 bits round each group of up to 64 columns to 255 steps. LoRA updates
are added in before. Knows nothing of how a step is computed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from thymos.adapters.generation.products import Codes, Floats
from thymos.adapters.generation.step import Weights
from thymos.adapters.scoring.layer import LowRank
from thymos.adapters.scoring.tight import Parts

Format = Literal["float32", "bfloat16", "int8"]
_GROUP = 64  # columns that share a scale, or fewer where the width is no multiple
_STEPS = 127


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix, or one of each layer, as codes.

    Attributes:
        codes: (..., out, in): float32, the upper halves of float32 as uint16, or int8.
        scales: (..., out, groups); ones where the codes need none.
    """

    codes: Codes
    scales: Floats

    def rows(self, numbers: NDArray[np.int64]) -> Floats:
        """Return some rows of a single matrix as numbers, (rows, in)."""
        codes = self.codes[numbers]
        if codes.dtype == np.uint16:
            return (codes.astype(np.uint32) << 16).view(np.float32)
        groups = self.scales.shape[-1]
        apart = codes.reshape(len(codes), groups, -1).astype(np.float32) * self.scales[numbers][:, :, None]
        return apart.reshape(codes.shape)


def lossless_format(parts: Parts) -> Format:
    """Return the smallest format that keeps every weight as it is."""
    matrices = [parts.embedding, parts.head]
    for layer in parts.layers:
        if layer.deltas.qkv or layer.deltas.attention_out or layer.deltas.gate_up or layer.deltas.down:
            return "float32"
        matrices += [layer.qkv, layer.attention_out, layer.gate_up, layer.down]
    exact = all(bool(torch.equal(each.bfloat16().to(each.dtype), each)) for each in matrices)
    return "bfloat16" if exact else "float32"


def pack(parts: Parts, form: Format, context: int) -> tuple[Weights, Matrix]:
    """Lay out the weights.

    Args:
        parts: of a `TightLlama`.
        form: number format of the matrices.
        context: longest sequence, tokens.

    Returns:
        What `step` reads, and the vectors of the tokens, (vocabulary, dim).
    """
    layers = parts.layers
    head = _packed([parts.head], form)
    embedding = head if parts.embedding.data_ptr() == parts.head.data_ptr() else _packed([parts.embedding], form)
    qkv = _packed([_whole(each.qkv, each.deltas.qkv) for each in layers], form)
    attention_out = _packed([_whole(each.attention_out, each.deltas.attention_out) for each in layers], form)
    gate_up = _packed([_whole(each.gate_up, each.deltas.gate_up) for each in layers], form)
    down = _packed([_whole(each.down, each.deltas.down) for each in layers], form)
    norms = [torch.stack([each.attention_norm, each.mlp_norm]) for each in layers]
    norms.append(torch.stack([parts.final_norm, parts.final_norm]))
    angles = torch.arange(context)[:, None].float() * parts.frequencies.cpu()  # radians, (context, head dim / 2)
    weights = Weights(
        qkv=qkv.codes,
        qkv_scales=qkv.scales,
        attention_out=attention_out.codes,
        attention_out_scales=attention_out.scales,
        gate_up=gate_up.codes,
        gate_up_scales=gate_up.scales,
        down=down.codes,
        down_scales=down.scales,
        head=head.codes[0],
        head_scales=head.scales[0],
        norms=torch.stack(norms).float().numpy(),
        rotation=torch.stack([angles.cos(), angles.sin()]).numpy(),
        epsilon=float(parts.epsilon),
    )
    return weights, Matrix(embedding.codes[0], embedding.scales[0])


def _whole(weight: Tensor, delta: LowRank | None) -> Tensor:
    """Return a matrix with its LoRA update added in."""
    if delta is None:
        return weight
    downs = delta.down.float().chunk(len(delta.ups))
    return weight.float() + torch.cat([up.float() @ down for up, down in zip(delta.ups, downs, strict=True)])


def _packed(matrices: Sequence[Tensor], form: Format) -> Matrix:
    """Lay matrices of one shape one behind another; only one at a time is held as numbers."""
    out, width = matrices[0].shape
    group = math.gcd(width, _GROUP) if form == "int8" else width
    kinds: dict[Format, type] = {"float32": np.float32, "bfloat16": np.uint16, "int8": np.int8}
    codes: Codes = np.empty((len(matrices), out, width), kinds[form])
    scales = np.ones((len(matrices), out, width // group if form == "int8" else 1), np.float32)
    for number, matrix in enumerate(matrices):
        if form == "bfloat16":
            codes[number] = matrix.bfloat16().contiguous().view(torch.uint16).numpy()
        elif form == "float32":
            codes[number] = matrix.float().numpy()
        else:
            apart = matrix.float().view(out, -1, group)
            scale = (apart.abs().amax(-1, keepdim=True) / _STEPS).clamp(min=torch.finfo(torch.float32).tiny)
            codes[number] = (apart / scale).round().to(torch.int8).view(out, width).numpy()
            scales[number] = scale[..., 0].numpy()
    return Matrix(codes, scales)
