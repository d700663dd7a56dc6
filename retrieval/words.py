"""Search by words: BM25 over passages (Robertson and Zaragoza 2009), through bm25s.

Takes texts; gives rows by score. Finds the names, codes and rare words that vectors blur. The only file that knows
bm25s.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.errors import InputError


class WordIndex:
    """Texts that can be searched by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the words of texts."""
        import bm25s

        self._bm25: Any = bm25s.BM25()
        self._bm25.index(_tokens(texts) if texts else [[""]], show_progress=False)
        self.rows = len(texts)

    def search(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> dict[int, float]:
        """Return rows that share words with a query, best first, with their scores as shares of the best.

        Args:
            query: words in any order.
            k: how many at most.
            allowed: which rows may be found, (rows,); None allows all.
        """
        (tokens,) = _tokens([query])
        known = [token for token in tokens if token in self._bm25.vocab_dict]
        if not known or not self.rows:
            return {}
        scores = self._bm25.get_scores(known)
        if allowed is not None:
            scores = np.where(allowed, scores, 0.0)
        best = np.flatnonzero(scores > scores.max() / 2)  # of a million rows a few: these alone are ordered
        if len(best) < k:
            best = np.flatnonzero(scores > 0)
        if len(best) > k:
            best = best[np.argpartition(-scores[best], k - 1)[:k]]
        best = best[np.lexsort((best, -scores[best]))]  # ties in the order of rows
        return {int(row): float(scores[row] / scores[best[0]]) for row in best}

    def save(self, folder: Path) -> None:
        """Write into a folder: arrays and JSON, nothing pickled."""
        self._bm25.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path, rows: int) -> "WordIndex":
        """Read what `save` wrote.

        Raises:
            InputError: the files are damaged.
        """
        import bm25s

        found = cls.__new__(cls)
        try:
            found._bm25 = bm25s.BM25.load(str(folder), mmap=True, allow_pickle=False, show_progress=False)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"word index must be whole, got {folder}: {error}; add the documents again") from error
        found.rows = rows
        return found


def _tokens(texts: Sequence[str]) -> list[list[str]]:
    """Split into lower-case words, function words left out."""
    import bm25s

    words: list[list[str]] = bm25s.tokenize(list(texts), return_ids=False, show_progress=False)
    return words
