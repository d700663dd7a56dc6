"""Verdicts follow the intervals, not the middle of them."""

import pytest

from thymos.finetune.augment.outcome import ArmFigures, Figure, Outcome
from thymos.finetune.augment.values import ALL, Arm
from thymos.finetune.augment.verdict import Advice, conclusion, verdicts
from thymos.finetune.bootstrap import Interval


def figure(low: float, high: float) -> Figure:
    return Figure((low + high) / 2, Interval(low, high))


def arm(name: Arm, f1: float, gain: Figure | None) -> ArmFigures:
    return ArmFigures(name, Figure(f1, None), (f1,), gain, {}, {}, None, 64, 10)


def outcome(
    gain: Figure, over: Figure | None, *, size: int = 16, classifier: str = "tfidf", f1: float = 0.4
) -> Outcome:
    arms = {"real": arm("real", f1, None), "synthetic": arm("synthetic", f1, gain), "eda": arm("eda", f1, gain)}
    return Outcome(classifier, size, arms, "eda" if over else None, over)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gain", "over", "advice"),
    [
        (figure(0.01, 0.05), figure(0.001, 0.02), "use"),
        (figure(0.01, 0.05), None, "use"),
        (figure(0.01, 0.05), figure(-0.001, 0.02), "cheap is enough"),
        (figure(-0.001, 0.09), figure(0.01, 0.02), "undecided"),
        (figure(-0.05, -0.001), figure(0.01, 0.02), "do not use"),
        (Figure(0.05, None), figure(0.01, 0.02), "undecided"),
    ],
)
def test_advice_goes_by_intervals(gain: Figure, over: Figure | None, advice: Advice) -> None:
    (found,) = verdicts([outcome(gain, over)])
    assert found.advice == advice


def test_the_sentence_names_gains_with_intervals_and_the_alternative() -> None:
    (found,) = verdicts([outcome(figure(0.01, 0.05), figure(0.001, 0.02))])
    assert found.sentence == (
        "With 16 real rows a label (tfidf) synthetic rows change macro F1 by +3.0 points (95 % +1.0 to +5.0) over real "
        "rows alone and by +1.1 points (95 % +0.1 to +2.0) over EDA word edits, the best cheap alternative: use them."
    )


def test_a_size_is_judged_by_the_classifier_that_does_best_from_real_rows() -> None:
    good, bad = figure(0.01, 0.05), figure(-0.05, -0.01)
    weak, strong = outcome(good, good, classifier="weak", f1=0.3), outcome(bad, bad, classifier="strong", f1=0.5)
    (found,) = verdicts([weak, strong])
    assert (found.classifier, found.advice) == ("strong", "do not use")


def test_the_conclusion_is_one_sentence_over_all_sizes() -> None:
    good, none, bad = figure(0.01, 0.05), figure(-0.01, 0.05), figure(-0.05, -0.01)
    found = verdicts([outcome(good, good), outcome(good, good, size=64), outcome(none, good, size=256)])
    assert conclusion(found) == (
        "Use the synthetic rows with 16 and 64 real rows a label; nothing is shown for or against them with 256 real "
        "rows a label."
    )
    assert conclusion(verdicts([outcome(bad, good, size=ALL)])) == (
        "Do not use the synthetic rows: they do harm with all real rows."
    )
    cheap = verdicts([outcome(good, none)])
    assert conclusion(cheap) == (
        "Do not use the synthetic rows: they help, but no more than what costs nothing, with 16 real rows a label."
    )


def test_without_synthetic_rows_the_best_alternative_is_told() -> None:
    gain = figure(-0.01, 0.03)
    arms: dict[Arm, ArmFigures] = {"real": arm("real", 0.4, None), "eda": arm("eda", 0.41, gain)}
    (found,) = verdicts([Outcome("tfidf", 16, arms, "eda", None)])
    assert found.advice == "nothing to judge"
    assert (
        "EDA word edits, the best cheap alternative, changes macro F1 by +1.0 points (95 % -1.0 to +3.0)"
        in found.sentence
    )
    assert conclusion([found]).startswith("No synthetic rows were given")
