"""Words and runs of words, for every measure of likeness: the same cut everywhere.

Takes text; gives words in small letters, hashes of runs, and the longest run that two texts share.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b

from thymos.adapters.words import SIGNS

_WORD = re.compile(rf"\w[\w{SIGNS}]*(?:['’]\w[\w{SIGNS}]*)*")


def words(text: str) -> list[str]:
    """Return the words of a text in small letters, without punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))


def hashed(run: Sequence[str]) -> int:
    """Return 64 bits that stand for a run of words."""
    return int.from_bytes(blake2b("\x1f".join(run).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def runs(told: Sequence[str], size: int) -> list[int]:
    """Return the hashes of all runs of a size, in order."""
    return [hashed(told[start : start + size]) for start in range(len(told) - size + 1)]


class RunIndex:
    """Reference texts, found by the runs of words that a text shares with them.

    Attributes:
        texts: words of each.
    """

    def __init__(self, texts: Iterable[str], size: int) -> None:
        """Index texts.

        Args:
            texts: to be found.
            size: words of a run; shorter texts are found whole.
        """
        self._size = size
        self.texts: list[list[str]] = []
        self._where: dict[int, list[int]] = defaultdict(list)
        self._short: dict[int, dict[int, int]] = defaultdict(dict)  # length -> hash -> place
        for text in texts:
            told = words(text)
            place = len(self.texts)
            self.texts.append(told)
            for run in set(runs(told, size)):
                self._where[run].append(place)
            if told and len(told) < size:
                self._short[len(told)].setdefault(hashed(told), place)

    def sharing(self, told: Sequence[str]) -> dict[int, int]:
        """Return place -> how many runs a text shares with the reference there."""
        found: dict[int, int] = defaultdict(int)
        for run in set(runs(told, self._size)):
            for place in self._where.get(run, ()):
                found[place] += 1
        return dict(found)

    def short_inside(self, told: Sequence[str], fewest: int) -> int | None:
        """Return the place of a short reference that stands whole in a text, or None.

        Args:
            told: the text's words.
            fewest: words that the reference must have, unless it is all of the text.
        """
        for length, known in self._short.items():
            if length >= fewest or length == len(told):
                for run in runs(told, length):
                    if run in known:
                        return known[run]
        return None


def longest_shared(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many words the longest run has that two texts share."""
    match = SequenceMatcher(None, first, second, autojunk=False).find_longest_match()
    return match.size


def texts_sha256(texts: Sequence[str]) -> str:
    """Return the hash of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
