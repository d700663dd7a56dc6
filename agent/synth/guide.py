"""`TurnGuide`: of several texts for one turn, or one utterance, the one that a labeler reads most surely as asked.

Takes what was said before, texts and a label; gives a place. It is asked while a conversation is written, so that the
next turn answers a turn that shows its feeling. Knows nothing of what writes.
"""

import threading
from collections.abc import Mapping, Sequence

from thymos.adapters.sample import Sample, Turn
from thymos.agent.prediction import BatchLabeler
from thymos.prompts.errors import RowError

SPEAKERS = "AB"


class TurnGuide:
    """Chooses texts of turns."""

    def __init__(self, labeler: BatchLabeler) -> None:
        """Keep the labeler."""
        self._labeler = labeler
        self._lock = threading.Lock()  # and one call for one turn: its texts are read alike whatever else is written

    def identity(self) -> Mapping[str, object]:
        """Return whose readings decide."""
        return self._labeler.identity()

    def best(self, before: Sequence[str], texts: Sequence[str], label: str, *, speakers: bool = True) -> int:
        """Return the place of the text to go on with; the first of those that read alike.

        Args:
            before: what was said, A first.
            texts: for the next turn.
            label: asked.
            speakers: whether the labeler is told who says it; of an utterance alone it is not.
        """
        context = tuple(Turn(said, SPEAKERS[place % 2]) for place, said in enumerate(before))
        speaker = SPEAKERS[len(before) % 2] if speakers else None
        there = [place for place, text in enumerate(texts) if text.strip()]
        if not there:
            return 0
        samples = [Sample(str(place), texts[place], speaker=speaker, context=context) for place in there]
        with self._lock:
            answers = self._labeler.label_batch(samples)
        shares = {
            place: -1.0 if isinstance(answer, RowError) else answer.probabilities.get(label, 0.0)
            for place, answer in zip(there, answers, strict=True)
        }
        return max(shares, key=lambda place: (shares[place], -place))
