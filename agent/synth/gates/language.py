"""Gate `language`: the text is in the language that was asked for.

Reads with lingua where it is installed (models in the package, nothing is fetched or unpickled), else by common words:
the asked language must have at least as many of them as any other. Texts too short to tell pass.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, cast

import yaml

from thymos.agent.synth.values import Candidate, Verdict
from thymos.prompts.errors import InputError
from thymos.retrieval.grams import words

_LEAST = 0.5
_LATIN_SHARE = 0.7  # of the letters, where the language is written so


class Detector(Protocol):
    """What tells languages."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def share(self, text: str) -> float | None:
        """Return how much of the asked language is in a text, 0 to 1; None where that can't be told."""
        ...


class LanguageGate:
    """Keeps what is in the asked language."""

    name = "language"

    def __init__(self, language: str, detector: Detector | None = None) -> None:
        """Choose what tells languages.

        Args:
            language: in English words.
            detector: lingua, or common words, unless given.

        Raises:
            InputError: nothing that is here knows the language.
        """
        self._language = language
        self._detector = detector or find_detector(language)

    def identity(self) -> Mapping[str, object]:
        """Return language and detector."""
        return {"language": self._language, "detector": self._detector.name}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates."""
        return [self._one(candidate.text) for candidate in batch]

    def _one(self, text: str) -> Verdict:
        share = self._detector.share(text)
        if share is None or share >= _LEAST:
            return Verdict(True, share)
        return Verdict(False, share, f"not in {self._language}")


class CommonWords:
    """Counts common words; Latin letters where the language is written in them."""

    name = "common words"

    def __init__(self, language: str) -> None:
        """Choose a language of `data/languages.yaml`.

        Raises:
            InputError: it is not there.
        """
        known = _common()
        if language not in known:
            raise InputError(
                f"language must be one that can be told, got {language!r}: {', '.join(known)} are known; pip install "
                "lingua-language-detector for others, or pass --without language"
            )
        self._language = language

    def share(self, text: str) -> float | None:
        """Return the language's common words over those of the one that has most."""
        letters = [each for each in text if each.isalpha()]
        if letters and sum(each < "\u0250" for each in letters) / len(letters) < _LATIN_SHARE:
            return 0.0
        told = words(text)
        hits = {name: sum(word in common for word in told) for name, common in _common().items()}
        most = max(hits.values())
        return hits[self._language] / most if most >= 2 else None


class Lingua:
    """The lingua library."""

    def __init__(self, language: str) -> None:
        """Choose a language.

        Raises:
            ImportError: it is not installed.
            KeyError: it does not know the language.
        """
        import importlib

        lingua: Any = importlib.import_module("lingua")
        wanted = getattr(lingua.Language, language.upper(), None)
        if wanted is None:
            raise KeyError(language)
        self.name = "lingua"
        self._wanted = wanted
        self._detector = lingua.LanguageDetectorBuilder.from_all_languages().build()

    def share(self, text: str) -> float | None:
        """Return lingua's confidence over that in the likeliest language; None for texts of less than three words."""
        if len(text.split()) < 3:
            return None
        told = {each.language: float(each.value) for each in self._detector.compute_language_confidence_values(text)}
        most = max(told.values(), default=0.0)
        return told.get(self._wanted, 0.0) / most if most else None


def find_detector(language: str) -> Detector:
    """Return the best detector that is here.

    Raises:
        InputError: none knows the language.
    """
    try:
        return Lingua(language)
    except (ImportError, KeyError):
        return CommonWords(language)


@cache
def _common() -> Mapping[str, frozenset[str]]:
    text = (files("thymos.agent.synth") / "data" / "languages.yaml").read_text(encoding="utf-8")
    told = cast(Mapping[str, str], yaml.safe_load(text))
    return {name: frozenset(each.split()) for name, each in told.items()}
