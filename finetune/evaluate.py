"""Joins predictions with gold labels by id and scores them; the core of `thymos eval` and of the Python API.

Takes iterables of predictions and of samples with gold labels; gives `Scores`. Knows nothing of files, tables
or plots.
"""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.finetune.gold import Gold, read_gold
from thymos.finetune.metrics import score
from thymos.finetune.scores import LabelSets, LeftOut, Scores
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Taxonomy


class Predicted(Protocol):
    """What is scored; `thymos.agent.prediction.Prediction` and `PredictedRow` are two."""

    @property
    def id(self) -> str:
        """The sample's id."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Predicted label names."""
        ...

    @property
    def probabilities(self) -> Mapping[str, float] | None:
        """Label -> probability, or None."""
        ...

    @property
    def abstained(self) -> bool:
        """Whether the row was handed to a person."""
        ...

    @property
    def label_set(self) -> tuple[str, ...] | None:
        """Labels that hold the gold ones with a wished coverage, or None."""
        ...


@dataclass(slots=True)
class _Joined:
    """Rows that have a prediction and gold labels, column by column, and the ids of those that lack gold."""

    gold: list[tuple[str, ...]] = field(default_factory=list)
    predicted: list[tuple[str, ...]] = field(default_factory=list)
    abstained: list[bool] = field(default_factory=list)
    sets: list[tuple[str, ...]] = field(default_factory=list)  # of the rows that have one
    probabilities: "array[float]" = field(default_factory=lambda: array("d"))  # row after row
    ids: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)


