"""The distribution after evidence: labels of examples weighed in as a prior, log-linear.

Takes a distribution and examples; gives a distribution. A weight of 0 leaves it as it was, and that is the default: the
weight is to be fitted on dev, and is off where it does not help. kNN with a language model: Khandelwal et al. 2020.
"""

from collections.abc import Mapping, Sequence
from math import exp, log

from thymos.agent.reasoning.values import Evidence

_SHARPNESS = 20.0  # of cosines: e^(20 * 0.1) says that 0.1 more counts about seven times
_FLOOR = 0.02  # probability that the examples leave to every label together


def neighbour_distribution(examples: Sequence[Evidence], labels: Sequence[str]) -> dict[str, float]:
    """Return the label shares of examples, nearer ones counting more; even where none of the labels is among them."""
    shares = dict.fromkeys(labels, 0.0)
    for example in examples:
        known = [label for label in example.labels if label in shares]
        for label in known:
            shares[label] += exp(_SHARPNESS * example.similarity) / len(known)
    total = sum(shares.values())
    if not total:
        return dict.fromkeys(labels, 1 / len(labels))
    return {label: (1 - _FLOOR) * share / total + _FLOOR / len(labels) for label, share in shares.items()}


def weighed(before: Mapping[str, float], examples: Sequence[Evidence], weight: float) -> dict[str, float]:
    """Return p(label) * q(label) ** weight, normalised, q the examples' shares.

    Args:
        before: label -> probability.
        examples: with labels.
        weight: 0 leaves `before` as it is.
    """
    if not weight or not examples:
        return dict(before)
    prior = neighbour_distribution(examples, tuple(before))
    logs = {name: log(max(p, 1e-12)) + weight * log(prior[name]) for name, p in before.items()}
    top = max(logs.values())
    raw = {name: exp(value - top) for name, value in logs.items()}
    total = sum(raw.values())
    return {name: value / total for name, value in raw.items()}
