"""Texts as points: a flat map of their embeddings, and the real text that is nearest to a synthetic one.

Takes unit vectors; gives coordinates and neighbours. Knows nothing of what made the vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # rows compared at a time

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Two principal components.

    Attributes:
        points: (texts, 2), each axis from 0 to 1.
        explained: share of the variance that each of the two holds.
    """

    points: NDArray[np.float64]
    explained: tuple[float, float]


def flat_map(vectors: Vectors) -> Map:
    """Lay vectors out by their two principal components; signs are fixed, so that equal vectors give equal maps."""
    centred = np.asarray(vectors, dtype=np.float64) - vectors.mean(axis=0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=False)
    spread, axes = np.pad(spread, (0, 2))[:2], np.pad(axes, ((0, 2), (0, 0)))[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    points = centred @ (axes * np.where(signs == 0, 1, signs)[:, None]).T  # (texts, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    total = float((centred**2).sum()) or 1.0
    share = (spread**2 / total).tolist()
    return Map((points - low) / np.where(high > low, high - low, 1.0), (share[0], share[1]))


def nearest(made: Vectors, real: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each synthetic text the place of the nearest real one, and their cosine."""
    places = np.zeros(len(made), dtype=np.int64)
    cosines = np.zeros(len(made))
    for start in range(0, len(made), _BLOCK):
        alike = made[start : start + _BLOCK] @ real.T  # (block, real)
        places[start : start + _BLOCK] = alike.argmax(axis=1)
        cosines[start : start + _BLOCK] = alike.max(axis=1)
    return places, cosines


def spread_out(cosines: Sequence[float], count: int) -> list[int]:
    """Return places of so many texts: the nearest half from the top, the others evenly down to the farthest."""
    order = sorted(range(len(cosines)), key=lambda place: -cosines[place])
    top = order[: (count + 1) // 2]
    rest = order[len(top) :]
    steps = min(count - len(top), len(rest))
    return top + [rest[round((number + 1) * (len(rest) - 1) / steps)] for number in range(steps)]


def vendi(vectors: Vectors) -> float:
    """Return how many really different texts there are: Vendi score (Friedman and Dieng 2023) of cosine similarity."""
    spread = np.linalg.svd(np.asarray(vectors, dtype=np.float64), compute_uv=False) ** 2
    share = spread[spread > 1e-12] / spread.sum()
    return float(np.exp(-(share * np.log(share)).sum()))
