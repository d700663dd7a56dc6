"""What can be said of a face: what was measured, in words and numbers, and the quality of the picture.

Takes a `FaceSignal` and, where a network gave them, shares of expressions; gives `Measured` values and flags. Says what
was measured and no more: a share is the network's, not the person's.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from thymos.adapters.face.align import grey
from thymos.adapters.face.signal import FaceSignal
from thymos.adapters.modality import Measured, Observed

SMALL = 40  # pixels; of a face in the file, where FER2013 has 48
DARK, BRIGHT = 45, 215  # mean luma of 255
FLAT = 18  # standard deviation of the luma
BLURRED = 0.02  # of `sharpness`: 99 of 100 of FER2013 lie above 0.2, blurred with a sigma of 1.5 pixels they reach 0.02
SECOND = 0.15  # least share of an expression beside the first that is told
UPRIGHT = 8  # degrees; less tilt is not worth a word
LOOKS: Mapping[str, str] = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprised",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "afraid",
    "contempt": "contemptuous",
}


def observe_faces(
    signal: FaceSignal, labels: Sequence[str] = (), shares: NDArray[np.float32] | None = None, by: str = "face network"
) -> Observed:
    """Put a signal into words.

    Args:
        signal: faces of one person.
        labels: of the expressions.
        shares: of each picture over the labels, shape (pictures, labels); None without a network that gives them.
        by: what gave them.
    """
    cues: list[Measured] = []
    if shares is not None:
        cues += _expressions(signal, labels, shares, by)
    if np.isfinite(signal.tilts).any():
        cues.append(_tilt(float(np.nanmedian(signal.tilts))))
    size = float(np.median(signal.sides))
    cues.append(Measured("face size", f"face {size:.0f} pixels wide", size, "px"))
    if signal.people is not None:
        words = "one face" if signal.people == 1 else f"{signal.people} faces"
        cues.append(Measured("faces", f"{words} in the {'video' if signal.video else 'picture'}", float(signal.people)))
    if signal.video:
        cues.append(Measured("pictures", f"face seen in {len(signal.faces)} pictures", float(len(signal.faces))))
    lumas = grey(signal.faces)
    sharp = float(np.median([sharpness(luma) for luma in lumas]))
    cues.append(Measured("sharpness", "blurred picture" if sharp < BLURRED else "sharp picture", sharp))
    return Observed(tuple(cues), signal.flags + _flags(lumas, size, sharp))


def sharpness(luma: NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian over that of the luma: low where edges are soft, whatever the contrast.

    After Pertuz et al. (2013, Pattern Recognition 46(5)), `LAP4`.
    """
    small = np.asarray(cv2.resize(luma, (48, 48), interpolation=cv2.INTER_AREA), np.float64)
    return float(cv2.Laplacian(small, cv2.CV_64F).var() / max(small.var(), 1.0))


def _expressions(signal: FaceSignal, labels: Sequence[str], shares: NDArray[np.float32], by: str) -> list[Measured]:
    """Return the leading expression, one beside it, and a change over a video."""
    mean = shares.mean(0)
    first, second = np.argsort(-mean, kind="stable")[:2]
    cues = [_looks(labels[first], float(mean[first]), by)]
    if mean[second] >= SECOND:
        cues.append(_looks(labels[second], float(mean[second]), by))
    if signal.video and len(shares) >= 4:
        half = len(shares) // 2
        early, late = (int(part.mean(0).argmax()) for part in (shares[:half], shares[half:]))
        if early != late:
            words = f"turns from {_word(labels[early])} to {_word(labels[late])} to the {by}"
            cues.append(Measured("change of expression", words))
    return cues


def _looks(label: str, share: float, by: str) -> Measured:
    return Measured("expression", f"looks {_word(label)} to the {by}, {100 * share:.0f} %", share)


def _word(label: str) -> str:
    return LOOKS.get(label.lower(), label)


def _tilt(degrees: float) -> Measured:
    if abs(degrees) < UPRIGHT:
        return Measured("head tilt", "head upright", degrees, "deg")
    side = "right" if degrees > 0 else "left"  # of the picture: a mirrored selfie has no other
    return Measured("head tilt", f"head tilted {abs(degrees):.0f} degrees to the {side} of the picture", degrees, "deg")


def _flags(lumas: NDArray[np.uint8], size: float, sharp: float) -> tuple[str, ...]:
    """Return sentences about what makes a reading unsure."""
    mean = float(lumas.mean())
    found = {
        f"small face: {size:.0f} pixels": size < SMALL,
        "blurred face": sharp < BLURRED,
        f"dark face: mean brightness {mean:.0f} of 255": mean < DARK,
        f"overexposed face: mean brightness {mean:.0f} of 255": mean > BRIGHT,
        "face almost without contrast": float(lumas.std(axis=(-2, -1)).mean()) < FLAT,
    }
    return tuple(flag for flag, holds in found.items() if holds)
