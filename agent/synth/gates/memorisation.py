"""Gate `memorisation`: nothing is kept that the writer has by heart, from its training data or from examples shown it.

What an adapter was trained on is known by hashes that lie beside its weights; corpora that are named are compared more
closely. A text goes where the longest run of words that it shares with one source text has 13 words, or makes up most
of either of them; or where its nearest neighbour in meaning is nearly the same.
"""

from collections.abc import Mapping, Sequence

from thymos.agent.synth.values import Candidate, Verdict
from thymos.agent.synth.vectors import Vectors, nearest
from thymos.retrieval.grams import RunIndex, longest_shared, texts_sha256, words
from thymos.retrieval.heard import Heard

LONGEST = 13  # words that may not be shared in one run
MOST_SHARE = 0.6  # of the candidate's words, or of the source's where that is the shorter one
SAME_MEANING = 0.95  # cosine
_RUN = 4  # words by which sources are found
_FEWEST = 5  # words of a shared run that tells anything
_LOOKED_AT = 20  # sources that share most


class MemorisationGate:
    """Keeps what is not by heart."""

    name = "memorisation"

    def __init__(
        self,
        sources: Sequence[str],
        vectors: Vectors | None,
        *,
        heard: Heard | None = None,
        most_share: float = MOST_SHARE,
        meaning: float = SAME_MEANING,
    ) -> None:
        """Index source texts.

        Args:
            sources: what the writer learnt from, and the examples that it is shown.
            vectors: of texts; None looks at words alone.
            heard: hashes of what the writer learnt from.
            most_share: of a text that one shared run may make up.
            meaning: least cosine that counts as the same.
        """
        self._index = RunIndex(sources, _RUN)
        self._heard = heard
        self._vectors = vectors
        self._rows = vectors.many(sources) if vectors and sources else None
        self._most_share = most_share
        self._meaning = meaning
        self._identity = {"sources": texts_sha256(sources), "longest": LONGEST, "most_share": most_share}
        if heard is not None:
            self._identity |= {"heard": len(heard)}
        if vectors:
            self._identity |= {"meaning": meaning, "embedder": vectors.fingerprint}

    def identity(self) -> Mapping[str, object]:
        """Return the sources and limits."""
        return self._identity

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates, turn by turn in words and whole in meaning; the score is the greatest share."""
        return [self._one(candidate) for candidate in batch]

    def remember(self, kept: Candidate) -> None:
        """Nothing to note: it judges one at a time since meaning is dear to compute."""

    def _one(self, candidate: Candidate) -> Verdict:
        worst = 0.0
        for turn in candidate.turns:
            if self._heard is not None and self._heard.repeats(turn.text):
                return Verdict(False, 1.0, "was said in the writer's training data")
            told = words(turn.text)
            shared, share = self._longest(told)
            worst = max(worst, share)
            whole = shared == len(told) and self._index.short_inside(told, len(told)) is not None
            if shared >= LONGEST or whole or share > self._most_share:
                return Verdict(False, share, f"{shared} words in a row of a source")
            if self._index.short_inside(told, _FEWEST) is not None and len(told) >= _FEWEST:
                return Verdict(False, 1.0, "a whole source text")
        if self._vectors is not None and self._rows is not None:
            _, cosine = nearest(self._rows, self._vectors.of(candidate.text))
            if cosine >= self._meaning:
                return Verdict(False, cosine, "nearly the meaning of a source")
        return Verdict(True, worst)

    def _longest(self, told: Sequence[str]) -> tuple[int, float]:
        """Return the longest shared run in words, and the greatest share of the shorter text that one makes up."""
        found = self._index.sharing(told)
        most, share = 0, 0.0
        # A short source shares few runs even where all of it stands there.
        whole = {place: found[place] / max(1, len(self._index.texts[place]) - _RUN + 1) for place in found}
        longest = sorted(found, key=lambda each: (-found[each], each))[:_LOOKED_AT]
        fullest = sorted(found, key=lambda each: (-whole[each], each))[:_LOOKED_AT]
        for place in dict.fromkeys((*longest, *fullest)):
            source = self._index.texts[place]
            length = longest_shared(told, source)
            most = max(most, length)
            if length >= _FEWEST:
                share = max(share, length / min(len(told), len(source)))
        return most, share
