"""`weigh`: what evidence is worth beside a labeler, on a dev split: nothing, passages, labelled examples, or both.

Takes a labeler, a knowledge base and rows with gold labels; gives the figures of each arm and, where the votes of
examples help, what is stored for use. Weight, temperature and thresholds are fitted on one half of the rows and scored
on the other, in turn, so that no arm gains by being fitted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.sample import Sample, Turn
from thymos.agent.examples import Examples
from thymos.finetune.calibration.fit import fit_confidence
from thymos.finetune.calibration.temperature import best_temperature, calibrated
from thymos.finetune.calibration.thresholds import choose, expected_thresholds, macro_f1
from thymos.finetune.calibration.weight import best_weight
from thymos.finetune.calibration_error import calibration
from thymos.finetune.training.dev import gold_matrix
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Taxonomy
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import EXEMPLAR
from thymos.retrieval.search import Filter, Options
from thymos.retrieval.votes import Votes, Weighed, pool

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ARMS = ("none", "passages", "neighbours", "both")
FEWEST = 20  # rows of either sort: with fewer nothing can be fitted
_BATCH = 256
_NOTE = "Note"  # who says a passage, where the model is shown one
_NEAR = 0.3


class Scorer(Protocol):
    """What is weighed against; `thymos.agent.labeler.Labeler` is one."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The label set."""
        ...

    @property
    def digest(self) -> str:
        """What decides its probabilities, as a digest."""
        ...

    def log_probabilities(self, samples: Sequence[Sample]) -> tuple[Floats, list[int]]:
        """Score samples; return logarithms, (rows, labels), and which samples the rows are."""
        ...


@dataclass(frozen=True, slots=True)
class Arm:
    """Figures of one arm.

    Attributes:
        name: of `ARMS`.
        macro_f1: mean F1 over labels.
        loss: mean cross entropy in nats against equal shares of the gold labels.
        ece: expected calibration error.
    """

    name: str
    macro_f1: float
    loss: float
    ece: float


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """What was found.

    Attributes:
        arms: in the order of `ARMS`; those with passages only where one was near enough to a row.
        rows: that were scored.
        known: rows left out, since an example says the same.
        weight: of the votes; 0 where they do not help.
        examples: what is stored; None where the votes do not help.
    """

    arms: tuple[Arm, ...]
    rows: int
    known: int
    weight: float
    examples: Examples | None


def weigh(
    scorer: Scorer,
    base: KnowledgeBase,
    samples: Sequence[Sample],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Weighing:
    """Score the arms and fit the votes.

    Args:
        scorer: of samples.
        base: with passages and with labelled examples of the scorer's label set.
        samples: with gold labels.
        on_progress: called with rows scored and rows to score; each is scored again where passages are shown.

    Raises:
        InputError: there are too few examples or rows.
    """
    taxonomy = scorer.taxonomy
    exemplars = base.exemplars(taxonomy.name)
    if len(exemplars.texts) < FEWEST:
        raise InputError(
            f"knowledge base must have {FEWEST} labelled examples of {taxonomy.name} or more, got "
            f"{len(exemplars.texts)}; add some with `thymos kb add FILE --exemplars --taxonomy {taxonomy.name}`"
        )
    said = {" ".join(text.casefold().split()) for text in exemplars.texts}
    fresh = [each for each in samples if " ".join((each.text or "").casefold().split()) not in said]
    golds = gold_matrix([each.gold or () for each in fresh], taxonomy)  # first, since a label may be unknown
    shown = _with_passages(base, fresh)
    informing = shown != fresh
    scored = _scored(scorer, [*fresh, *(shown if informing else ())], on_progress)
    shift = len(fresh) if informing else 0
    kept = [place for place in range(len(fresh)) if place in scored and place + shift in scored]
    gold = golds[kept]
    if len(kept) < FEWEST:
        raise InputError(f"rows to weigh with must be {FEWEST} or more, got {len(kept)} that no example says")
    plain = np.stack([scored[place] for place in kept])
    informed = np.stack([scored[place + shift] for place in kept])
    votes = Votes.fit(
        exemplars.texts,
        gold_matrix(exemplars.labels, taxonomy),
        taxonomy.names,
        embedder=base.embedder,
        vectors=exemplars.vectors,
    )
    shares = votes.log_shares([fresh[place].text or "" for place in kept])
    given = {
        "none": (plain, None),
        "passages": (informed, None),
        "neighbours": (plain, shares),
        "both": (informed, shares),
    }
    arms = tuple(_arm(name, *given[name], gold, taxonomy) for name in (ARMS if informing else ("none", "neighbours")))
    weight = best_weight(plain, shares, gold)
    examples = None
    if weight:
        confidence = fit_confidence(pool(plain, shares, weight), gold, taxonomy)
        examples = Examples(Weighed(votes, weight), confidence, scorer.digest)
    return Weighing(arms, len(kept), len(samples) - len(fresh), weight, examples)


def _with_passages(base: KnowledgeBase, samples: Sequence[Sample]) -> list[Sample]:
    """Return samples with the nearest passage as an earlier turn; as they are where none is near."""
    kinds = tuple(kind for kind in base.counts("kind") if kind != EXEMPLAR)
    if not kinds:
        return list(samples)
    hits = base.search_many([sample.text or "" for sample in samples], Options(k=1, least=_NEAR), Filter(kinds=kinds))
    return [
        replace(sample, context=(Turn(found[0].passage.text, _NOTE), *sample.context)) if found else sample
        for sample, found in zip(samples, hits, strict=True)
    ]


def _scored(scorer: Scorer, samples: Sequence[Sample], on_progress: Callable[[int, int], None]) -> dict[int, Floats]:
    """Score samples batch by batch; return place -> logarithms of those that can be scored."""
    found: dict[int, Floats] = {}
    for start in range(0, len(samples), _BATCH):
        part = samples[start : start + _BATCH]
        scores, places = scorer.log_probabilities(part)
        found |= {start + place: row for place, row in zip(places, scores, strict=True)}
        on_progress(start + len(part), len(samples))
    return found


def _arm(name: str, scores: Floats, shares: Floats | None, gold: Bools, taxonomy: Taxonomy) -> Arm:
    """Fit on one half and score the other, in turn."""
    p = np.empty_like(scores)
    chosen = np.zeros_like(gold)
    for fitted, told in _halves(len(gold)):
        pooled = scores
        if shares is not None:
            pooled = pool(scores, shares, best_weight(scores[fitted], shares[fitted], gold[fitted]))
        temperature = best_temperature(pooled[fitted], gold[fitted])
        sharp = np.exp(calibrated(pooled, temperature))
        p[told] = sharp[told]
        if taxonomy.kind is Kind.MULTI:
            chosen[told] = choose(sharp[told], expected_thresholds(sharp[fitted], gold[fitted]))
        else:
            chosen[told] = sharp[told] == sharp[told].max(axis=1, keepdims=True)
    targets = gold / gold.sum(axis=1, keepdims=True)
    loss = float(-(targets * np.log(np.maximum(p, 1e-12))).sum(axis=1).mean())
    right = gold[np.arange(len(gold)), p.argmax(axis=1)]
    return Arm(name, macro_f1(chosen, gold), loss, calibration(np.minimum(p.max(axis=1), 1.0), right).ece)


def _halves(rows: int) -> Iterator[tuple[Bools, Bools]]:
    even = np.arange(rows) % 2 == 0
    yield even, ~even
    yield ~even, even
