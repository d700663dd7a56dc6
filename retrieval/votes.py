"""`Votes`: what people labelled texts of like words. One small linear classifier a label, over labelled examples.

Takes labelled texts; gives label shares of new texts, which are weighed in with a model's own distribution (a
log-linear pool, Genest and Zidek 1986). A vote costs microseconds, needs no training of the LLM, and can be taken away
again. Words are TF-IDF of single words and pairs, or of characters and pairs where a script has no spaces; sentence
vectors may stand beside them where examples are few. Stored as safetensors. Knows no LLM.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.whole_file import whole_file
from thymos.adapters.words import SIGNS
from thymos.prompts.errors import InputError, ModelError
from thymos.retrieval.embedder import Embedder

Floats = NDArray[np.float64]
_MOST_WORDS = 50_000  # words and pairs, the most frequent
_RARE_FROM = 5_000  # texts from which a word that stands in one alone is left out
_C = 4.0  # inverse of the L2 penalty; chosen on GoEmotions dev
_NOTES = "thymos"  # key of the file's metadata
_LEAST = 1e-6  # share of a label that nobody chose
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SPACED = rf"(?![{_UNSPACED}])"
_WORD = rf"[{_UNSPACED}]|{_SPACED}\w(?:{_SPACED}[\w{SIGNS}])+"  # of Thai, Lao, Burmese, Khmer, kana and Han, each sign


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """The classifiers.

    Attributes:
        idf: of each word, (words,).
        words: log-odds a word adds to each label, (labels, words).
        bias: log-odds of each label without a word, (labels,).
        meanings: log-odds that sentence vectors add, (labels, dim), or None.
    """

    idf: NDArray[np.float32]
    words: NDArray[np.float16]
    bias: NDArray[np.float32]
    meanings: NDArray[np.float32] | None


class Votes:
    """Label shares by the words of labelled examples.

    Attributes:
        labels: their names, in the order of the shares.
        examples: how many texts voted.
    """

    def __init__(
        self,
        labels: Sequence[str],
        vocabulary: Sequence[str],
        weights: _Weights,
        examples: int,
        embedder: Embedder | None = None,
    ) -> None:
        """Keep what votes; `fit` and `load_votes` make one."""
        self.labels = tuple(labels)
        self.examples = examples
        self._vocabulary = tuple(vocabulary)
        self._weights = weights
        self._embedder = embedder

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        gold: NDArray[np.bool_],
        labels: Sequence[str],
        *,
        embedder: Embedder | None = None,
        vectors: NDArray[np.float32] | None = None,
        shared: bool = False,
    ) -> Self:
        """Learn from labelled texts.

        Args:
            texts: of the examples.
            gold: whether a text has a label, (texts, labels).
            labels: names in the order of the columns.
            embedder: what makes sentence vectors; None votes by words alone.
            vectors: of the texts, where the embedder has made them before.
            shared: whether the votes will leave this machine: the vocabulary is stored as it is, so words and pairs
                that one text alone has, names among them, are left out.

        Raises:
            InputError: there are no texts with words.
        """
        from scipy.sparse import csr_matrix, hstack

        if not len(texts):
            raise InputError("examples must be one or more, got none; add labelled rows")
        vectorizer = _vectorizer(min_df=2 if shared or len(texts) >= _RARE_FROM else 1, max_features=_MOST_WORDS)
        try:
            features: Any = vectorizer.fit_transform(texts)
        except ValueError as error:
            raise InputError("examples must have words, got only marks and spaces; add labelled rows") from error
        width = features.shape[1]
        if embedder is not None:
            known = embedder.embed(list(texts)) if vectors is None else np.asarray(vectors)
            features = hstack([features, csr_matrix(known)]).tocsr()
        table, bias = classifiers(features, gold, c=_C)
        weights = _Weights(
            idf=vectorizer.idf_.astype(np.float32),
            words=table[:, :width].astype(np.float16),
            bias=bias.astype(np.float32),
            meanings=table[:, width:].astype(np.float32) if embedder is not None else None,
        )
        return cls(labels, vectorizer.get_feature_names_out().tolist(), weights, len(texts), embedder)

    @property
    def embedder(self) -> str | None:
        """Fingerprint of what makes sentence vectors; None where words vote alone."""
        return self._embedder.fingerprint if self._embedder else None

    def log_shares(self, texts: Sequence[str]) -> Floats:
        """Return the logarithm of each label's share, (texts, labels); shares of a text sum to about 1."""
        words: Any = self._tfidf.transform(texts)
        scores = words @ self._table + self._weights.bias
        if self._weights.meanings is not None and self._embedder is not None and len(texts):
            scores = scores + self._embedder.embed(list(texts)) @ self._weights.meanings.T
        return share_logs(np.asarray(scores, np.float64))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return what is stored, by name."""
        found: dict[str, NDArray[Any]] = {"idf": self._weights.idf, "bias": self._weights.bias}
        found["words"] = np.ascontiguousarray(self._weights.words)
        if self._weights.meanings is not None:
            found["meanings"] = np.ascontiguousarray(self._weights.meanings)
        return found

    def notes(self) -> dict[str, str]:
        """Return what is stored beside them."""
        return {
            "labels": json.dumps(self.labels),
            "vocabulary": json.dumps(self._vocabulary, ensure_ascii=False),
            "examples": str(self.examples),
            "embedder": self.embedder or "",
        }

    @cached_property
    def _tfidf(self) -> Any:
        vectorizer = _vectorizer(vocabulary={word: place for place, word in enumerate(self._vocabulary)})
        vectorizer.idf_ = self._weights.idf
        return vectorizer

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self._weights.words.T.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Votes and what they count beside a model.

    Attributes:
        votes: by examples.
        weight: the model's probabilities are multiplied by the shares to this power, and normalised again.
    """

    votes: Votes
    weight: float

    def pooled(self, log_probabilities: Floats, texts: Sequence[str]) -> Floats:
        """Return log-probabilities with the votes weighed in, normalised, (texts, labels)."""
        return pool(log_probabilities, self.votes.log_shares(texts), self.weight)


