"""`PackedLlama`: a Llama that writes, its cache of keys and values, and the threads that compute it.

Takes tokens with their slots and positions; gives logits. The cache is allocated once, for a number of sequences of a
longest length; the system gives it memory only where something is written. Not thread-safe: one thread owns it. Knows
nothing of requests, sampling and text.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from thymos.adapters.generation.packing import Format, lossless_format, pack
from thymos.adapters.generation.products import Floats
from thymos.adapters.generation.step import Batch, Room, step
from thymos.adapters.generation.team import Team
from thymos.adapters.scoring.tight import Parts

MOST = 32  # tokens of one step: more would not fit the processor's fast memory
BLOCK = 64  # tokens of a sequence that lie together, with their keys and values of all layers


class PackedLlama:
    """Computes steps.

    Attributes:
        slots: sequences that the cache holds.
        context: longest sequence, tokens.
        form: number format of the weights.
    """

    def __init__(self, parts: Parts, *, slots: int, context: int, form: Format | None, threads: int) -> None:
        """Lay out the weights and the cache, and start the threads.

        Args:
            parts: of a `TightLlama`; may be let go of afterwards.
            slots: sequences that are held at a time.
            context: longest sequence, tokens.
            form: number format of the weights; the smallest that loses nothing when None.
            threads: that compute together.
        """
        self.slots, self.context = slots, context
        self.form: Format = form or lossless_format(parts)
        self._weights, self._vectors = pack(parts, self.form, context)
        self._room = _room(parts, slots, context, threads)
        self._team = Team(threads)

    @property
    def vocabulary(self) -> int:
        """Tokens that it knows."""
        return int(self._weights.head.shape[0])

    def forward(
        self, tokens: Sequence[int], slots: Sequence[int], positions: Sequence[int], wanted: Sequence[int]
    ) -> Floats:
        """Compute tokens and keep their keys and values.

        Args:
            tokens: ids, at most `MOST`.
            slots: of each token.
            positions: of each token; those before it in its slot are computed earlier or here.
            wanted: numbers of the tokens after which logits are wanted.

        Returns:
            (wanted, vocabulary), valid until the next call.
        """
        ids = np.asarray(tokens, np.int64)
        self._room.hidden[: len(ids)] = self._vectors.rows(ids)
        batch = Batch(np.asarray(slots, np.int64), np.asarray(positions, np.int64), np.asarray(wanted, np.int64))
        counter = self._team.counter
        size, met = self._team.size, int(counter[0])
        self._team.run(lambda member: step(member, size, counter, met, batch, self._weights, self._room))
        return self._room.logits[: len(wanted)]

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first keys and values of one slot to another."""
        whole, rest = divmod(length, BLOCK)
        for cache in (self._room.keys, self._room.values):
            cache[target, :whole] = cache[source, :whole]
            if rest:
                cache[target, whole, :, :, :rest] = cache[source, whole, :, :, :rest]

    def close(self) -> None:
        """Let the threads end."""
        self._team.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _room(parts: Parts, slots: int, context: int, threads: int) -> Room:
    dim, inner = parts.layers[0].down.shape
    head_dim = 2 * len(parts.frequencies)
    blocks = -(-context // BLOCK)
    cache = (slots, blocks, len(parts.layers), parts.kv_heads, BLOCK, head_dim)

    def room(*shape: int) -> Floats:
        return np.empty(shape, np.float32)

    return Room(
        keys=room(*cache),
        values=room(*cache),
        hidden=room(MOST, dim),
        normed=room(threads, MOST, dim),
        fused=room(MOST, (parts.heads + 2 * parts.kv_heads) * head_dim),
        query=room(threads, 1, head_dim),
        scores=room(threads, blocks, 1, BLOCK),
        attended=room(MOST, parts.heads * head_dim),
        added=room(MOST, dim),
        wide=room(MOST, 2 * inner),
        inner=room(MOST, inner),
        logits=room(MOST, parts.head.shape[0]),
    )
