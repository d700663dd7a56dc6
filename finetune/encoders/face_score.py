"""How often the face network is right: `score` a network, `evaluate_face_encoder` a file of weights.

Takes a split of FER2013; gives a `FaceScore`. Knows no training.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from thymos.adapters.face.encoder import WEIGHTS, load_network
from thymos.adapters.face.network import FaceNetwork
from thymos.finetune.encoders.face_data import UNLABELLED, FaceData, read_faces


@dataclass(frozen=True, slots=True)
class FaceScore:
    """Accuracy on one split.

    Attributes:
        split: which one.
        fer2013: share of right labels among FER2013's seven.
        ferplus: share of right labels among FER+'s eight, rows without a majority left out.
        rows: labelled rows of each, in this order.
    """

    split: str
    fer2013: float
    ferplus: float
    rows: tuple[int, int]


def evaluate_face_encoder(weights: Path, data: Path, split: str) -> FaceScore:
    """Measure a file of weights on a split.

    Args:
        weights: file, or folder with `model.safetensors`.
        data: folder with `labels.csv` and `<split>.zip`.
        split: train, valid or test.

    Raises:
        InputError: the data's folder has not these files.
        ModelError: the weights are no face network's.
    """
    file = weights / WEIGHTS if weights.is_dir() else weights
    return score(load_network(file), read_faces(data, split), split)


def score(network: FaceNetwork, data: FaceData, split: str) -> FaceScore:
    """Measure a network, each face seen as it is and mirrored, the mean of both maps going to the heads."""
    network.eval()
    right, counts = [0, 0], [0, 0]
    with torch.inference_mode():
        for start in range(0, len(data), 256):
            faces = data.faces[start : start + 256, None].float() / 255
            pooled = (network.map(faces).mean((2, 3)) + network.map(faces.flip(-1)).mean((2, 3))) / 2
            for head, logits in enumerate(network.heads(pooled)):
                gold = (data.fer2013, data.ferplus)[head][start : start + 256]
                right[head] += int((logits.argmax(-1) == gold).sum())
                counts[head] += int((gold != UNLABELLED).sum())
    return FaceScore(split, right[0] / max(counts[0], 1), right[1] / max(counts[1], 1), (counts[0], counts[1]))
