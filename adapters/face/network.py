"""The face network: a small residual net over grey 48 x 48 faces with two heads, FER2013's labels and FER+'s.

Takes grey faces in [0, 1]; gives a map of cells and the logits of both heads. Residual blocks after He et al. (2016,
arXiv:1512.03385), averaged shortcuts after He et al. (2019, arXiv:1812.01187). Knows nothing of pictures or detection.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

FER2013_LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FERPLUS_LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
SIDE = 48  # pixels of a face, height and width
WIDTHS = (48, 96, 192, 384)  # channels per stage; each but the first halves the map
DEPTHS = (2, 2, 2, 1)  # blocks per stage
MEAN, SPREAD = 0.507, 0.255  # of FER2013's pixels in [0, 1]


class FaceNetwork(nn.Module):
    """Grey faces -> last map -> logits.

    Args:
        widths: channels of each stage.
        depths: blocks of each stage.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, depths: Sequence[int] = DEPTHS) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        blocks: list[nn.Module] = []
        before = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for block in range(depth):
                blocks.append(_Block(before, width, stride=2 if stage and not block else 1))
                before = width
        self.blocks = nn.Sequential(*blocks)
        self.drop = nn.Dropout(0.2)
        self.fer2013 = nn.Linear(before, len(FER2013_LABELS))
        self.ferplus = nn.Linear(before, len(FERPLUS_LABELS))

    def map(self, faces: Tensor) -> Tensor:
        """Return the last map, (batch, dim, 3, 3), of faces (batch, 1, 48, 48) in [0, 1]."""
        found: Tensor = self.blocks(self.stem((faces - MEAN) / SPREAD))
        return found

    def heads(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits over `FER2013_LABELS` and over `FERPLUS_LABELS` of pooled maps (batch, dim)."""
        pooled = self.drop(pooled)
        return self.fer2013(pooled), self.ferplus(pooled)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits over `FER2013_LABELS` and over `FERPLUS_LABELS`, each (batch, labels)."""
        return self.heads(self.map(faces).mean((2, 3)))


class _Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(before, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut: nn.Module = nn.Identity()
        if before != width or stride > 1:
            pool = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
            self.shortcut = nn.Sequential(pool, nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, values: Tensor) -> Tensor:
        return torch.relu(self.inner(values) + self.shortcut(values))


def build_network(weights: Mapping[str, Tensor] | None = None) -> FaceNetwork:
    """Return the network, with weights as saved or as drawn from torch's random state."""
    network = FaceNetwork()
    if weights is not None:
        network.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
        )
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
