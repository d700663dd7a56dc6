"""A user's own examples: those of a row's label that are nearest to its situation are shown to the writer.

Takes labelled texts and vectors; gives texts. They are shown as data, and copies of them are refused by the gate
`memorisation`. Knows nothing of models that write.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from thymos.agent.synth.corpora import Labelled
from thymos.agent.synth.plan import PlanRow
from thymos.agent.synth.vectors import Vector, Vectors
from thymos.retrieval.grams import texts_sha256

SHOWN = 3
_AMONG = 4  # times as many nearest ones, from which those of a row are drawn


class Seeds:
    """Examples by label.

    Attributes:
        texts: all of them.
        sha256: of them and their labels.
    """

    def __init__(self, rows: Sequence[Labelled], vectors: Vectors) -> None:
        """Compute the vectors.

        Args:
            rows: examples; those without a label are shown for every label.
            vectors: of texts.
        """
        self.texts = tuple(row.text for row in rows)
        self.sha256 = texts_sha256([part for row in rows for part in (row.text, *row.labels, "")])
        self._vectors = vectors
        self._rows: Vector = vectors.many(self.texts)
        self._of: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            for label in row.labels or ("",):
                self._of[label].append(place)

    def near(self, row: PlanRow, scenario: str) -> list[str]:
        """Return examples for a row; rows of one situation get others of the nearest ones.

        Args:
            row: of the plan.
            scenario: what happens in it.
        """
        places = self._of.get(row.label) or self._of.get("", [])
        if not places:
            return []
        cosines = self._rows[places] @ self._vectors.of(scenario)
        order = np.argsort(-cosines, kind="stable")[: SHOWN * _AMONG]
        drawn = np.random.default_rng(row.seed).permutation(len(order))[:SHOWN]
        return [self.texts[places[order[each]]] for each in sorted(drawn)]
