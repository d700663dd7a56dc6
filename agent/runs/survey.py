"""One walk over the shards of a run before its output is written: counts, types, ids that occur twice.

Takes shards; gives a `Survey`. Holds 8 bytes a row, for ids; nothing else grows with the corpus.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.agent.runs.kept import Census, Selection
from thymos.agent.runs.shard import good_rows


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a run once all of its rows are.

    Attributes:
        rows: good rows.
        bad: rows set aside.
        kept: columns carried along, with what they hold.
        duplicates: good rows whose id an earlier good row has.
        duplicate: one such id, or None.
    """

    rows: int
    bad: int
    kept: Census
    duplicates: int
    duplicate: str | None


def survey(shards: Callable[[], Iterable[Any]], selection: Selection) -> Survey:
    """Walk over the shards once, and a second time up to the first repeated id when there is one.

    Args:
        shards: starts a walk.
        selection: the columns that were carried along.
    """
    census = Census.of(selection)
    hashes: list[NDArray[np.uint64]] = []
    total = 0
    for shard in shards():
        good = good_rows(shard)
        total += shard.num_rows
        hashes.append(_hashes(good))
        if selection.names:
            census.add(good["kept"].to_pylist())
    ids = np.concatenate([*hashes, np.empty(0, np.uint64)])  # (rows,)
    rows = len(ids)
    hashes.clear()
    ids.sort()
    repeated = ids[1:][ids[1:] == ids[:-1]]
    return Survey(
        rows=rows,
        bad=total - rows,
        kept=census,
        duplicates=len(repeated),
        duplicate=_first_of(shards(), set(repeated.tolist())) if len(repeated) else None,
    )


def _hashes(good: Any) -> NDArray[np.uint64]:
    """Return 64 bits per id; two of a million ids share them once in 37 million corpora (n^2 / 2^65)."""
    digests = b"".join(blake2b(name.encode(), digest_size=8).digest() for name in good["id"].to_pylist())
    return np.frombuffer(digests, np.uint64)  # (good rows,)


def _first_of(shards: Iterable[Any], wanted: set[int]) -> str | None:
    """Return the first id whose hash is wanted."""
    for shard in shards:
        good = good_rows(shard)
        for name, digest in zip(good["id"].to_pylist(), _hashes(good).tolist(), strict=True):
            if digest in wanted:
                return str(name)
    return None
