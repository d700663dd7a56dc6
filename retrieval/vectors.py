"""Nearest vectors through FAISS: which index for how many, how it is built, searched, written and read.

Takes unit vectors; gives rows and cosines. Chosen by size and said so: exact below 50,000, a navigable graph (HNSW,
Malkov and Yashunin 2018, arXiv:1603.09320) above. On a machine with GPUs the exact index is searched there. Only this
file knows FAISS.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.errors import InputError

Vectors = NDArray[np.float32]
IndexKind = Literal["flat", "hnsw"]
GRAPH_FROM = 50_000  # vectors
METRIC = "cosine"  # of unit vectors: their inner product
_LINKS, _BUILD_BREADTH, _SEARCH_BREADTH = 32, 80, 128  # M, efConstruction and efSearch of HNSW


@dataclass(frozen=True, slots=True, eq=False)
class VectorIndex:
    """Vectors that can be searched.

    Attributes:
        kind: flat or hnsw.
        faiss: FAISS' own index.
        on_gpus: the same on all GPUs, where there are any: it searches all rows, since it would not heed a filter.
    """

    kind: IndexKind
    faiss: Any
    on_gpus: Any = None

    def search(self, queries: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Any, Any]:
        """Return the nearest rows.

        Args:
            queries: unit vectors, (queries, dim).
            k: how many of each.
            allowed: which rows may be found, (rows,); None allows all.

        Returns:
            Rows (queries, k), -1 where there are no more, and their cosines.
        """
        index = self.faiss if self.on_gpus is None or allowed is not None else self.on_gpus
        similarity, rows = index.search(
            np.ascontiguousarray(queries, dtype=np.float32), min(k, max(1, self.faiss.ntotal)),
            params=_parameters(self.kind, allowed),
        )  # fmt: skip
        return rows, similarity

    def add(self, vectors: Vectors) -> None:
        """Append rows."""
        for index in (self.faiss, self.on_gpus):
            if index is not None:
                index.add(np.ascontiguousarray(vectors, dtype=np.float32))


def kind_for(rows: int) -> IndexKind:
    """Return the kind of index for so many vectors."""
    return "flat" if rows < GRAPH_FROM else "hnsw"


def build_index(vectors: Vectors, kind: IndexKind | None = None) -> VectorIndex:
    """Build an index.

    Args:
        vectors: unit vectors, (rows, dim).
        kind: as chosen by `kind_for` when None.
    """
    import faiss

    rows, size = vectors.shape
    kind, on_gpus = kind or kind_for(rows), None
    if kind == "flat":
        index: Any = faiss.IndexFlatIP(size)
        if faiss.get_num_gpus():
            on_gpus = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(size))
    else:
        index = faiss.IndexHNSWFlat(size, _LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = _BUILD_BREADTH
    found = VectorIndex(kind, index, on_gpus)
    found.add(vectors)
    return found


def write_index(index: VectorIndex, path: Path) -> None:
    """Write an index in FAISS' own format.

    Raises:
        OSError: the disk is full or refuses.
    """
    import faiss

    try:
        faiss.write_index(index.faiss, str(path))
    except RuntimeError as error:
        raise OSError(str(error)) from error


def read_index(path: Path, kind: IndexKind) -> VectorIndex:
    """Read what `write_index` wrote.

    Raises:
        InputError: the file is damaged.
    """
    import faiss

    try:
        return VectorIndex(kind, faiss.read_index(str(path)))
    except RuntimeError as error:
        raise InputError(f"index must be whole, got {path}: it can't be read; add the documents again") from error


def _parameters(kind: IndexKind, allowed: NDArray[np.bool_] | None) -> Any:
    """Return FAISS' search parameters."""
    faiss: Any = import_module("faiss")  # its stubs lack what is used here

    selector = {} if allowed is None else {"sel": faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))}
    if kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=_SEARCH_BREADTH, **selector)
    return faiss.SearchParameters(**selector) if selector else None
