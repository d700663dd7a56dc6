"""Which language a text is in, as far as one is asked: whether it is the asked one.

Takes texts; gives shares of the asked language. Reads with lingua where it is installed (models in the package, nothing
is fetched or unpickled), else by common words: the asked language must have at least as many of them as any other.
Texts too short to tell are told as such.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, cast

import yaml

from thymos.adapters.weights import EMBEDDED
from thymos.prompts.errors import InputError
from thymos.retrieval.grams import words

LEAST = 0.5  # share below which a text is in another language
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


class CommonWords:
    """Counts common words; Latin letters where the language is written in them."""

    name = "common words"

    def __init__(self, language: str) -> None:
        """Choose a language of `languages.yaml`.

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
        if self._language == "English" and len(told) > 2 and not hits["English"] and not "".join(letters).isascii():
            return 0.0  # of a language that is not among those of the file
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


def seems_foreign(texts: Iterable[str], language: str = "English") -> bool:
    """Say whether most of the texts that can be told are in another language; goes by common words."""
    detector = CommonWords(language)
    told = [share < LEAST for share in map(detector.share, texts) if share is not None]
    return 2 * sum(told) > len(told)


def doubt(texts: Iterable[str], reader: str) -> str | None:
    """Return a sentence where texts seem to be in another language than their reader was made for.

    Args:
        texts: what is read; one, or some of many.
        reader: name of a model or embedder. Of those that do not come with Thymos nothing is known, so nothing is said.
    """
    if reader not in EMBEDDED or not seems_foreign(texts):
        return None
    return f"this seems not to be English, which {reader} was made for: do not rely on what comes of it"


@cache
def _common() -> Mapping[str, frozenset[str]]:
    text = (files("thymos.agent") / "languages.yaml").read_text(encoding="utf-8")
    told = cast(Mapping[str, str], yaml.safe_load(text))
    return {name: frozenset(each.split()) for name, each in told.items()}
