"""From label log-probabilities to decisions: which labels, how sure, and whether to hand the row to a person.

Takes arrays; gives `Prediction` values. Knows no model and no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.agent.prediction import Prediction
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Taxonomy

THRESHOLD = 0.25  # default of the multi-label rule
DIGITS = 6  # decimals of every number in a prediction: far below what bf16 resolves, and files stay small


@dataclass(frozen=True, slots=True)
class Rule:
    """How a distribution becomes a decision.

    Attributes:
        threshold: multi-label only: a label is chosen at this probability or above, and the likeliest always is; one
            threshold for all labels, or one for each in taxonomy order.
        abstain_below: no label is chosen when the likeliest has less than this; 0 never abstains.
        neutral_from: single-label only: where the neutral label is the likeliest, but below this probability, the
            likeliest of the others is chosen; 0 chooses the likeliest of all.
        label_weights: single-label only: each label's probability is multiplied by its weight before one is chosen;
            None weighs all alike.
        set_from: a label is in the label set at this probability or above, the likeliest always; None: no sets.
    """

    threshold: float | tuple[float, ...] = THRESHOLD
    abstain_below: float = 0.0
    neutral_from: float = 0.0
    label_weights: tuple[float, ...] | None = None
    set_from: float | None = None

    def __post_init__(self) -> None:
        several = self.threshold if isinstance(self.threshold, tuple) else (self.threshold,)
        named = [*(("threshold", each) for each in several), ("abstain-below", self.abstain_below)]
        named.append(("neutral-from", self.neutral_from))
        for name, value in named:
            if not 0.0 <= value <= 1.0:
                raise InputError(f"{name} must be a probability from 0 to 1, got {value}; 0.25 means 25 %")


def decide(
    ids: Sequence[str], log_probabilities: NDArray[np.float32], taxonomy: Taxonomy, rule: Rule
) -> list[Prediction]:
    """Decide for each row.

    Args:
        ids: of the rows, (rows,).
        log_probabilities: (rows, labels), natural logarithms.
        taxonomy: the labels, in column order, and how many a row may carry.
        rule: thresholds.
    """
    log_p = log_probabilities.astype(np.float64)
    p = np.exp(log_p)
    entropies = -(p * np.where(p > 0, log_p, 0.0)).sum(axis=1)  # nats
    ordered = np.sort(p, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    names = taxonomy.names
    neutral = names.index(taxonomy.neutral) if taxonomy.neutral is not None else None
    predictions = []
    for row, identifier in enumerate(ids):
        abstained = bool(ordered[row, -1] < rule.abstain_below)
        chosen = _chosen(p[row], names, taxonomy.kind, rule, neutral)
        predictions.append(
            Prediction(
                id=identifier,
                labels=() if abstained else chosen,
                probabilities={name: round(float(value), DIGITS) for name, value in zip(names, p[row], strict=True)},
                entropy=round(float(entropies[row]), DIGITS),
                margin=round(float(margins[row]), DIGITS),
                abstained=abstained,
                label_set=None if rule.set_from is None else _with(chosen, _at_least(p[row], names, rule.set_from)),
            )
        )
    return predictions


def _chosen(
    p: NDArray[np.float64], names: tuple[str, ...], kind: Kind, rule: Rule, neutral: int | None
) -> tuple[str, ...]:
    """Return the chosen labels, likeliest first; ties go to the earlier label."""
    if kind is Kind.SINGLE:
        if rule.label_weights is not None:
            p = p * np.asarray(rule.label_weights)
        if neutral is not None and p.argmax() == neutral and p[neutral] < rule.neutral_from:
            p = np.where(np.arange(len(p)) == neutral, -1.0, p)
        return (names[int(p.argmax())],)
    return _at_least(p, names, rule.threshold)


def _with(chosen: tuple[str, ...], label_set: tuple[str, ...]) -> tuple[str, ...]:
    """Return a label set that holds a single chosen label too, which need not be the likeliest."""
    return label_set if len(chosen) != 1 or chosen[0] in label_set else (*label_set, *chosen)


def _at_least(p: NDArray[np.float64], names: tuple[str, ...], threshold: float | tuple[float, ...]) -> tuple[str, ...]:
    """Return the likeliest label and those at their threshold or above, likeliest first."""
    reached = p >= np.asarray(threshold)
    reached[p.argmax()] = True
    return tuple(names[index] for index in np.argsort(-p, kind="stable") if reached[index])