def evaluate(
    predictions: Iterable[Predicted],
    samples: Iterable[Sample | BadRow],
    taxonomy: Taxonomy,
    *,
    prediction_map: LabelMap | None = None,
    gold_map: LabelMap | None = None,
    ignore: Sequence[str] = (),
    drop_unknown_gold: bool = False,
    exclude: Collection[str] = (),
    bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score predictions against the gold labels of the samples with the same ids.

    Rows on one side only are not scored: they are counted and named in `Scores.left_out`. When any of the
    taxonomies involved is multi-label, the scores are multi-label too.

    Args:
        predictions: labelled rows.
        samples: the corpus with its gold labels; bad rows are counted.
        taxonomy: label set of the predictions.
        prediction_map: to score in another taxonomy, translates the predictions into it.
        gold_map: translates the gold labels into the taxonomy scored in; None if they are in it already.
        ignore: labels left out of macro, micro and weighted F1.
        drop_unknown_gold: leave rows out that have a gold label outside its taxonomy; else an error.
        exclude: ids of gold rows, or of dialogues, that are not to be scored (rows that leaked into training).
        bootstrap: resamples for the 95 % intervals; 0 for none.
        seed: of the resamples.

    Returns:
        The scores, with what was left out and the hash of the gold rows.

    Raises:
        InputError: an id occurs twice, no row has both sides, a label is outside its taxonomy, a row's labels
            do not fit the taxonomy's kind, or probabilities are incomplete.
        TaxonomyError: an ignored label is not in the taxonomy scored in.
    """
    target = prediction_map.target if prediction_map else taxonomy
    gold_taxonomy = gold_map.source if gold_map else target
    for name in ignore:
        target.index(name)  # before a long read
    gold = read_gold(samples, gold_taxonomy, gold_map, drop_unknown=drop_unknown_gold, exclude=exclude)
    if exclude and not gold.excluded:
        raise InputError(
            f"excluded ids must be of gold rows or their dialogues, got {len(exclude)} of which none is; check the file"
        )
    joined = _join(predictions, gold, taxonomy, prediction_map)
    if not joined.gold:
        raise InputError(
            f"predictions must share ids with the gold rows, got {len(joined.ids)} predictions and "
            f"{len(gold.labels)} gold rows with none in common; evaluate against the corpus that was labelled"
        )
    kinds = {taxonomy.kind, target.kind, gold_taxonomy.kind}
    scores = score(
        joined.gold,
        joined.predicted,
        replace(target, kind=Kind.MULTI if Kind.MULTI in kinds else Kind.SINGLE),
        probabilities=_matrix(joined, len(target)),
        abstained=joined.abstained,
        ignore=ignore,
        bootstrap=bootstrap,
        seed=seed,
    )
    return replace(scores, label_sets=_label_sets(joined), gold_sha256=gold.sha256, left_out=_left_out(gold, joined))


def _join(predictions: Iterable[Predicted], gold: Gold, taxonomy: Taxonomy, translation: LabelMap | None) -> _Joined:
    """Go through the predictions once and keep those that have gold labels."""
    joined = _Joined()
    target = translation.target if translation else taxonomy
    known = frozenset(taxonomy.names)
    without_score = {*gold.excluded, *gold.bad, *gold.unlabelled, *gold.unknown, *gold.unmapped}
    for row in predictions:
        if row.id in joined.ids:
            raise InputError(f"predicted ids must be unique, got {row.id!r} twice; label a corpus whose ids are unique")
        joined.ids.add(row.id)
        _check(row, taxonomy, known)
        if row.id not in gold.labels:
            if row.id not in without_score:
                joined.strays.append(row.id)
            continue
        joined.gold.append(gold.labels[row.id])
        joined.predicted.append(translation.labels(row.labels) if translation else row.labels)
        joined.abstained.append(row.abstained)
        if row.label_set is not None:
            joined.sets.append(translation.labels(row.label_set) if translation else row.label_set)
        if row.probabilities is not None:
            reached = translation.probabilities(row.probabilities) if translation else row.probabilities
            joined.probabilities.extend([reached[name] for name in target.names])
    return joined


def _check(row: Predicted, taxonomy: Taxonomy, known: frozenset[str]) -> None:
    """Refuse a prediction that is not about this taxonomy."""
    for name in row.labels:
        if name not in known:
            raise InputError(
                f"predicted label of row {row.id!r} must be of taxonomy {taxonomy.name!r} "
                f"({', '.join(taxonomy.names)}), got {name!r}; name the taxonomy it was labelled with "
                "(--taxonomy)"
            )
    if taxonomy.kind is Kind.SINGLE and len(set(row.labels)) > 1:
        raise InputError(
            f"prediction for row {row.id!r} must be one label of the single-label taxonomy "
            f"{taxonomy.name!r}, got {', '.join(row.labels)}; use a multi-label taxonomy"
        )
    if row.probabilities is not None and row.probabilities.keys() != known:
        raise InputError(
            f"probabilities of row {row.id!r} must be of the labels of taxonomy {taxonomy.name!r}, got "
            f"{', '.join(sorted(row.probabilities.keys() ^ known))} on one side only; name the taxonomy it "
            "was labelled with (--taxonomy)"
        )


def _matrix(joined: _Joined, labels: int) -> NDArray[np.float64] | None:
    """Return probabilities as (rows, labels), or None when no row has any."""
    rows, with_probabilities = len(joined.gold), len(joined.probabilities) // labels
    if with_probabilities == 0:
        return None
    if with_probabilities != rows:
        raise InputError(
            f"probabilities must be there for all rows or none, got them for {with_probabilities} of {rows}; "
            "complete the column or drop it"
        )
    return np.frombuffer(joined.probabilities, dtype=np.float64).reshape(rows, labels)


def _label_sets(joined: _Joined) -> LabelSets | None:
    """Measure the label sets where every row has one."""
    if len(joined.sets) != len(joined.gold):
        return None
    covered = [set(gold) <= set(held) for gold, held in zip(joined.gold, joined.sets, strict=True)]
    return LabelSets(covered=sum(covered) / len(covered), size=sum(map(len, joined.sets)) / len(covered))


def _left_out(gold: Gold, joined: _Joined) -> LeftOut:
    """Name the rows that were not scored."""
    return LeftOut(
        gold_without_prediction=tuple(row for row in gold.labels if row not in joined.ids),
        prediction_without_gold=tuple(joined.strays),
        gold_excluded=tuple(gold.excluded),
        gold_bad=tuple(gold.bad),
        gold_unlabelled=tuple(gold.unlabelled),
        gold_unknown=tuple(gold.unknown),
        gold_unmapped=tuple(gold.unmapped),
    )
