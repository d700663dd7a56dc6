"""Training views of faces: moved, turned, scaled, mirrored, lit otherwise, with a patch erased.

Takes grey faces and a generator; gives a batch of the side asked for, in [0, 1]. Geometry is one resampling. Erasing
after Zhong et al. (2020, arXiv:1708.04896). Knows no labels.
"""

import math

import torch
from torch import Tensor

TURN = math.radians(14)  # most, either way
SCALE = (0.80, 1.06)  # side of the part that is seen, of the whole
SHIFT = 0.10  # most, of half a side
ERASE = 0.5  # share of the views that lose a patch
PATCH = (0.12, 0.40)  # its sides, of the side


def augment(faces: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return one view of each face.

    Args:
        faces: shape (batch, height, width), uint8.
        side: of a view, pixels.
        generator: all chance comes from it.

    Returns:
        Shape (batch, 1, side, side), float32, about [0, 1].
    """
    count = len(faces)

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * (high - low) + low

    angle, scale, squeeze = draw(-TURN, TURN), draw(*SCALE), draw(0.94, 1.06)
    mirror = (torch.rand(count, generator=generator) < 0.5).float() * 2 - 1
    shift = draw(-SHIFT, SHIFT, 2)
    rows = [
        torch.stack([mirror * scale * angle.cos(), -scale * angle.sin(), shift[:, 0]], 1),
        torch.stack([mirror * scale * squeeze * angle.sin(), scale * squeeze * angle.cos(), shift[:, 1]], 1),
    ]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), [count, 1, side, side], align_corners=False)
    views = torch.nn.functional.grid_sample(
        faces[:, None].float() / 255, grid, padding_mode="reflection", align_corners=False
    )
    views = (views - 0.5) * draw(0.75, 1.3, 1, 1, 1) + 0.5 + draw(-0.15, 0.15, 1, 1, 1)
    return _erase(views, draw(*PATCH, 2), draw(0, 1, 2), torch.rand(count, generator=generator) < ERASE)


def _erase(views: Tensor, size: Tensor, centre: Tensor, chosen: Tensor) -> Tensor:
    """Set a patch of the chosen views to mid grey; `size` and `centre` (batch, 2) are parts of the side."""
    place = (torch.arange(views.shape[-1]) + 0.5) / views.shape[-1]
    inside = (place - centre[..., None]).abs() < size[..., None] / 2  # (batch, 2, side)
    patch = inside[:, 0, :, None] & inside[:, 1, None, :] & chosen[:, None, None]
    return views.masked_fill(patch[:, None], 0.5)
