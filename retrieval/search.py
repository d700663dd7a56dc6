"""What is looked for, what is left out, and how two rankings become one. Arithmetic over rows; no index, no files.

Takes rankings and vectors of candidates; gives rows in the order to show. Reciprocal rank fusion: Cormack, Clarke and
Buettcher 2009. Maximal marginal relevance: Carbonell and Goldstein 1998.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from thymos.prompts.errors import InputError
from thymos.retrieval.passage import Passage

Vectors = NDArray[np.float32]
_FUSION = 60  # of reciprocal rank fusion, as its authors set it
WORDS = 0.05  # what shared words are worth beside cosines; chosen on tests/retrieval/queries.tsv


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages may be found; an empty field allows all.

    Attributes:
        emotions: about any of these, or, where `general` is set, about none in particular.
        modalities: for any of these, or for any modality.
        kinds: of these kinds.
        documents: from these documents.
        general: let passages through that name no emotion.
    """

    emotions: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    general: bool = False

    def allowed(self, table: pa.Table) -> NDArray[np.bool_] | None:
        """Return which rows pass, (rows,); None where all do."""
        masks = []
        if self.kinds:
            masks.append(pc.is_in(table["kind"], pa.array(self.kinds)))
        if self.documents:
            masks.append(pc.is_in(table["document"], pa.array(self.documents)))
        found = [np.asarray(mask) for mask in masks]
        if self.emotions:
            found.append(_overlap(table["emotions"], self.emotions, none_passes=self.general))
        if self.modalities:
            found.append(_overlap(table["modalities"], self.modalities, none_passes=True))
        return np.logical_and.reduce(found) if found else None


@dataclass(frozen=True, slots=True)
class Options:
    """How passages are chosen.

    Attributes:
        k: how many at most.
        least: cosine to the query below which nothing is returned; -1 returns in any case.
        diversity: 0 takes the most relevant, 1 the most different from those taken before.
        apart: of two passages with a larger cosine, the second is left out; so is one that repeats the query. 1 leaves
            none out.
        dialogue: conversation of the query, whose turns are left out.
        exclude: ids that are left out.
    """

    k: int = 5
    least: float = 0.2
    diversity: float = 0.1
    apart: float = 0.97
    dialogue: str | None = None
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.k < 1:
            raise InputError(f"k must be 1 or more, got {self.k}; 5 is usual")
        for name, lowest in (("least", -1), ("diversity", 0), ("apart", 0)):
            if not lowest <= getattr(self, name) <= 1:
                raise InputError(
                    f"{name} must be from {lowest} to 1, got {getattr(self, name)}; leave it out for the usual"
                )


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        passage: what it is.
        similarity: cosine to the query, of the passage or of its nearest sentence.
        score: by which it was ranked: the mean of the passage's and its nearest sentence's cosines, and a little for
            shared words.
    """

    passage: Passage
    similarity: float
    score: float


def fuse(*rankings: Iterable[int]) -> dict[int, float]:
    """Return row -> sum over rankings of 1 / (60 + rank), rank from 1."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (_FUSION + rank)
    return scores


def relevance(whole: Vectors, nearest: Vectors, words: Vectors) -> Vectors:
    """Return by what candidates are ranked.

    Args:
        whole: cosines of passages.
        nearest: cosines of their nearest sentences.
        words: their word scores as shares of the best.
    """
    return (whole + nearest) / 2 + WORDS * words


def choose(query: Vectors, similarity: Vectors, vectors: Vectors, scores: Vectors, options: Options) -> list[int]:
    """Choose among candidates.

    Args:
        query: unit vector, (dim,).
        similarity: of the candidates to the query, (candidates,).
        vectors: of the candidates, (candidates, dim).
        scores: of the candidates, by which they are ranked.
        options: how many, how alike, how diverse.

    Returns:
        Places among the candidates, best first.
    """
    apart = options.apart if options.apart < 1 else np.inf
    fit = (similarity >= options.least) & (vectors @ query <= apart)
    open_ = [int(place) for place in np.flatnonzero(fit)]
    alike = vectors @ vectors.T
    chosen: list[int] = []
    while open_ and len(chosen) < options.k:
        nearest = alike[:, chosen].max(axis=1) if chosen else np.zeros(len(scores))
        open_ = [place for place in open_ if nearest[place] <= apart]
        if not open_:
            break
        worth = (1 - options.diversity) * scores - options.diversity * nearest
        best = max(open_, key=lambda place: worth[place])
        chosen.append(best)
        open_.remove(best)
    return chosen


def _overlap(column: pa.ChunkedArray, wanted: Sequence[str], *, none_passes: bool) -> NDArray[np.bool_]:
    """Return which rows' lists hold any of the wanted words."""
    combined = column.combine_chunks()
    parents = np.asarray(pc.list_parent_indices(combined))
    hits = np.asarray(pc.is_in(pc.list_flatten(combined), pa.array(list(wanted))), dtype=np.bool_)
    found = np.zeros(len(combined), dtype=np.bool_)
    found[parents[hits]] = True
    if none_passes:
        found |= np.asarray(pc.list_value_length(combined)) == 0
    return found
