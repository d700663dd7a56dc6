"""Vectors of queries that come again and again."""

import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from thymos.retrieval.embedder import Remembered, SentenceEmbedder, Vectors


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


def test_short_and_long_texts_take_turns_and_vectors_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = SentenceEmbedder()
    texts = [" ".join(["word"] * (1 + number % 40)) for number in range(6 * 64)]
    lengths, done = list[int](), list[int]()
    encode = embedder._model.encode

    def told(some: list[str], **more: object) -> Vectors:
        lengths.append(len(some[0]))
        found: Vectors = encode(some, **more)
        return found

    monkeypatch.setattr(embedder._model, "encode", told)
    vectors = embedder.embed(texts, done.append)
    assert lengths != sorted(lengths), "the time left would be told too short"
    assert done == [64, 128, 192, 256, 320, 384]
    for place in (0, 39, 200, 383):
        assert vectors[place] @ embedder.embed([texts[place]])[0] > 0.999
