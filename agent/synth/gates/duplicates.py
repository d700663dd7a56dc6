"""Gate `duplicates`: nothing is kept that is nearly the same as what was kept before, in letters or in meaning.

Letters: MinHash (Broder 1997) of runs of five characters, 64 permutations in 16 bands, which finds texts that share
seven tenths of their runs in 98.8 of 100 cases (1 - (1 - 0.7^4)^16). Meaning: the cosine of sentence embeddings.
"""

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thymos.agent.synth.values import Candidate, Verdict
from thymos.agent.synth.vectors import Heap, Vectors
from thymos.retrieval.grams import words

SAME_LETTERS = 0.7  # estimated Jaccard similarity
SAME_MEANING = 0.95  # cosine
_RUN = 5  # characters
_PERMUTATIONS = 64
_BANDS = 16
_PRIME = (1 << 31) - 1  # products of two numbers below it stay below 2^62

Signature = NDArray[np.uint64]


class DuplicatesGate:
    """Keeps the first of texts that are nearly the same."""

    name = "duplicates"

    def __init__(
        self, vectors: Vectors | None, *, letters: float = SAME_LETTERS, meaning: float = SAME_MEANING
    ) -> None:
        """Choose how near is too near.

        Args:
            vectors: of texts; None looks at letters alone.
            letters: least share of common runs of characters.
            meaning: least cosine.
        """
        self._vectors = vectors
        self._letters = letters
        self._meaning = meaning
        self._signatures: list[Signature] = []
        self._bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
        self._heap = Heap()
        self._ids: list[str] = []

    def identity(self) -> Mapping[str, object]:
        """Return the limits and the embedder."""
        told: dict[str, object] = {"letters": self._letters, "permutations": _PERMUTATIONS}
        if self._vectors:
            told |= {"meaning": self._meaning, "embedder": self._vectors.fingerprint}
        return told

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates against what is kept."""
        return [self._one(each.text) for each in batch]

    def remember(self, kept: Candidate) -> None:
        """Take note of what is kept."""
        mine = signature(kept.text)
        for band in _bands(mine):
            self._bands[band].append(len(self._signatures))
        self._signatures.append(mine)
        self._ids.append(kept.row.id)
        if self._vectors:
            self._heap.add(self._vectors.of(kept.text))

    def _one(self, text: str) -> Verdict:
        mine = signature(text)
        near = {place for band in _bands(mine) for place in self._bands.get(band, ())}
        shares = {place: float((self._signatures[place] == mine).mean()) for place in near}
        place = max(shares, key=lambda each: (shares[each], -each), default=-1)
        if place >= 0 and shares[place] >= self._letters:
            return Verdict(False, shares[place], f"nearly the letters of {self._ids[place]}")
        if not self._vectors:
            return Verdict(True, shares.get(place, 0.0))
        place, cosine = self._heap.nearest(self._vectors.of(text))
        if cosine >= self._meaning:
            return Verdict(False, cosine, f"nearly the meaning of {self._ids[place]}")
        return Verdict(True, cosine)


def signature(text: str) -> Signature:
    """Return the MinHash signature of a text, (permutations,)."""
    told = " ".join(words(text))
    parts = {told[start : start + _RUN] for start in range(max(1, len(told) - _RUN + 1))}
    hashes = np.array([zlib.crc32(part.encode("utf-8", "surrogatepass")) % _PRIME for part in parts], np.uint64)
    factors, terms = _permutations()
    mixed = (factors[:, None] * hashes[None, :] + terms[:, None]) % np.uint64(_PRIME)  # (permutations, runs)
    found: Signature = mixed.min(axis=1)
    return found


def _permutations() -> tuple[Signature, Signature]:
    drawn = np.random.default_rng(20261125)
    return (
        drawn.integers(1, _PRIME, _PERMUTATIONS, dtype=np.uint64),
        drawn.integers(0, _PRIME, _PERMUTATIONS, dtype=np.uint64),
    )


def _bands(mine: Signature) -> list[tuple[int, bytes]]:
    return [(number, part.tobytes()) for number, part in enumerate(mine.reshape(_BANDS, -1))]
