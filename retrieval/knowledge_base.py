"""`KnowledgeBase`: passages that can be added to, searched and cited. The public face of retrieval.

Takes passages and an embedder; gives hits by meaning and by words, fused. Knows nothing of where documents come from or
of who asks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thymos.prompts.errors import InputError
from thymos.retrieval.embedder import MINILM, Embedder, Remembered, SentenceEmbedder, Vectors
from thymos.retrieval.exemplars import Exemplars
from thymos.retrieval.folder import Parts, is_knowledge_base, read_parts, write_parts
from thymos.retrieval.passage import EXEMPLAR, Passage
from thymos.retrieval.search import Filter, Hit, Options, choose, fuse, relevance
from thymos.retrieval.sentences import SentenceVectors, sentences
from thymos.retrieval.table import as_table, passages_of, searched
from thymos.retrieval.vectors import VectorIndex, build_index
from thymos.retrieval.words import WordIndex

_POOL = 100  # candidates of each ranking
LARGE = 5_000  # passages of a document from which its sentences have no vectors of their own; a book has fewer
_KEPT_FROM = 20_000  # passages from which indexes are stored; smaller ones are built faster than read


class KnowledgeBase:
    """Passages, their vectors and their words.

    Example:
        >>> base = KnowledgeBase()
        >>> replaced = base.add([Passage(id="a", text="Grief comes in waves.")])
        >>> [hit.passage.id for hit in base.search("how does mourning go?", Options(k=1))]
        ['a']
    """

    def __init__(self, embedder: Embedder | None = None, *, name: str = MINILM) -> None:
        """Begin without passages.

        Args:
            embedder: what makes vectors; None loads the one of the name when it is first needed.
            name: of the embedder, as `SentenceEmbedder` takes it.
        """
        self._embedder, self._name = embedder, name
        self._queries: Remembered | None = None
        self._fingerprint: str | None = None  # of whoever made the vectors
        self._table = as_table(())
        self._vectors: Vectors = np.zeros((0, 1), np.float32)
        self._sentences = SentenceVectors.none(0, 1)
        self._index: VectorIndex | None = None
        self._words: WordIndex | None = None
        self.documents: dict[str, Mapping[str, Any]] = {}

    @classmethod
    def open(cls, folder: str | Path, embedder: Embedder | None = None) -> Self:
        """Read a knowledge base from its folder.

        Raises:
            InputError: there is none, it is damaged, or another embedder made it.
        """
        parts = read_parts(Path(folder).expanduser())
        found = cls(embedder, name=parts.embedder)
        found._fingerprint = parts.fingerprint
        found._table, found._vectors, found._sentences = parts.table, parts.vectors, parts.sentences
        found._index, found._words = parts.index, parts.words
        found.documents = dict(parts.documents)
        if embedder is not None:
            found._check(embedder)
        return found

    def save(self, folder: str | Path) -> None:
        """Write everything into a folder; what was there is replaced at one moment.

        Raises:
            InputError: the folder holds something else.
            OutputError: the disk is full or refuses.
        """
        place = Path(folder).expanduser()
        if place.is_dir() and not is_knowledge_base(place) and any(p.suffix != ".lock" for p in place.iterdir()):
            raise InputError(f"folder must be empty or a knowledge base, got {place} with other files; name another")
        large = len(self) >= _KEPT_FROM
        parts = Parts(
            table=self._table,
            vectors=self._vectors,
            sentences=self._sentences,
            index=self._vector_index() if large and self._vector_index().kind != "flat" else None,
            words=self._word_index() if large else None,
            documents=self.documents,
            embedder=self._name,
            fingerprint=self._fingerprint or self.embedder.fingerprint,
        )
        write_parts(place, parts)

    def __len__(self) -> int:
        """Return how many passages there are."""
        return int(self._table.num_rows)

    @property
    def embedder(self) -> Embedder:
        """What makes vectors; loaded when it is first needed."""
        if self._embedder is None:
            self._embedder = SentenceEmbedder(self._name)
            self._check(self._embedder)
        return self._embedder

    @property
    def embedder_name(self) -> str:
        """Name of what makes vectors."""
        return self._name

    @property
    def index_kind(self) -> str:
        """How vectors are searched: flat or hnsw."""
        return self._vector_index().kind

    def add(
        self,
        passages: Iterable[Passage],
        *,
        documents: Mapping[str, Mapping[str, Any]] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Add passages; those of the same ids, and of the same documents, are replaced.

        A document of `LARGE` passages or more is embedded by passages alone, others by their sentences as well. Those
        that name no document count as one.

        Args:
            passages: to add; of two with the same id the later one is kept.
            documents: name -> what is to be known of the documents they come from.
            on_progress: called with how many texts, passages and their sentences, are embedded and how many there are.

        Returns:
            How many were replaced.
        """
        fresh = {passage.id: passage for passage in passages}
        names = {*(documents or ()), *({passage.document for passage in fresh.values()} - {""})}
        gone = self._mask("document", names) | self._mask("id", fresh)
        if not fresh:
            self._drop(gone)
        else:
            table = as_table(fresh.values())
            vectors, parts = self._embed(table, on_progress)  # first, since it may fail: the base is as it was then
            self._fingerprint = self.embedder.fingerprint
            self._drop(gone)
            if self._index is not None:
                self._index.add(vectors)
            self._table = pa.concat_tables([self._table, table]).combine_chunks()
            self._vectors = np.concatenate([self._vectors, vectors]) if len(self._vectors) else vectors
            self._sentences = self._sentences.extended(parts)
            self._words = None
        self.documents |= {name: dict(said) for name, said in (documents or {}).items()}
        return int(gone.sum())

    def remove(self, *, ids: Iterable[str] = (), documents: Iterable[str] = ()) -> int:
        """Take passages out; return how many."""
        names = set(documents)
        gone = self._mask("id", ids) | self._mask("document", names)
        self._drop(gone)
        for name in names:
            self.documents.pop(name, None)
        return int(gone.sum())

    def get(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages of ids that are there, in the order asked."""
        places = self._places(ids)
        return passages_of(self._table, [places[each] for each in ids if each in places])

    def counts(self, column: str) -> dict[str, int]:
        """Return how many passages have each value of a column, such as `kind` or `document`, most first."""
        found = pc.value_counts(self._table[column]).to_pylist()
        return {each["values"]: each["counts"] for each in sorted(found, key=lambda each: -each["counts"])}

    def exemplars(self, taxonomy: str) -> Exemplars:
        """Return the labelled examples of a label set, in the order they were added."""
        wanted = pc.and_(pc.equal(self._table["kind"], EXEMPLAR), pc.equal(self._table["taxonomy"], taxonomy))
        rows = np.flatnonzero(np.asarray(wanted.fill_null(False)))
        return Exemplars.of(self._table.take(pa.array(rows, pa.int64())), np.asarray(self._vectors)[rows])

    def passages(self, filter: Filter = Filter()) -> list[Passage]:  # noqa: A002, B008
        """Return all passages that a filter allows, in the order they were added."""
        allowed = filter.allowed(self._table)
        return passages_of(self._table, range(len(self)) if allowed is None else np.flatnonzero(allowed).tolist())

    def search(self, query: str, options: Options = Options(), filter: Filter = Filter()) -> list[Hit]:  # noqa: A002, B008
        """Find passages for one query; see `search_many`."""
        return self.search_many([query], options, filter)[0]

    def search_many(
        self,
        queries: Sequence[str],
        options: Options = Options(),  # noqa: B008
        filter: Filter = Filter(),  # noqa: A002, B008
    ) -> list[list[Hit]]:
        """Find passages by meaning and by words.

        Args:
            queries: what is looked for; embedded together.
            options: how many, how alike, how diverse, what to leave out.
            filter: which passages may be found.

        Returns:
            Hits of each query, best first; none where nothing is near enough.
        """
        if not len(self) or not queries:
            return [[] for _ in queries]
        allowed = filter.allowed(self._table)
        if allowed is not None and not allowed.any():
            return [[] for _ in queries]
        if self._queries is None:
            self._queries = Remembered(self.embedder)
        vectors = self._queries.embed(list(queries))
        pool = max(_POOL, 5 * options.k)
        near, _ = self._vector_index().search(vectors, pool, allowed)
        words = self._word_index()
        return [
            self._hits(vector, [int(row) for row in rows if row >= 0], words.search(query, pool, allowed), options)
            for query, vector, rows in zip(queries, vectors, near, strict=True)
        ]

    def _hits(self, query: Vectors, near: list[int], words: Mapping[int, float], options: Options) -> list[Hit]:
        """Fuse two rankings to candidates, rank these closely, choose, and make passages of the chosen."""
        fused = fuse(near, words)
        rows = self._left(sorted(fused, key=lambda row: -fused[row]), options)
        if not rows:
            return []
        vectors = np.asarray(self._vectors[rows])
        whole = vectors @ query
        nearest = self._sentences.nearest(query, rows, whole)
        scores = relevance(whole, nearest, np.array([words.get(row, 0.0) for row in rows], np.float32))
        similarity = np.maximum(whole, nearest)
        chosen = choose(query, similarity, vectors, scores, options)
        passages = passages_of(self._table, [rows[place] for place in chosen])
        return [
            Hit(passage, float(similarity[place]), float(scores[place]))
            for passage, place in zip(passages, chosen, strict=True)
        ]

    def _embed(
        self, table: pa.Table, on_progress: Callable[[int, int], None] | None
    ) -> tuple[Vectors, SentenceVectors]:
        """Return the vectors of passages, and those of the sentences of each that has several."""
        large = {each["values"] for each in pc.value_counts(table["document"]).to_pylist() if each["counts"] >= LARGE}
        rows = zip(table["text"].to_pylist(), table["document"].to_pylist(), strict=True)
        parts = [[] if document in large else sentences(text) for text, document in rows]
        parts = [each if len(each) > 1 else [] for each in parts]
        texts = [*searched(table), *(sentence for each in parts for sentence in each)]
        told = None if on_progress is None else lambda done: on_progress(done, len(texts))
        found = self.embedder.embed(texts, told)
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in parts], dtype=np.int64)])
        return found[: table.num_rows], SentenceVectors(found[table.num_rows :], offsets)

    def _left(self, rows: list[int], options: Options) -> list[int]:
        """Leave out the turns of the query's own conversation, and ids that are not wanted."""
        if options.dialogue is None and not options.exclude:
            return rows
        some = self._table.select(["id", "dialogue"]).take(pa.array(rows, pa.int64()))
        told = zip(some["id"].to_pylist(), some["dialogue"].to_pylist(), strict=True)
        return [
            row
            for row, (each, dialogue) in zip(rows, told, strict=True)
            if each not in options.exclude and (options.dialogue is None or dialogue != options.dialogue)
        ]

    def _vector_index(self) -> VectorIndex:
        if self._index is None:
            self._index = build_index(np.asarray(self._vectors))
        return self._index

    def _word_index(self) -> WordIndex:
        if self._words is None:
            self._words = WordIndex(searched(self._table))
        return self._words

    def _places(self, ids: Iterable[str]) -> dict[str, int]:
        rows = np.flatnonzero(self._mask("id", ids))
        return dict(zip(self._table["id"].take(pa.array(rows)).to_pylist(), rows.tolist(), strict=True))

    def _mask(self, column: str, values: Iterable[str]) -> Any:
        wanted = pa.array([str(value) for value in values], pa.string())
        return np.asarray(pc.is_in(self._table[column], wanted), dtype=np.bool_)

    def _drop(self, gone: Any) -> None:
        if gone.any():
            self._table = self._table.filter(pa.array(~gone)).combine_chunks()
            self._vectors, self._sentences = np.asarray(self._vectors)[~gone], self._sentences.kept(~gone)
            self._index = self._words = None

    def _check(self, embedder: Embedder) -> None:
        if self._fingerprint is not None and embedder.fingerprint != self._fingerprint:
            raise InputError(
                f"knowledge base must be searched with the embedder that made it ({self._fingerprint}), got "
                f"{embedder.fingerprint}; name that one, or make the base anew"
            )
