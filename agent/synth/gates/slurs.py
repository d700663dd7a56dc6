"""Gate `slurs`: no word of a short list of slurs, which is kept as hashes, so that nobody has to read it.

A list of one's own, one word a line, is added to it. It is short and English: it does not measure toxicity.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files

from thymos.agent.synth.values import Candidate, Verdict
from thymos.retrieval.grams import words

_HEX = 16  # digits kept of each hash


class SlursGate:
    """Keeps what holds no slur."""

    name = "slurs"

    def __init__(self, more: Collection[str] = ()) -> None:
        """Read the list.

        Args:
            more: words of one's own.
        """
        text = (files("thymos.agent.synth") / "data" / "slurs.txt").read_text(encoding="utf-8")
        shipped = (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
        self._hashes = frozenset(shipped) | {word_hash(each.strip().casefold()) for each in more if each.strip()}

    def identity(self) -> Mapping[str, object]:
        """Return the list's hash."""
        return {"list": hashlib.sha256(" ".join(sorted(self._hashes)).encode()).hexdigest()[:_HEX]}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates."""
        return [
            Verdict(not found, None, "holds a slur" if found else "")
            for found in (any(self._listed(word) for word in words(each.text)) for each in batch)
        ]

    def _listed(self, word: str) -> bool:
        forms = {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("'s")}
        return any(word_hash(form) in self._hashes for form in forms)


def word_hash(word: str) -> str:
    """Return the hash under which a word stands in the list."""
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()[:_HEX]
