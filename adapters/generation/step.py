"""One step of a Llama over a handful of tokens, of any sequences: from vectors to logits, on several threads.

Takes packed weights, the cache of keys and values, and for each token its vector, the slot of its sequence and its
position; writes its key and value into the slot and gives logits where they are wanted. Tokens of one step may be one
of each of several conversations, a stretch of one prompt, or guesses that follow each other: a token sees what lies in
its slot up to its own position, this step's included, and its numbers do not depend on who else is there. The
arithmetic is that of `scoring.layer`, against which tests hold it. Knows nothing of requests and text.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.generation.products import Codes, Floats, compiled, multiply
from thymos.adapters.generation.team import meet

Indices = NDArray[np.int64]


class Weights(NamedTuple):
    """Matrices as codes with scales (see `multiply`), layer by layer, and what stays float32.

    Attributes:
        qkv: (layers, out, dim), query, key and value one under another.
        attention_out: (layers, dim, heads * head dim).
        gate_up: (layers, 2 * inner, dim), gate above up.
        down: (layers, dim, inner).
        head: (vocabulary, dim).
        norms: (layers + 1, 2, dim): before attention and before the rest; the first after all layers is the final one.
        rotation: cosine and sine of the rotary angles, (2, context, head dim / 2).
        epsilon: of the norms.
    """

    qkv: Codes
    qkv_scales: Floats
    attention_out: Codes
    attention_out_scales: Floats
    gate_up: Codes
    gate_up_scales: Floats
    down: Codes
    down_scales: Floats
    head: Codes
    head_scales: Floats
    norms: Floats
    rotation: Floats
    epsilon: float


class Batch(NamedTuple):
    """The tokens of a step.

    Attributes:
        slots: of each token's sequence, (tokens).
        positions: of each token in its sequence, (tokens).
        wanted: numbers of the tokens whose logits are wanted.
    """

    slots: Indices
    positions: Indices
    wanted: Indices


class Room(NamedTuple):
    """Where a step writes, float32; `most` is the largest number of tokens.

    Attributes:
        keys: rotated, (slots, blocks, layers, kv heads, tokens of a block, head dim).
        values: as they are, likewise.
        hidden: vectors of the tokens, (most, dim).
        normed: (threads, most, dim).
        fused: (most, out of qkv).
        query: (threads, 1, head dim).
        scores: (threads, blocks, 1, tokens of a block).
        attended: (most, heads * head dim).
        added: (most, dim).
        wide: (most, 2 * inner).
        inner: (most, inner).
        logits: the result, (most, vocabulary); row n belongs to the n-th wanted token.
    """

    keys: Floats
    values: Floats
    hidden: Floats
    normed: Floats
    fused: Floats
    query: Floats
    scores: Floats
    attended: Floats
    added: Floats
    wide: Floats
    inner: Floats
    logits: Floats


@compiled
def step(member: int, size: int, counter: Indices, met: int, batch: Batch, weights: Weights, room: Room) -> None:
    """Do one thread's share of a step.

    Args:
        member: number of the thread.
        size: threads.
        counter: where they meet, (1).
        met: what the counter stood at when the step began.
        batch: the tokens; their vectors are in `room.hidden`.
        weights: of the model.
        room: where to write.
    """
    count, layers = len(batch.slots), weights.qkv.shape[0]
    own, hidden = room.normed[member], room.hidden
    first, last = _share(hidden.shape[1], member, size)
    for layer in range(layers):
        for token in range(count):
            _norm(hidden[token], weights.norms[layer, 0], weights.epsilon, own[token])
        begin, end = _share(room.fused.shape[1], member, size)
        multiply(own, count, weights.qkv[layer], weights.qkv_scales[layer], room.fused, begin, end)
        met = _meet(counter, met, size)
        _remember(member, size, batch, weights.rotation, room, layer)
        met = _meet(counter, met, size)
        _attend(member, size, batch, weights.rotation, room, layer)
        met = _meet(counter, met, size)
        out, scales = weights.attention_out[layer], weights.attention_out_scales[layer]
        multiply(room.attended, count, out, scales, room.added, first, last)
        _plus(hidden, room.added, count, first, last)
        met = _meet(counter, met, size)
        for token in range(count):
            _norm(hidden[token], weights.norms[layer, 1], weights.epsilon, own[token])
        half = room.inner.shape[1]
        begin, end = _share(half, member, size)
        gate_up, scales = weights.gate_up[layer], weights.gate_up_scales[layer]
        multiply(own, count, gate_up, scales, room.wide, begin, end)
        multiply(own, count, gate_up, scales, room.wide, half + begin, half + end)
        for token in range(count):
            _gate(room.wide[token], room.inner[token], begin, end)
        met = _meet(counter, met, size)
        multiply(room.inner, count, weights.down[layer], weights.down_scales[layer], room.added, first, last)
        _plus(hidden, room.added, count, first, last)
        met = _meet(counter, met, size)
    for number in range(len(batch.wanted)):
        _norm(hidden[batch.wanted[number]], weights.norms[layers, 0], weights.epsilon, own[number])
    begin, end = _share(weights.head.shape[0], member, size)
    multiply(own, len(batch.wanted), weights.head, weights.head_scales, room.logits, begin, end)
    _meet(counter, met, size)


@compiled
def _meet(counter: Indices, met: int, size: int) -> int:
    meet(counter, met + size)
    return met + size


@compiled
def _share(total: int, member: int, size: int) -> tuple[int, int]:
    return total * member // size, total * (member + 1) // size


@compiled
def _plus(hidden: Floats, added: Floats, tokens: int, first: int, last: int) -> None:
    for token in range(tokens):
        for column in range(first, last):
            hidden[token, column] += added[token, column]


@compiled
def _norm(row: Floats, weight: Floats, epsilon: float, out: Floats) -> None:
    """Root mean square norm (Zhang and Sennrich 2019)."""
    total = 0.0
    for column in range(row.shape[0]):
        total += float(row[column]) * float(row[column])
    factor = np.float32(1.0 / math.sqrt(total / row.shape[0] + epsilon))
    for column in range(row.shape[0]):
        out[column] = row[column] * factor * weight[column]


@compiled
def _gate(wide: Floats, inner: Floats, first: int, last: int) -> None:
    """SiLU of the gate, times up."""
    half = inner.shape[0]
    for column in range(first, last):
        gate = wide[column]
        inner[column] = gate / (np.float32(1.0) + np.exp(-gate)) * wide[half + column]


@compiled
def _remember(member: int, size: int, batch: Batch, rotation: Floats, room: Room, layer: int) -> None:
    """Rotate keys and put them and their values in the cache; each thread takes its share of tokens and heads."""
    kv_heads, block, head_dim = room.keys.shape[3:]
    queries = room.fused.shape[1] - 2 * kv_heads * head_dim
    for item in range(member, len(batch.slots) * kv_heads, size):
        token, head = item // kv_heads, item % kv_heads
        slot, position = batch.slots[token], batch.positions[token]
        begin = queries + head * head_dim
        angles, row = rotation[:, position], room.fused[token, begin : begin + head_dim]
        _rotate(row, angles, np.float32(1.0), room.keys[slot, position // block, layer, head, position % block])
        begin += kv_heads * head_dim
        value = room.values[slot, position // block, layer, head, position % block]
        for column in range(head_dim):
            value[column] = room.fused[token, begin + column]


@compiled
def _rotate(row: Floats, angles: Floats, factor: np.float32, out: Floats) -> None:
    """Apply rotary positions, halves convention (Su et al. 2021), and a factor."""
    half = row.shape[0] // 2
    for column in range(half):
        cosine, sine = angles[0, column], angles[1, column]
        left, right = row[column], row[half + column]
        out[column] = (left * cosine - right * sine) * factor
        out[half + column] = (right * cosine + left * sine) * factor


@compiled
def _attend(member: int, size: int, batch: Batch, rotation: Floats, room: Room, layer: int) -> None:
    """Mix values by how well keys answer the query; each thread takes its share of tokens and query heads."""
    kv_heads, block, head_dim = room.keys.shape[3:]
    heads = room.attended.shape[1] // head_dim
    query, scores = room.query[member], room.scores[member]
    unscaled = np.ones((1, 1), np.float32)
    for item in range(member, len(batch.slots) * heads, size):
        token, head = item // heads, item % heads
        shared = head // (heads // kv_heads)  # key head of several query heads (Ainslie et al. 2023)
        slot, position = batch.slots[token], batch.positions[token]
        begin = head * head_dim
        angles, row = rotation[:, position], room.fused[token, begin : begin + head_dim]
        _rotate(row, angles, np.float32(head_dim**-0.5), query[0])
        top = np.float32(-np.inf)
        for number in range(position // block + 1):
            count = min(block, position + 1 - number * block)
            multiply(query, 1, room.keys[slot, number, layer, shared], unscaled, scores[number], 0, count)
            for place in range(count):
                top = max(top, scores[number, 0, place])
        out = room.attended[token, begin : begin + head_dim]
        for column in range(head_dim):
            out[column] = np.float32(0.0)
        total = np.float32(0.0)
        for number in range(position // block + 1):
            count = min(block, position + 1 - number * block)
            total = _mix(scores[number, 0], top, room.values[slot, number, layer, shared], count, total, out)
        for column in range(head_dim):
            out[column] /= total


@compiled
def _mix(scores: Floats, top: np.float32, values: Floats, count: int, total: np.float32, out: Floats) -> np.float32:
    """Add values, weighted by the exponentials of their scores, to what is there; return the sum of all weights."""
    for place in range(count):
        weight = np.exp(scores[place] - top)
        total += weight
        row = values[place]
        for column in range(out.shape[0]):
            out[column] += weight * row[column]
    return total
