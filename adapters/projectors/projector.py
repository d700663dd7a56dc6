"""`Projector`: frames of one encoder into k soft tokens in the embedding space of an LLM.

Takes padded frames and their lengths; gives vectors whose size is that of the LLM's own token embeddings. Three kinds:
`attention` pools with k learned queries, each giving an attention-weighted mean and deviation (attentive statistics
pooling, Okabe et al. 2018, arXiv:1803.10963), then an MLP; `linear` averages k equal stretches of time, then a matrix;
`qformer` lets k queries attend to the frames and to each other in two layers (after Li et al. 2023, arXiv:2301.12597).
Knows nothing of files, samples or prompts.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Kind = Literal["attention", "linear", "qformer"]
KINDS = ("attention", "linear", "qformer")

_EPSILON = 1e-5


class Projector(nn.Module):
    """Projects the frames of one encoder.

    Attributes:
        tokens: soft tokens of one signal.
    """

    def __init__(
        self,
        *,
        kind: Kind,
        dim: int,
        layers: int,
        tokens: int,
        width: int,
        size: int,
        norm: float,
        dropout: float = 0.0,
    ) -> None:
        """Make a projector with fresh weights.

        Args:
            kind: how frames are pooled.
            dim: of a frame of one layer.
            layers: that lie side by side in a frame; a learned mix of them is taken.
            tokens: soft tokens to give.
            width: of the space in which frames are pooled.
            size: of the LLM's embeddings.
            norm: root mean square of the LLM's token embeddings, which soft tokens begin with.
            dropout: on the pooled vectors.
        """
        super().__init__()
        self.tokens = tokens
        self._dim, self._layers = dim, layers
        self.register_buffer("mean", torch.zeros(layers * dim))
        self.register_buffer("deviation", torch.ones(layers * dim))
        self.mix = nn.Parameter(torch.zeros(layers))
        self.enter = nn.Linear(dim, width)
        self.pool = _POOLS[kind](width, tokens)
        pooled = 2 * width if kind == "attention" else width
        leave: list[nn.Module] = [nn.LayerNorm(pooled), nn.Dropout(dropout)]
        if kind == "attention":
            leave += [nn.Linear(pooled, width), nn.GELU(), nn.Dropout(dropout)]
        self.leave = nn.Sequential(*leave, nn.Linear(width, size))
        self.scale = nn.Parameter(torch.tensor(float(norm)))

    @torch.no_grad()
    def standardise(self, mean: Tensor, deviation: Tensor) -> None:
        """Set what frames are standardised by, each (layers * dim,): of the training frames."""
        self.get_buffer("mean").copy_(mean)
        self.get_buffer("deviation").copy_(deviation.clamp(min=_EPSILON))

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Project.

        Args:
            frames: (signals, frames, layers * dim), padded at the end.
            lengths: frames of each signal, (signals,), each at least 1.

        Returns:
            (signals, tokens, size), float32.
        """
        seen = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]  # (signals, frames)
        mean, deviation = self.get_buffer("mean"), self.get_buffer("deviation")
        # An outlier of another recorder shall not drown the rest.
        plain = ((frames.float() - mean) / deviation).clamp(-10, 10)
        layers = plain.reshape(*plain.shape[:-1], self._layers, self._dim)
        mixed = torch.einsum("stld,l->std", layers, self.mix.softmax(0))
        pooled = self.pool(self.enter(mixed), seen)  # (signals, tokens, pooled)
        out: Tensor = self.leave(pooled)
        rms = out.square().mean(-1, keepdim=True).add(_EPSILON**2).sqrt()
        return out / rms * self.scale


class _Attention(nn.Module):
    """Attentive statistics: k queries, each a weighted mean and deviation, (signals, k, 2 * width)."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, tokens))

    def forward(self, frames: Tensor, seen: Tensor) -> Tensor:
        scores = self.score(frames).masked_fill(~seen[..., None], float("-inf"))
        weights = scores.softmax(1).transpose(1, 2)  # (signals, k, frames)
        mean = weights @ frames
        variance = weights @ frames.square() - mean.square()
        return torch.cat([mean, variance.clamp(min=_EPSILON).sqrt()], dim=-1)


class _Linear(nn.Module):
    """Means over k equal stretches of the signal, (signals, k, width)."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self._tokens = tokens

    def forward(self, frames: Tensor, seen: Tensor) -> Tensor:
        lengths = seen.sum(1, keepdim=True)
        places = torch.arange(frames.shape[1], device=frames.device)
        edges = torch.arange(self._tokens + 1, device=frames.device) * lengths / self._tokens  # (signals, k + 1)
        first, last = edges[:, :-1].floor(), edges[:, 1:].ceil().clamp(min=1)
        within = (places >= first[..., None]) & (places < last[..., None])  # (signals, k, frames)
        weights = within / within.sum(-1, keepdim=True).clamp(min=1)
        return weights @ frames


class _QFormer(nn.Module):
    """Queries that attend to frames and to each other, (signals, k, width)."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(tokens, width) * width**-0.5)
        layer = nn.TransformerDecoderLayer(
            width, nhead=4, dim_feedforward=2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.decoder = nn.TransformerDecoder(layer, num_layers=2)

    def forward(self, frames: Tensor, seen: Tensor) -> Tensor:
        queries = self.queries.expand(len(frames), -1, -1)
        pooled: Tensor = self.decoder(queries, frames, memory_key_padding_mask=~seen)
        return pooled


_POOLS: dict[str, type[nn.Module]] = {"attention": _Attention, "linear": _Linear, "qformer": _QFormer}
