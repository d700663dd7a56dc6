"""What a labeler reads in every turn of some conversations: kept in the run folder, since it takes minutes.

Takes texts and a labeler; gives distributions. A run that is taken up again reads nothing twice.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from thymos.adapters.sample import Sample
from thymos.adapters.whole_file import whole_file
from thymos.prompts.errors import RowError

_AT_ONCE = 2048
Matrix = NDArray[np.float32]


class Reader(Protocol):
    """A labeler: `thymos.agent.prediction.BatchLabeler` is one."""

    def identity(self) -> Mapping[str, object]:
        """Return whose readings these are."""
        ...

    def label_batch(self, samples: Sequence[Sample]) -> Sequence[Any]:
        """Return a prediction with `probabilities`, or a `RowError`, for each sample."""
        ...


def read_all(
    texts: Sequence[str],
    reader: Reader,
    names: Sequence[str],
    folder: Path,
    on_read: Callable[[int, int], None] = lambda done, total: None,
) -> Matrix:
    """Return the distributions of texts, (texts, labels); zeros where one could not be read.

    Args:
        texts: to read.
        reader: reads.
        names: labels, in the order of the columns.
        folder: to keep them in.
        on_read: called after each part with how many are read, and how many there are.

    Raises:
        OutputError: the disk is full or refuses.
    """
    found: list[Matrix] = []
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        digest = hashlib.sha256(repr((sorted(reader.identity().items()), names, part)).encode()).hexdigest()[:32]
        path = folder / f"{digest}.safetensors"
        read = _kept(path, len(part), len(names))
        if read is None:
            answers = reader.label_batch([Sample(str(place), text) for place, text in enumerate(part)])
            read = np.array(
                [
                    [0.0] * len(names)
                    if isinstance(answer, RowError)
                    else [answer.probabilities.get(name, 0.0) for name in names]
                    for answer in answers
                ],
                dtype=np.float32,
            )
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as handle:
                handle.write(save({"read": read}))
        found.append(read)
        on_read(min(start + _AT_ONCE, len(texts)), len(texts))
    return np.concatenate(found) if found else np.zeros((0, len(names)), dtype=np.float32)


def _kept(path: Path, rows: int, columns: int) -> Matrix | None:
    try:
        read: Matrix = load_file(path)["read"]
    except (OSError, SafetensorError, KeyError):
        return None
    return read if read.shape == (rows, columns) else None
