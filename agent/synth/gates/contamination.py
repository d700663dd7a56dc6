"""Gate `contamination`: nothing is kept that holds a piece of a test set, or says the same as one of its texts.

A piece is a run of 13 words (Brown et al. 2020), or a whole text of the test set where that is shorter and has at least
six words or is all of the candidate. Near in meaning is a cosine of sentence embeddings.
"""

from collections.abc import Mapping, Sequence

from thymos.agent.synth.values import Candidate, Verdict
from thymos.agent.synth.vectors import Vectors, nearest
from thymos.retrieval.grams import RunIndex, texts_sha256, words

RUN = 13  # words
SAME_MEANING = 0.95  # cosine
FEWEST = 6  # words of a short text that may not be repeated


class ContaminationGate:
    """Keeps what shares nothing with test sets."""

    name = "contamination"

    def __init__(
        self, tests: Mapping[str, Sequence[str]], vectors: Vectors | None, *, meaning: float = SAME_MEANING
    ) -> None:
        """Index test sets.

        Args:
            tests: name -> texts.
            vectors: of texts; None looks at words alone.
            meaning: least cosine that counts as the same.
        """
        self._names = [name for name, texts in tests.items() for _ in texts]
        texts = [text for each in tests.values() for text in each]
        self._index = RunIndex(texts, RUN)
        self._vectors = vectors
        self._rows = vectors.many(texts) if vectors else None
        self._meaning = meaning
        self._sha256 = {name: texts_sha256(each) for name, each in tests.items()}

    def identity(self) -> Mapping[str, object]:
        """Return the test sets and limits."""
        told: dict[str, object] = {"tests": self._sha256, "run": RUN}
        return told | ({"meaning": self._meaning, "embedder": self._vectors.fingerprint} if self._vectors else {})

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates, whole and turn by turn."""
        return [self._one(candidate) for candidate in batch]

    def remember(self, kept: Candidate) -> None:
        """Nothing to note: it judges one at a time since meaning is dear to compute."""

    def _one(self, candidate: Candidate) -> Verdict:
        pieces = [candidate.text, *(turn.text for turn in candidate.turns)] if len(candidate.turns) > 1 else []
        for text in pieces or [candidate.text]:
            told = words(text)
            shared = self._index.sharing(told)
            if shared:
                return Verdict(False, 1.0, f"{RUN} words of {self._names[min(shared)]}")
            short = self._index.short_inside(told, FEWEST)
            if short is not None:
                return Verdict(False, 1.0, f"a whole text of {self._names[short]}")
        if self._vectors is None or self._rows is None:
            return Verdict(True)
        place, cosine = nearest(self._rows, self._vectors.of(candidate.text))
        if cosine >= self._meaning:
            return Verdict(False, cosine, f"nearly the meaning of a text of {self._names[place]}")
        return Verdict(True, cosine)
