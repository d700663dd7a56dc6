"""Gate `relabel`: a labeler that sees the text and no label reads it as it was asked. And `turns`, for every turn.

`top` keeps where the asked label is the likeliest (or, with several labels a text, among the chosen ones); `set` where
it is in the conformal label set, whose coverage was measured on real text.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from thymos.agent.prediction import BatchLabeler, Prediction
from thymos.agent.synth.values import Candidate, Verdict
from thymos.prompts.errors import InputError, RowError

Agree = Literal["top", "set"]
LEAST_TURNS = 0.5  # share of the other turns that carry a wish


class Readings:
    """A labeler's readings of every turn that carries a wish; a batch is read once, whoever asks."""

    def __init__(self, labeler: BatchLabeler) -> None:
        """Keep the labeler."""
        self.labeler = labeler
        self._of: dict[tuple[str, str], dict[int, Prediction | RowError]] = {}

    def identity(self) -> Mapping[str, object]:
        """Return whose readings these are."""
        return self.labeler.identity()

    def read(self, batch: Sequence[Candidate]) -> list[dict[int, Prediction | RowError]]:
        """Return place -> reading for each candidate: its target, and the turns with a label."""
        keys = [(each.id, each.text) for each in batch]
        if any(key not in self._of for key in keys):
            places = [
                [n for n, turn in enumerate(each.turns) if n == each.target or turn.label is not None] for each in batch
            ]
            samples = [each.sample(n) for each, own in zip(batch, places, strict=True) for n in own]
            answers = iter(self.labeler.label_batch(samples))
            self._of = {key: {n: next(answers) for n in own} for key, own in zip(keys, places, strict=True)}
        return [self._of[key] for key in keys]

    def asked(self, batch: Sequence[Candidate]) -> list[float]:
        """Return how likely each candidate's asked label is, by which candidates are ranked."""
        found = []
        for each, reading in zip(batch, self.read(batch), strict=True):
            answer = reading[each.target]
            found.append(0.0 if isinstance(answer, RowError) else answer.probabilities.get(each.row.label, 0.0))
        return found


class RelabelGate:
    """Keeps what is read as it was asked."""

    name = "relabel"

    def __init__(self, readings: Readings, agree: Agree = "top", sure: float = 0.0) -> None:
        """Choose what counts as agreement.

        Args:
            readings: of a labeler that did not write.
            agree: top or set.
            sure: least probability of the asked label.
        """
        self._readings = readings
        self._agree: Agree = agree
        self._sure = sure

    def identity(self) -> Mapping[str, object]:
        """Return what counts as agreement, and the labeler."""
        return {"agree": self._agree, "sure": self._sure, "labeler": dict(self._readings.identity())}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates by the turn that carries their label.

        Raises:
            InputError: label sets are asked for, and the labeler gives none.
        """
        return [
            self._one(each, reading[each.target])
            for each, reading in zip(batch, self._readings.read(batch), strict=True)
        ]

    def _one(self, candidate: Candidate, answer: Prediction | RowError) -> Verdict:
        if isinstance(answer, RowError):
            return Verdict(False, None, "could not be read")
        asked = candidate.row.label
        score = answer.probabilities.get(asked, 0.0)
        if agrees(answer, asked, self._agree):
            kept = score >= self._sure
            return Verdict(kept, score, "" if kept else f"read as asked, but at {score:.2f} alone")
        return Verdict(False, score, f"read as {likeliest(answer)}")


class TurnsGate:
    """Keeps conversations whose other turns are mostly read as they were asked, and names those that are not."""

    name = "turns"

    def __init__(self, readings: Readings, agree: Agree = "top", least: float = LEAST_TURNS) -> None:
        """Choose what counts as agreement.

        Args:
            readings: of a labeler that did not write.
            agree: top or set.
            least: share of the turns with a wish, the target's not counted, that must agree.
        """
        self._readings = readings
        self._agree: Agree = agree
        self._least = least

    def identity(self) -> Mapping[str, object]:
        """Return the share, what counts as agreement, and what becomes of the label of a turn without."""
        told = {"agree": self._agree, "least": self._least, "contradicted": "no label"}
        return told | {"labeler": dict(self._readings.identity())}

    def check(self, batch: Sequence[Candidate]) -> list[Verdict]:
        """Judge candidates; utterances pass."""
        verdicts = []
        for each, reading in zip(batch, self._readings.read(batch), strict=True):
            others = {n: turn.label for n, turn in enumerate(each.turns) if turn.label and n != each.target}
            wrong = tuple(n for n, label in others.items() if not self._fits(reading[n], label))
            share = (len(others) - len(wrong)) / len(others) if others else None
            kept = share is None or share >= self._least
            reason = "" if kept else f"{len(wrong)} of {len(others)} turns"
            verdicts.append(Verdict(kept, share, reason, wrong))
        return verdicts

    def _fits(self, answer: Prediction | RowError, label: str) -> bool:
        return not isinstance(answer, RowError) and agrees(answer, label, self._agree)


def agrees(answer: Prediction, asked: str, agree: Agree) -> bool:
    """Say whether a reading agrees with what was asked.

    Raises:
        InputError: label sets are asked for, and there are none.
    """
    if agree == "set":
        if answer.label_set is None:
            raise InputError(
                "agreement must be top for a labeler without conformal label sets for this label set, got set; pass "
                "--agree top"
            )
        return asked in answer.label_set
    return asked == likeliest(answer) or (len(answer.labels) > 1 and asked in answer.labels)


def likeliest(answer: Prediction) -> str:
    """Return the likeliest label."""
    return max(answer.probabilities, key=lambda name: answer.probabilities[name])
