"""Each kind of index finds what exact search finds, and obeys which rows are allowed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thymos.prompts.errors import InputError
from thymos.retrieval.vectors import IndexKind, Vectors, build_index, kind_for, read_index, write_index

ROWS, SIZE, K = 4000, 32, 10


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Vectors in clusters, as texts are; all directions alike would be harder than any text."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(60, SIZE))
    raw = centres[chance.integers(0, 60, ROWS)] + 0.5 * chance.normal(size=(ROWS, SIZE))
    found: Vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return found


def recall(rows: Any, exact: Any) -> float:
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(rows, exact, strict=True)]))


@pytest.mark.parametrize(("kind", "least"), [("flat", 1.0), ("hnsw", 0.95)])
def test_an_index_finds_what_arithmetic_finds(kind: IndexKind, least: float, vectors: Vectors) -> None:
    exact = np.argsort(-vectors[:50] @ vectors.T, axis=1)[:, :K]
    rows, similarity = build_index(vectors, kind).search(vectors[:50], K)
    assert recall(rows, exact) >= least
    np.testing.assert_allclose(similarity[:, 0], 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_only_allowed_rows_are_found(kind: IndexKind, vectors: Vectors) -> None:
    allowed = np.arange(ROWS) % 7 == 0
    rows, _ = build_index(vectors, kind).search(vectors[:20], K, allowed)
    assert set((rows % 7).ravel()) == {0}
    few = np.arange(ROWS) < 3
    rows, _ = build_index(vectors, kind).search(vectors[:20], K, few)
    assert set(rows.ravel()) <= {-1, 0, 1, 2}


def test_an_index_is_the_same_after_writing_and_damage_is_told(vectors: Vectors, tmp_path: Path) -> None:
    index = build_index(vectors, "hnsw")
    write_index(index, tmp_path / "i.faiss")
    again = read_index(tmp_path / "i.faiss", "hnsw")
    np.testing.assert_array_equal(again.search(vectors[:9], K)[0], index.search(vectors[:9], K)[0])
    (tmp_path / "i.faiss").write_bytes((tmp_path / "i.faiss").read_bytes()[:1000])
    with pytest.raises(InputError, match="whole"):
        read_index(tmp_path / "i.faiss", "hnsw")


def test_size_chooses_the_kind() -> None:
    assert [kind_for(rows) for rows in (0, 49_999, 50_000, 1_000_000)] == ["flat", "flat", "hnsw", "hnsw"]


def test_a_filter_is_heeded_where_gpus_would_not(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS' flat index on GPUs takes search parameters and does not look at them."""
    import faiss

    class OnGpus:
        def __init__(self, index: Any) -> None:
            self.index = index

        def search(self, queries: Any, k: int, params: Any = None) -> Any:
            return self.index.search(queries, k)

        def add(self, rows: Any) -> None:
            self.index.add(rows)

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 2)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", OnGpus, raising=False)
    index = build_index(vectors, "flat")
    rows, _ = index.search(vectors[:20], K, np.arange(ROWS) % 7 == 0)
    assert set((rows % 7).ravel()) == {0}
    everywhere, _ = index.search(vectors[:20], K)
    assert isinstance(index.on_gpus, OnGpus)
    assert len(set((everywhere % 7).ravel())) == 7
