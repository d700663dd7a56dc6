"""Faithfulness of cited cues: what the answer loses without them, and what it keeps with nothing else.

Comprehensiveness is the probability of the likeliest label less that without the cited phrases, sufficiency the same
less that with the cited phrases alone (DeYoung et al. 2020, arXiv:1911.03429): the higher and the lower the better.
Random phrases with as many words, drawn from the same row, stand beside; a paired sign-flip test over rows gives p.
Citations of the whole explanations are counted too.

    python benchmarks/faithfulness.py --gold corpora/goemotions/test.tsv --rows 500
"""

import argparse
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.citations import share_cited
from thymos.agent.reasoning.cues import CITED, extract, likeliest, measure_many, remainder
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.spans import Span, only, phrases, without
from thymos.prompts.errors import RowError
from thymos.retrieval.builtin import open_base

_BATCH = 64  # rows measured together
_FLIPS = 10_000


def random_spans(text: str, words: int, chance: random.Random) -> list[Span]:
    """Draw phrases of a text until they have as many words."""
    spans = phrases(text)
    chance.shuffle(spans)
    found: list[Span] = []
    while spans and sum(len(text[a:b].split()) for a, b in found) < words:
        found.append(spans.pop())
    return found


def p_value(differences: Sequence[float], seed: int) -> float:
    """Return how often random signs give a mean as large, one-sided."""
    values = np.asarray(differences)
    signs = np.random.default_rng(seed).choice((-1, 1), size=(_FLIPS, len(values)))
    return float(((signs * values).mean(1) >= values.mean()).sum() + 1) / (_FLIPS + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--format", default="goemotions")
    parser.add_argument("--taxonomy", default="goemotions")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-explanations", action="store_true", help="cues alone, which is quicker")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    every = [row for row in open_corpus(str(options.gold), format=options.format) if not isinstance(row, BadRow)]
    samples = chance.sample([row for row in every if len((row.text or "").split()) > 5], options.rows)
    labeler = Labeler.from_pretrained(taxonomy=options.taxonomy)
    ours: list[tuple[float, float]] = []
    drawn: list[tuple[float, float]] = []
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        asked: list[Sample] = []
        kept = []
        for sample, measured in zip(batch, measure_many(labeler, batch), strict=True):
            if isinstance(measured, RowError):
                continue
            cited = measured.cited() or measured.cues[:1]
            text = sample.text or ""
            spans = random_spans(text, sum(len(cue.text.split()) for cue in cited), chance)
            asked += [remainder(sample, cited), extract(sample, cited)]
            asked += [
                replace(sample, text=without(text, spans) or "..."),
                replace(sample, text=only(text, spans) or "..."),
            ]
            kept.append(measured.prediction)
        answers = iter(labeler.label_batch(asked))
        for whole in kept:
            label = likeliest(whole.probabilities)
            lost = []
            for _ in range(4):
                answer = next(answers)
                assert isinstance(answer, Prediction)
                lost.append(whole.probabilities[label] - answer.probabilities[label])
            ours.append((lost[0], lost[1]))
            drawn.append((lost[2], lost[3]))
        print(f"{len(ours)} of {len(samples)} rows", flush=True)
    for place, name, sign in ((0, "comprehensiveness", 1), (1, "sufficiency", -1)):
        mine, random_ = ([each[place] for each in column] for column in (ours, drawn))
        differences = [sign * (a - b) for a, b in zip(mine, random_, strict=True)]
        print(
            f"{name}: cited {statistics.mean(mine):.4f}, random {statistics.mean(random_):.4f}, "
            f"ratio {statistics.mean(mine) / statistics.mean(random_):.2f}, p {p_value(differences, options.seed):.5f}"
        )
    if options.no_explanations:
        return
    reasoner = Reasoner(labeler, options.taxonomy, open_base())
    shares, removed, sentences = [], 0, 0
    for sample in samples:
        found = reasoner.reason(sample)
        shares.append(share_cited(found.steps))
        removed += len(found.removed)
        sentences += sum(len(step.sentences) for step in found.steps)
    print(
        f"{len(samples)} explanations, {sentences} sentences, up to {CITED} cues each: citations that named nothing "
        f"{removed}, sentences cited {statistics.mean(shares):.1%}"
    )


if __name__ == "__main__":
    main()
