"""`fit_confidence`: everything that is learnt about a model's probabilities on one dev split. The list of steps.

Takes label log-probabilities and gold labels; gives a `Confidence`. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.confidence import GRID, Confidence
from thymos.finetune.calibration.abstention import answer_thresholds
from thymos.finetune.calibration.balance import best_label_weights
from thymos.finetune.calibration.conformal import set_thresholds
from thymos.finetune.calibration.neutral import best_neutral
from thymos.finetune.calibration.temperature import best_temperature, calibrated
from thymos.finetune.calibration.thresholds import expected_thresholds
from thymos.prompts.taxonomy import Kind, Taxonomy

_DIGITS = 6


def fit_confidence(
    log_probabilities: NDArray[np.float64],
    gold: NDArray[np.bool_],
    taxonomy: Taxonomy,
    temperature: float | None = None,
) -> Confidence:
    """Fit temperature, thresholds, label sets and abstention.

    Args:
        log_probabilities: of a dev split, (rows, labels), natural logarithms.
        gold: whether a row has a label, (rows, labels).
        taxonomy: the labels.
        temperature: that was fitted before; None fits it.
    """
    temperature = round(best_temperature(log_probabilities, gold) if temperature is None else temperature, _DIGITS)
    p = np.exp(calibrated(log_probabilities, temperature))
    thresholds, label_weights = None, None
    if taxonomy.kind is Kind.MULTI:
        thresholds = _rounded(expected_thresholds(p, gold))
    else:
        label_weights = tuple(float(f"{weight:.{_DIGITS}g}") for weight in best_label_weights(p, gold))  # none is 0
    neutral_from = None
    if taxonomy.kind is Kind.SINGLE and taxonomy.neutral is not None:
        neutral_from = round(best_neutral(p, gold, taxonomy.names.index(taxonomy.neutral)), _DIGITS)
    right = gold[np.arange(len(gold)), p.argmax(axis=1)]
    return Confidence(
        taxonomy=taxonomy.name,
        labels=taxonomy.names,
        words=taxonomy.words,
        temperature=temperature,
        thresholds=thresholds,
        set_thresholds=_down(set_thresholds(p, gold, GRID)),
        answer_thresholds=tuple(
            None if each is None else _down((each,))[0] for each in answer_thresholds(p.max(axis=1), right, GRID)
        ),
        rows=len(gold),
        neutral_from=neutral_from,
        label_weights=label_weights,
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)


def _down(values: tuple[float, ...]) -> tuple[float, ...]:
    """Round towards zero, so that the row that set a threshold still reaches it."""
    return tuple(float(np.floor(value * 10**_DIGITS) / 10**_DIGITS) for value in values)
