"""Where a distribution lies in the valence-arousal plane: the expectation over its labels (Russell 1980).

Takes a label set and probabilities; gives a `Place`, or nothing where a label has no coordinates.
"""

from collections.abc import Mapping

from thymos.agent.chat.findings import Place
from thymos.prompts.taxonomy import Taxonomy


def place(taxonomy: Taxonomy, probabilities: Mapping[str, float]) -> Place | None:
    """Return the expected valence and arousal; None where the label set does not have both for every label."""
    valence = arousal = 0.0
    for label in taxonomy:
        if label.valence is None or label.arousal is None:
            return None
        valence += probabilities.get(label.name, 0.0) * label.valence
        arousal += probabilities.get(label.name, 0.0) * label.arousal
    return Place(valence=round(valence, 4), arousal=round(arousal, 4))
