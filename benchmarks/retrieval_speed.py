"""Retrieval time and recall by size: vectors in clusters and texts of common words, searched as a knowledge base does.

For each size: how long the indexes take to build, the median time of a vector search, a word search, and a whole search
without embedding the query, and recall at 10 of the vector search against exact search.

    python benchmarks/retrieval_speed.py --sizes 250 100000
    python benchmarks/retrieval_speed.py --sizes 1000000
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from _common import machine_line

from thymos.retrieval.embedder import Vectors
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import Passage
from thymos.retrieval.search import Options
from thymos.retrieval.vectors import build_index
from thymos.retrieval.words import WordIndex

SIZE, QUERIES, K = 384, 200, 10
VOCABULARY = [
    f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "ra", "li", "st", "mo", "ke", "va", "do")
]


class Known:
    """An embedder that knows its texts' vectors already: what is measured is search and not embedding."""

    fingerprint = "known"

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self.vectors[[int(text.split()[0]) for text in texts]]


def clustered(rows: int, chance: np.random.Generator) -> Vectors:
    """Unit vectors around centres, about one for each hundred."""
    centres = chance.normal(size=(max(8, rows // 100), SIZE)).astype(np.float32)
    vectors: Vectors = centres[chance.integers(0, len(centres), rows)]
    vectors = vectors + 0.7 * chance.normal(size=(rows, SIZE)).astype(np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def median_ms(run: Callable[[int], object]) -> float:
    times = []
    for query in range(QUERIES):
        start = time.perf_counter()
        run(query)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def measure(rows: int, seed: int) -> None:
    chance, words = np.random.default_rng(seed), random.Random(seed)
    vectors = clustered(rows + QUERIES, chance)
    queries = vectors[rows:]
    texts = [f"{row} " + " ".join(words.choices(VOCABULARY, k=12)) for row in range(rows)]
    start = time.perf_counter()
    index = build_index(vectors[:rows])
    built = time.perf_counter() - start
    start = time.perf_counter()
    word_index = WordIndex(texts)
    counted = time.perf_counter() - start
    exact = np.argpartition(-(queries @ vectors[:rows].T), K, axis=1)[:, :K]
    found, _ = index.search(queries, K)
    recall = float(np.mean([len(set(a) & set(b)) / K for a, b in zip(found, exact, strict=True)]))
    asked = [f"{rows + query} " + " ".join(words.choices(VOCABULARY, k=6)) for query in range(QUERIES)]
    base = KnowledgeBase(Known(vectors))
    base.add(Passage(id=str(row), text=text) for row, text in enumerate(texts))
    base._index, base._words = index, word_index  # what it would build again
    base.search(asked[0])
    vector_ms = median_ms(lambda query: index.search(queries[query : query + 1], K))
    word_ms = median_ms(lambda query: word_index.search(asked[query], 100))
    whole_ms = median_ms(lambda query: base.search(asked[query], Options(k=K, least=-1)))
    print(
        f"{rows:>9,} passages, {index.kind}: vectors {vector_ms:.2f} ms, words {word_ms:.2f} ms, whole search "
        f"{whole_ms:.2f} ms (medians of {QUERIES}); recall at {K} {recall:.3f}; built in {built:.0f}, {counted:.0f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[250, 100_000])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(machine_line())
    for rows in options.sizes:
        measure(rows, options.seed)


if __name__ == "__main__":
    main()
