"""Gate `diversity`: a text must bring something new to what is kept; and the measures of a whole set.

A candidate goes where fewer than half of its runs of four words are new, or where its first three words have begun too
many texts of its label. What the floor is made of, distinct-n (Li et al. 2016), self-BLEU (Zhu et al. 2018), the Vendi
score (Friedman and Dieng 2023) and the growth of the vocabulary, is measured in `thymos.agent.synth.diversity`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from thymos.agent.synth.values import Candidate, Verdict
from thymos.retrieval.grams import hashed, runs, words

LEAST_NEW = 0.5
_RUN = 4  # words
_OPENING = 3  # words
OPENING_SHARE = 0.05  # of a label's rows
_OPENINGS = 3  # of the same words, however few rows there are


class DiversityGate:
    """Keeps what is new enough."""

    name = "diversity"

    def __init__(self, counts: Mapping[str, int], *, least_new: float = LEAST_NEW) -> None:
        """Set the limits.

        Args:
            counts: label -> rows that are wished.
            least_new: share of a text's runs of four words that nothing kept has.
        """
        self._most = {label: max(_OPENINGS, int(OPENING_SHARE * count)) for label, count in counts.items()}
        self._least = least_new
        self._seen: set[int] = set()
        self._openings: Counter[tuple[str, int]] = Counter()

    def identity(self) -> Mapping[str, object]:
        """Return the limits."""
        return {"least_new": self._least, "opening_share": OPENING_SHARE, "openings": _OPENINGS}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates against what is kept."""
        return [self._one(each) for each in batch]

    def remember(self, kept: Candidate) -> None:
        """Take note of what is kept."""
        told = words(kept.text)
        self._seen.update(runs(told, _RUN))
        self._openings[kept.row.label, hashed(told[:_OPENING])] += 1

    def _one(self, candidate: Candidate) -> Verdict:
        told = words(candidate.text)
        mine = runs(told, _RUN)
        new = sum(run not in self._seen for run in mine) / len(mine) if mine else 1.0
        if new < self._least:
            return Verdict(False, new, "says little that is new")
        begun = self._openings[candidate.row.label, hashed(told[:_OPENING])]
        if begun >= self._most.get(candidate.row.label, _OPENINGS):
            return Verdict(False, new, f"begins like {begun} others")
        return Verdict(True, new)
