"""Gate `language`: the text is in the language that was asked for; texts too short to tell pass."""

from collections.abc import Mapping, Sequence

from thymos.agent.language import LEAST, Detector, find_detector
from thymos.agent.synth.values import Candidate, Verdict


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
        if share is None or share >= LEAST:
            return Verdict(True, share)
        return Verdict(False, share, f"not in {self._language}")
