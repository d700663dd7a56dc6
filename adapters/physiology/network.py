"""The network that reads frames of physiology: small convolutions beside features that are known to matter.

Takes the arrays of `Frames`; gives one vector a frame: what the convolutions learnt, the features as they are, the
features relative to the person's usual, and what is missing. Knows nothing of files or of what it is trained for.
Imports torch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from thymos.adapters.physiology.features import FEATURES
from thymos.adapters.physiology.frames import KINDS

_CLIP = 5.0


@dataclass(frozen=True, slots=True)
class Widths:
    """Sizes of the network.

    Attributes:
        pulse: what is learnt of the pulse wave.
        slow: what is learnt of skin conductance and temperature.
        channels: of the first convolution; the others have twice as many.
    """

    pulse: int = 24
    slow: int = 16
    channels: int = 16

    @property
    def learnt(self) -> int:
        """Numbers of a frame that are learnt."""
        return self.pulse + self.slow

    @property
    def dim(self) -> int:
        """Numbers of a frame."""
        return self.learnt + 2 * len(FEATURES) + len(KINDS) + 1


class PhysiologyNetwork(nn.Module):
    """Frames to vectors."""

    middle: Tensor
    spread: Tensor

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        self.widths = widths = widths or Widths()
        wide = 2 * widths.channels
        self.pulse = nn.Sequential(  # 32 Hz: strides 4, 4, 2 leave 1 Hz
            nn.Conv1d(1, widths.channels, 9, 4, 4),
            nn.GELU(),
            nn.Conv1d(widths.channels, wide, 7, 4, 3),
            nn.GELU(),
            nn.Conv1d(wide, wide, 5, 2, 2),
            nn.GELU(),
        )
        self.slow = nn.Sequential(  # 4 Hz: strides 2, 2 leave 1 Hz
            nn.Conv1d(2, widths.channels, 7, 2, 3), nn.GELU(), nn.Conv1d(widths.channels, wide, 5, 2, 2), nn.GELU()
        )
        self.pulse_out, self.slow_out = nn.Linear(2 * wide, widths.pulse), nn.Linear(2 * wide, widths.slow)
        # how features are scaled, of the recordings it was trained on
        self.register_buffer("middle", torch.zeros(len(FEATURES)))
        self.register_buffer("spread", torch.ones(len(FEATURES)))

    def learnt(self, pulse: Tensor, slow: Tensor) -> Tensor:
        """Return what the convolutions say of frames.

        Args:
            pulse: shape (frames, PULSE).
            slow: shape (frames, 2, SLOW).

        Returns:
            shape (frames, widths.learnt), each in -1..1.
        """
        heart, skin = self.pulse(pulse[:, None]), self.slow(slow)
        return torch.tanh(torch.cat([self.pulse_out(_pooled(heart)), self.slow_out(_pooled(skin))], dim=1))

    def forward(self, pulse: Tensor, slow: Tensor, features: Tensor, relative: Tensor, present: Tensor) -> Tensor:
        """Return the frames, shape (frames, widths.dim), finite; arguments as in `Frames`."""
        known = torch.isfinite(relative)
        absolute = ((features - self.middle) / self.spread).clamp(-_CLIP, _CLIP)
        return torch.cat(
            [
                self.learnt(pulse, slow),
                torch.nan_to_num(absolute, nan=0.0) / _CLIP,
                torch.where(known, relative, torch.zeros_like(relative)) / _CLIP,
                present,
                known.any(1, keepdim=True).to(present.dtype),  # whether there is a usual to compare with
            ],
            dim=1,
        )


def _pooled(hidden: Tensor) -> Tensor:
    """Return mean and spread over time, shape (frames, 2 * channels)."""
    return torch.cat([hidden.mean(2), torch.sqrt(hidden.var(2, unbiased=False) + 1e-5)], dim=1)
