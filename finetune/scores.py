"""`Scores`: everything an evaluation reports about a set of rows. Values, with nothing to compute.

`thymos.finetune.metrics` fills them, `scorefile` writes them, `plots` draws them. Knows nothing of files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from thymos.finetune.bootstrap import Interval
from thymos.finetune.calibration_error import Calibration
from thymos.finetune.confusion import Confusion
from thymos.prompts.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label's line: precision, recall and F1 with its gold rows and predicted rows."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class LabelSets:
    """What the label sets of a coverage hold.

    Attributes:
        covered: share of rows whose gold labels are all in the set.
        size: mean number of labels in a set.
    """

    covered: float
    size: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Ids of rows that were not scored, by reason; empty when scores come from plain label lists.

    Attributes:
        gold_without_prediction: gold rows that the predictions lack (set aside as bad, or not labelled yet).
        prediction_without_gold: labelled rows that the gold corpus lacks.
        gold_excluded: gold rows that were named as not to be scored.
        gold_bad: gold rows that could not be read.
        gold_unlabelled: gold rows without a gold label.
        gold_unknown: rows with a gold label outside the taxonomy, left out on request.
        gold_unmapped: rows whose gold labels are all unknown in the taxonomy scored at.
    """

    gold_without_prediction: tuple[str, ...] = ()
    prediction_without_gold: tuple[str, ...] = ()
    gold_excluded: tuple[str, ...] = ()
    gold_bad: tuple[str, ...] = ()
    gold_unlabelled: tuple[str, ...] = ()
    gold_unknown: tuple[str, ...] = ()
    gold_unmapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Everything `thymos eval` reports about a set of rows.

    Abstention: every figure is over all rows, and a row that abstained has no label, which is a miss;
    `answered_accuracy` alone is over the rows that were answered (selective accuracy).

    Attributes:
        taxonomy: the label set scored in; its kind says which accuracy this is.
        n: rows scored.
        n_abstained: of these, rows handed to a person.
        accuracy: share of rows whose label set is exactly the gold set (multi-label: subset accuracy).
        answered_accuracy: the same over rows not abstained, or None when there are none.
        unweighted_accuracy: mean recall over labels that have gold rows.
        macro_f1: mean F1 over labels not ignored.
        micro_f1: F1 of the counts summed over labels not ignored.
        weighted_f1: mean F1 over labels not ignored, weighted by gold rows.
        ignored: labels left out of the three averages; their rows keep counting for the other labels.
        per_label: one line a label, in taxonomy order.
        confusion: gold by predicted, or None (multi-label without probabilities).
        calibration: of the most probable label (right when it is in the gold set), over all rows, abstained
            ones too; None without probabilities.
        intervals: 95 % bootstrap interval of each figure above from accuracy to weighted F1. Not of the
            calibration error: resampling biases it upwards, so a percentile interval would mislead.
        resamples: drawn for the intervals.
        seed: of the draws.
        label_sets: of the rows scored; None where a row has none.
        left_out: rows not scored, by reason.
        gold_sha256: of the gold rows (id and labels) in any order, see `thymos.finetune.gold.split_hash`;
            None when the scores come from plain label lists.
    """

    taxonomy: Taxonomy
    n: int
    n_abstained: int
    accuracy: float
    answered_accuracy: float | None
    unweighted_accuracy: float
    macro_f1: float
    micro_f1: float
    weighted_f1: float
    ignored: tuple[str, ...]
    per_label: tuple[LabelScore, ...]
    confusion: Confusion | None
    calibration: Calibration | None
    intervals: Mapping[str, Interval]
    resamples: int
    seed: int
    label_sets: LabelSets | None = None
    left_out: LeftOut = field(default_factory=LeftOut)
    gold_sha256: str | None = None

    @property
    def coverage(self) -> float:
        """Share of rows that were answered."""
        return 1 - self.n_abstained / self.n
