"""`Heard`: what a writer learnt from, as hashes: enough to notice that it repeats thirteen words, too little to read.

Takes texts; gives sets of hashes, and a file for an adapter's folder, so that copies are found where the corpora are
not. Knows nothing of gates.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from thymos.prompts.errors import ModelError
from thymos.retrieval.grams import hashed, runs, words

FILE = "heard.safetensors"
RUN = 13  # words (Brown et al. 2020)
FEWEST = 6  # words of a shorter text that counts as a whole

_Hashes = NDArray[np.uint64]


class Heard:
    """Runs of thirteen words, and whole texts of six to twelve."""

    def __init__(self, runs_of: _Hashes, whole: _Hashes) -> None:
        """Take hashes.

        Args:
            runs_of: of runs, sorted.
            whole: of shorter texts, sorted.
        """
        self._runs = runs_of
        self._whole = whole

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Hash texts."""
        long: set[int] = set()
        short: set[int] = set()
        for text in texts:
            told = words(text)
            if len(told) >= RUN:
                long.update(runs(told, RUN))
            elif len(told) >= FEWEST:
                short.add(hashed(told))
        return cls(*(np.array(sorted(each), dtype=np.uint64) for each in (long, short)))

    def with_all_of(self, other: Self) -> Self:
        """Return what either heard: a model that learns on has not forgotten what it learnt before."""
        return type(self)(np.union1d(self._runs, other._runs), np.union1d(self._whole, other._whole))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read what lies in an adapter's folder; None where there is nothing.

        Raises:
            ModelError: it is damaged.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            found = load_file(path)
            return cls(found["runs"], found["whole"])
        except (SafetensorError, KeyError, OSError) as error:
            raise ModelError(f"{FILE} must be whole, got {error!r} in {folder}; fetch the adapter again") from error

    def save(self, folder: Path) -> None:
        """Write the file."""
        (folder / FILE).write_bytes(save({"runs": self._runs, "whole": self._whole}))

    def __len__(self) -> int:
        """Hashes in all."""
        return len(self._runs) + len(self._whole)

    def repeats(self, text: str) -> bool:
        """Say whether a text holds a run that was heard, or is a whole text that was."""
        told = words(text)
        if len(told) >= RUN:
            return any(_in(self._runs, each) for each in runs(told, RUN))
        return len(told) >= FEWEST and _in(self._whole, hashed(told))


def _in(hashes: _Hashes, wanted: int) -> bool:
    place = int(np.searchsorted(hashes, np.uint64(wanted)))
    return place < len(hashes) and int(hashes[place]) == wanted
