"""How varied a set of texts is: distinct-n, self-BLEU, Vendi score, growth of the vocabulary.

Takes texts and their vectors; gives figures, beside those of as many real texts where there are some. Knows nothing of
candidates.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np

from thymos.agent.synth.vectors import Vector
from thymos.retrieval.grams import words

MOST = 2000  # texts that are measured; more are drawn from
_MOST_BLEU = 200
_ORDER = 4
FLOOR = 0.7  # of real text's figure
FLOORED = ("distinct_2", "vendi")


def measure(texts: Sequence[str], vectors: Vector | None = None) -> dict[str, object]:
    """Return the figures of a set.

    Args:
        texts: at most `MOST`; see `drawn`.
        vectors: of the texts, (texts, dim); None leaves the Vendi score out.
    """
    told = [words(text) for text in texts]
    found: dict[str, object] = {
        "texts": len(told),
        "words": sum(map(len, told)),
        "distinct_1": round(distinct(told, 1), 4),
        "distinct_2": round(distinct(told, 2), 4),
        "self_bleu": round(self_bleu(told[:_MOST_BLEU]), 4),
        "vocabulary": growth(told),
    }
    if vectors is not None:
        found["vendi"] = round(vendi(vectors), 4)
    return found


def below_floor(found: dict[str, object], real: dict[str, object]) -> list[str]:
    """Return the figures that are less than `FLOOR` of real text's."""
    low = []
    for name in FLOORED:
        mine, other = found.get(name), real.get(name)
        if isinstance(mine, float) and isinstance(other, float) and mine < FLOOR * other:
            low.append(name)
    return low


def drawn(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """Return as many texts, drawn without repetition, in their order."""
    if len(texts) <= count:
        return list(texts)
    return [texts[place] for place in sorted(random.Random(seed).sample(range(len(texts)), count))]


def distinct(told: Sequence[Sequence[str]], size: int) -> float:
    """Return distinct runs of words over all runs."""
    grams = [tuple(each[start : start + size]) for each in told for start in range(len(each) - size + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def vendi(vectors: Vector) -> float:
    """Return the effective number of texts that have nothing in common: e to the entropy of K/n's eigenvalues."""
    if not len(vectors):
        return 0.0
    narrow = vectors.astype(np.float64)
    kernel = narrow.T @ narrow if len(narrow) > narrow.shape[1] else narrow @ narrow.T  # the same eigenvalues
    values = np.linalg.eigvalsh(kernel / len(narrow))
    positive = values[values > 1e-12]
    return float(math.exp(-(positive * np.log(positive)).sum()))


def growth(told: Sequence[Sequence[str]], steps: int = 8) -> list[list[int]]:
    """Return how many different words the first words have: pairs of words and different words."""
    flat = [word for each in told for word in each]
    marks = sorted({len(flat) * step // steps for step in range(1, steps + 1)} - {0})
    seen: set[str] = set()
    pairs, start = [], 0
    for mark in marks:
        seen.update(flat[start:mark])
        pairs.append([mark, len(seen)])
        start = mark
    return pairs


def self_bleu(told: Sequence[Sequence[str]]) -> float:
    """Return the mean BLEU-4 of each text against all the others; 1 where all are the same."""
    if len(told) < 2:
        return 0.0
    counts = [[_grams(each, size) for size in range(1, _ORDER + 1)] for each in told]
    best = [_two_most([each[size] for each in counts]) for size in range(_ORDER)]
    lengths = [len(each) for each in told]
    return sum(_bleu(place, counts[place], best, lengths) for place in range(len(told))) / len(told)


def _grams(told: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(told[start : start + size]) for start in range(len(told) - size + 1))


def _two_most(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Return run -> its greatest count, whose that is, and the greatest of the others."""
    best: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for owner, each in enumerate(counts):
        for run, count in each.items():
            most, whose, second = best.get(run, (0, -1, 0))
            best[run] = (count, owner, most) if count > most else (most, whose, max(second, count))
    return best


def _bleu(
    place: int,
    counts: Sequence[Counter[tuple[str, ...]]],
    best: Sequence[dict[tuple[str, ...], tuple[int, int, int]]],
    lengths: Sequence[int],
) -> float:
    logs = []
    for size in range(_ORDER):
        total = sum(counts[size].values())
        if not total:
            continue
        hit = 0
        for run, count in counts[size].items():
            most, whose, second = best[size][run]
            hit += min(count, second if whose == place else most)
        logs.append(math.log(hit / total) if hit else math.log(0.1 / total))  # smoothing 1 of Chen and Cherry 2014
    if not logs:
        return 0.0
    mine = lengths[place]
    others = (each for number, each in enumerate(lengths) if number != place)
    near = min(others, key=lambda each: (abs(each - mine), each))
    brevity = 1.0 if mine >= near else math.exp(1 - near / mine)
    return brevity * math.exp(sum(logs) / len(logs))
