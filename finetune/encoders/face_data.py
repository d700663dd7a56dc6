"""FER2013 pictures with FER2013's labels and FER+'s votes, as tensors.

Takes a folder with `labels.csv` and `<split>.zip`; gives `FaceData`. Nothing is unpacked to the disk. FER+ (Barsoum
et al. 2016, arXiv:1608.01041): votes that stand alone are dropped, the rest are the target. Knows no network.
"""

import csv
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from thymos.adapters.face.network import FER2013_LABELS, FERPLUS_LABELS, SIDE
from thymos.prompts.errors import InputError

SPLITS = ("train", "valid", "test")
UNLABELLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class FaceData:
    """One split.

    Attributes:
        faces: grey, shape (rows, 48, 48), uint8.
        fer2013: index into `FER2013_LABELS`, or `UNLABELLED`; shape (rows,).
        ferplus: index of the majority into `FERPLUS_LABELS`, or `UNLABELLED`; shape (rows,).
        votes: shares of the votes over `FERPLUS_LABELS`, shape (rows, 8); a row of zeros has none.
    """

    faces: Tensor
    fer2013: Tensor
    ferplus: Tensor
    votes: Tensor

    def __len__(self) -> int:
        return len(self.faces)

    def digest(self) -> str:
        """Return a SHA-256 over pictures and labels."""
        total = hashlib.sha256()
        for values in (self.faces, self.fer2013, self.ferplus, self.votes):
            total.update(values.numpy().tobytes())
        return total.hexdigest()


def read_faces(folder: Path, split: str, *, limit: int | None = None) -> FaceData:
    """Read a split.

    Args:
        folder: with `labels.csv` and `<split>.zip`.
        split: one of `SPLITS`.
        limit: rows to take from the beginning; None is all.

    Raises:
        InputError: the folder has not these files, or they hold something else.
    """
    if split not in SPLITS:
        raise InputError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    try:
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["split"] == split][:limit]
        with zipfile.ZipFile(folder / f"{split}.zip") as archive:
            faces = np.stack([_grey(archive.read(row["file"])) for row in rows])
        return FaceData(
            faces=torch.from_numpy(faces),
            fer2013=torch.tensor([_index(FER2013_LABELS, row["fer2013_label"]) for row in rows]),
            ferplus=torch.tensor([_index(FERPLUS_LABELS, row["emotion"]) for row in rows]),
            votes=torch.tensor([_shares(row) for row in rows]),
        )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"face data must be a folder with labels.csv and {split}.zip as its SOURCE.md says, got {folder}: {error}"
        ) from error


def _grey(content: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Decode one picture."""
    from PIL import Image

    with Image.open(BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("L"))
    if pixels.shape != (SIDE, SIDE):
        raise ValueError(f"a picture must be {SIDE} x {SIDE}, got {pixels.shape}")
    return pixels


def _index(labels: tuple[str, ...], name: str) -> int:
    return labels.index(name) if name else UNLABELLED


def _shares(row: Mapping[str, str]) -> list[float]:
    """Return the shares of the votes, those that stand alone dropped; zeros when nobody saw an emotion in it."""
    votes = [int(row[f"votes_{label}"]) for label in FERPLUS_LABELS]
    votes = [count if count > 1 else 0 for count in votes] if max(votes) > 1 else votes
    if int(row["votes_NF"]) > sum(votes):  # not a face
        return [0.0] * len(votes)
    return [count / max(sum(votes), 1) for count in votes]