def pool(log_probabilities: Floats, log_shares: Floats, weight: float) -> Floats:
    """Return p(label) * share(label) ** weight as normalised logarithms, (rows, labels)."""
    from scipy.special import log_softmax

    pooled: Floats = log_softmax(log_probabilities + weight * log_shares, axis=1)
    return pooled


def votes_file(taxonomy: str) -> str:
    """Return the name of the file that holds the votes for a label set."""
    return f"votes-{taxonomy}.safetensors"


def save_votes(path: Path, weighed: Weighed, notes: dict[str, str] | None = None) -> None:
    """Write votes.

    Args:
        path: of the file.
        weighed: what is written.
        notes: further texts to store.

    Raises:
        OutputError: the disk is full or refuses.
    """
    from safetensors.numpy import save

    told = {**(notes or {}), **weighed.votes.notes(), "weight": repr(weighed.weight)}
    one = json.dumps(told, sort_keys=True, ensure_ascii=False)  # several would be written in an order of chance
    with whole_file(path) as file:
        file.write(save(weighed.votes.tensors(), {_NOTES: one}))


def load_votes(path: Path, embedder: Embedder | None = None) -> tuple[Weighed, dict[str, str]]:
    """Read votes and the notes beside them.

    Args:
        path: of the file.
        embedder: what makes sentence vectors, where the votes need one.

    Raises:
        ModelError: the file is damaged, or needs another embedder.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            told: dict[str, str] = json.loads((file.metadata() or {})[_NOTES])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
        weights = _Weights(tensors["idf"], tensors["words"], tensors["bias"], tensors.get("meanings"))
        labels, vocabulary = json.loads(told["labels"]), json.loads(told["vocabulary"])
        shape = (len(labels), len(vocabulary))
        if weights.words.shape != shape or weights.idf.shape != shape[1:] or weights.bias.shape != shape[:1]:
            raise ValueError(f"weights of shape {weights.words.shape} for {shape}")
        needed, weight, examples = told["embedder"], float(told["weight"]), int(told["examples"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"votes must be a whole file, got {path}: {error!r}; fetch or save it again") from error
    if needed and (embedder is None or embedder.fingerprint != needed):
        got = embedder.fingerprint if embedder else "none"
        raise ModelError(f"votes must be counted with the embedder that made them ({needed}), got {got}; use that one")
    return Weighed(Votes(labels, vocabulary, weights, examples, embedder if needed else None), weight), told


def _vectorizer(**options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD, sublinear_tf=True, dtype=np.float32, **options)


def share_logs(scores: Floats) -> Floats:
    """Return the logarithm of each label's share by its log-odds, (rows, labels); no share is zero."""
    from scipy.special import expit

    shares = expit(scores)
    logs: Floats = np.log(shares / shares.sum(axis=1, keepdims=True) + _LEAST)
    return logs


def classifiers(features: Any, gold: NDArray[np.bool_], *, c: float) -> tuple[Floats, Floats]:
    """Fit one logistic regression a label; return weights, (labels, features), and biases, (labels,).

    Args:
        features: dense or sparse, (rows, features).
        gold: whether a row has a label, (rows, labels).
        c: inverse of the L2 penalty.
    """
    from sklearn.linear_model import LogisticRegression

    table = np.zeros((gold.shape[1], features.shape[1]))
    bias = np.zeros(gold.shape[1])
    for label, column in enumerate(gold.T):
        share = (column.sum() + 0.5) / (len(column) + 1)
        bias[label] = np.log(share / (1 - share))  # of a label that no example has, or that all have
        if 0 < column.sum() < len(column):
            found = LogisticRegression(C=c, solver="liblinear", max_iter=300).fit(features, column)
            table[label], bias[label] = found.coef_[0], found.intercept_[0]
    return table, bias
