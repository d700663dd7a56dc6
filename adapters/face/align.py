"""`align_face`: a found face upright, in the framing of FER2013, at the side a network takes.

Takes RGB pixels and points of a face; gives a square. Eyes and mouth go where they lie in FER2013 on average, by the
similarity that fits best (Umeyama 1991, IEEE TPAMI 13(4)). Knows no network.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from thymos.adapters.face.detect import LEFT_EYE, MOUTH, RIGHT_EYE, FoundFace

# Where the detector finds both eyes and the mouth in FER2013, of the side: medians of the first 700 for training.
PLACES = np.array([(0.317, 0.392), (0.683, 0.392), (0.500, 0.770)])


def align_face(pixels: NDArray[np.uint8], face: FoundFace, side: int) -> NDArray[np.uint8]:
    """Cut a face out.

    Args:
        pixels: RGB, shape (height, width, 3).
        face: found in it.
        side: of the result, pixels.

    Returns:
        RGB, shape (side, side, 3); beyond the picture's edge it is mirrored.
    """
    points = face.points[[LEFT_EYE, RIGHT_EYE, MOUTH]].astype(np.float64)
    matrix = similarity(points, PLACES * side)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:  # many pixels become one: average them first, over the part that is needed
        reach = side / scale
        centre = points.mean(0)
        low = np.maximum(np.floor(centre - reach), 0).astype(int)
        high = np.minimum(np.ceil(centre + reach), (pixels.shape[1], pixels.shape[0])).astype(int)
        part = pixels[low[1] : high[1], low[0] : high[0]]
        factor = np.array([max(1, round(length * scale * 2)) for length in (part.shape[1], part.shape[0])])
        ratio = factor / (part.shape[1], part.shape[0])
        pixels = np.asarray(cv2.resize(part, factor.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
        matrix = similarity((points - low) * ratio, PLACES * side)
    turned = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(turned, np.uint8)


def fit_face(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a picture that is a cropped face already, as RGB of shape (side, side, 3); its longer side is cut."""
    height, width = pixels.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = pixels[top : top + edge, left : left + edge]
    if edge == side:
        return np.ascontiguousarray(square)
    how = cv2.INTER_AREA if edge > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=how), np.uint8)


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma (ITU-R BT.601) of RGB pixels, shape (..., height, width)."""
    return np.asarray(np.rint(pixels @ np.array([0.299, 0.587, 0.114])), np.uint8)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the turn, scale and shift, shape (2, 3), that bring points (n, 2) nearest to others."""
    middle, goal = source.mean(0), target.mean(0)
    one = (source - middle) @ np.array([1, 1j])
    two = (target - goal) @ np.array([1, 1j])
    size = float((abs(one) ** 2).sum())
    factor = (one.conj() @ two) / size if size > 1e-6 else 1.0 + 0j  # a complex factor turns and scales
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.concatenate([linear, (goal - linear @ middle)[:, None]], axis=1)
