"""Gate `leakage`: few texts may name their own emotion ("I am so angry" for anger), or a model learns the word alone.

A share of each label's kept rows may, up to a cap: people do say it at times. A text that names it passes only where
the share is within the cap with it, at any moment: with a cap of 0.1 none of the first nine rows of a label, then one
in ten at most; a cap of 1 lets all pass. The label's name, its word, close words and forms of them count.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from thymos.agent.synth.values import Candidate, Verdict
from thymos.prompts.taxonomy import Taxonomy

CAP = 0.1  # of a label's kept rows
_ROUNDING = 1e-9  # 0.29 of 100 is a little less than 29
_ENDINGS = (
    *("", "e", "y", "s", "es", "ed", "d", "ing", "ful", "fully", "ous", "ously", "ly", "ily", "ness", "iness"),
    *("ingly", "edly", "ier", "iest", "ied", "ies"),
)


class LeakageGate:
    """Keeps few texts that name their emotion."""

    name = "leakage"

    def __init__(self, taxonomy: Taxonomy, counts: Mapping[str, int], cap: float = CAP) -> None:
        """Set the cap.

        Args:
            taxonomy: label set.
            counts: label -> rows that are wished.
            cap: share of a label's kept rows that may name it.
        """
        self._patterns = {name: pattern_of(name, taxonomy) for name in counts if name != taxonomy.neutral}
        self._cap = cap
        self._kept: Counter[str] = Counter()
        self._spent: Counter[str] = Counter()

    def identity(self) -> Mapping[str, object]:
        """Return the cap and what it is a share of."""
        patterns = {name: each.pattern for name, each in self._patterns.items()}
        return {"cap": self._cap, "of": "kept", "patterns": patterns}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates against what was kept; the score is 1 where a label is named."""
        return [self._one(candidate) for candidate in batch]

    def remember(self, kept: Candidate) -> None:
        """Take note of what is kept."""
        self._kept[kept.row.label] += 1
        self._spent[kept.row.label] += self._named(kept) != ""

    def _one(self, candidate: Candidate) -> Verdict:
        named = self._named(candidate)
        label = candidate.row.label
        if named and self._spent[label] + 1 > self._cap * (self._kept[label] + 1) + _ROUNDING:
            return Verdict(False, 1.0, f"names its emotion: {named}")
        return Verdict(True, float(named != ""))

    def _named(self, candidate: Candidate) -> str:
        pattern = self._patterns.get(candidate.row.label)
        match = pattern.search(candidate.text) if pattern else None
        return match[0].lower() if match else ""


def pattern_of(label: str, taxonomy: Taxonomy) -> re.Pattern[str]:
    """Return what finds a label's own words in a text."""
    adjectives = [said for said, name in _read("agent.chat", "data/nouns.yaml").items() if name == label]
    close = [each for each in _read("prompts", "synonyms.yaml").get(label, ()) if " " not in each]
    own = [label, taxonomy.labels[taxonomy.index(label)].word, *adjectives, *close]
    forms = {form for word in own for form in _forms(word.casefold())}
    each = "|".join(sorted(map(re.escape, forms), key=lambda form: (-len(form), form)))
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)", re.IGNORECASE)


def _forms(word: str) -> set[str]:
    """Return a word with every ending that English may give it; forms that there are not do no harm."""
    if " " in word:
        return {word}
    forms = {word + end for end in _ENDINGS}
    if word.endswith("iness"):
        forms |= {word.removesuffix("iness") + end for end in ("y", "ily", "ier", "iest")}
    elif word.endswith("ness"):
        forms |= {word.removesuffix("ness") + end for end in _ENDINGS}
    elif word[-1:] in ("e", "y"):
        forms |= {word[:-1] + end for end in _ENDINGS if end[:1] in tuple("eiouy")}
    return forms


@cache
def _read(package: str, name: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = yaml.safe_load((files(f"thymos.{package}") / name).read_text(encoding="utf-8"))
    return told
