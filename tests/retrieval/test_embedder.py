"""Vectors of queries that come again and again."""

import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np

from thymos.retrieval.embedder import Remembered, Vectors


class Counting:
    """An embedder that counts what it is asked for."""

    fingerprint = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        self.asked += texts
        return np.array([[float(len(text)), 1.0] for text in texts], np.float32)


def test_vectors_of_known_queries_are_not_made_again() -> None:
    counting = Counting()
    remembered = Remembered(counting, most=2)
    assert remembered.embed(["one", "three", "one"]).tolist() == [[3, 1], [5, 1], [3, 1]]
    assert counting.asked == ["one", "three"]
    remembered.embed(["one"])
    assert counting.asked == ["one", "three"]
    remembered.embed(["seven"])  # "three" was not asked for longest
    remembered.embed(["one", "three"])
    assert counting.asked == ["one", "three", "seven", "three"]


def test_long_queries_are_not_held() -> None:
    class Silent(Counting):
        def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
            return np.ones((len(texts), 2), np.float32)

    remembered = Remembered(Silent())
    tracemalloc.start()
    try:
        for number in range(20):
            remembered.embed([f"{number}" + "x" * 1_000_000])
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
