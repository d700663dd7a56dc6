"""Figures must agree with scikit-learn, and with arithmetic where scikit-learn has no word for it."""

import numpy as np
import pytest
import sklearn.metrics as reference
from numpy.typing import NDArray

from thymos.finetune.metrics import score
from thymos.finetune.scores import Scores
from thymos.prompts.errors import InputError, TaxonomyError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

NAMES = ("joy", "anger", "fear", "sadness", "surprise", "neutral")


def taxonomy(kind: Kind = Kind.SINGLE, names: tuple[str, ...] = NAMES) -> Taxonomy:
    return Taxonomy("six", "Six", kind, tuple(Label(name, "", name) for name in names), neutral="neutral")


def sets(matrix: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    return [tuple(NAMES[i] for i in np.flatnonzero(row)) for row in matrix]


def random_single(seed: int, n: int = 400) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(seed)
    gold = generator.choice(NAMES[:4], n)  # surprise and neutral never gold
    wrong = generator.choice(NAMES[:5], n)  # neutral never predicted either
    return list(gold), list(np.where(generator.random(n) < 0.6, gold, wrong))


def random_multi(seed: int, n: int = 400) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    generator = np.random.default_rng(seed)
    gold = generator.random((n, 6)) < [0.5, 0.1, 0.2, 0.05, 0.0, 0.3]
    return gold, gold ^ (generator.random((n, 6)) < 0.1)


def score_single(gold: list[str], predicted: list[str], ignore: tuple[str, ...] = ()) -> Scores:
    return score([(g,) for g in gold], [(p,) for p in predicted], taxonomy(), ignore=ignore)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ignore", [(), ("neutral",), ("joy", "surprise")])
def test_single_label_figures_are_those_of_scikit_learn(seed: int, ignore: tuple[str, ...]) -> None:
    gold, predicted = random_single(seed)
    ours = score_single(gold, predicted, ignore)
    kept = [name for name in NAMES if name not in ignore]
    for average, value in (
        ("macro", ours.macro_f1),
        ("micro", ours.micro_f1),
        ("weighted", ours.weighted_f1),
    ):
        theirs = reference.f1_score(gold, predicted, labels=kept, average=average, zero_division=0)
        assert value == pytest.approx(theirs, abs=1e-12)
    assert ours.accuracy == pytest.approx(reference.accuracy_score(gold, predicted))
    assert ours.unweighted_accuracy == pytest.approx(
        reference.recall_score(gold, predicted, labels=NAMES[:4], average="macro", zero_division=0)
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ignore", [(), ("neutral",)])
def test_multi_label_figures_are_those_of_scikit_learn(seed: int, ignore: tuple[str, ...]) -> None:
    gold, predicted = random_multi(seed)
    abstained = [False] * len(gold)  # an empty set is an answer here
    ours = score(sets(gold), sets(predicted), taxonomy(Kind.MULTI), abstained=abstained, ignore=ignore)
    kept = [i for i, name in enumerate(NAMES) if name not in ignore]
    for average, value in (
        ("macro", ours.macro_f1),
        ("micro", ours.micro_f1),
        ("weighted", ours.weighted_f1),
    ):
        theirs = reference.f1_score(gold, predicted, labels=kept, average=average, zero_division=0)
        assert value == pytest.approx(theirs, abs=1e-12)
    assert ours.accuracy == pytest.approx(reference.accuracy_score(gold, predicted))


@pytest.mark.parametrize("kind", Kind)
def test_the_table_per_label_is_that_of_scikit_learn(kind: Kind) -> None:
    if kind is Kind.SINGLE:
        gold, predicted = random_single(7)
        ours = score_single(gold, predicted)
        theirs = reference.precision_recall_fscore_support(gold, predicted, labels=NAMES, zero_division=0)
        counts = [predicted.count(name) for name in NAMES]
    else:
        truth, guess = random_multi(7)
        ours = score(sets(truth), sets(guess), taxonomy(kind))
        theirs = reference.precision_recall_fscore_support(truth, guess, zero_division=0)
        counts = list(guess.sum(axis=0))
    table = np.array([(s.precision, s.recall, s.f1, s.support) for s in ours.per_label]).T
    np.testing.assert_allclose(table, np.array(theirs), atol=1e-12)
    assert [s.predicted for s in ours.per_label] == counts
    assert [s.name for s in ours.per_label] == list(NAMES)


def test_the_confusion_matrix_is_that_of_scikit_learn() -> None:
    gold, predicted = random_single(11)
    ours = score_single(gold, predicted).confusion
    assert ours is not None
    np.testing.assert_array_equal(ours.counts[:, :-1], reference.confusion_matrix(gold, predicted, labels=NAMES))
    assert ours.counts[:, -1].sum() == 0


def test_a_row_that_abstains_is_a_miss_and_never_a_false_alarm() -> None:
    gold = [("joy",), ("joy",), ("anger",), ("fear",)]
    ours = score(gold, [("joy",), (), ("anger",), ()], taxonomy(names=("joy", "anger", "fear")))
    assert (ours.n, ours.n_abstained, ours.coverage) == (4, 2, 0.5)
    assert ours.accuracy == 2 / 4
    assert ours.answered_accuracy == 2 / 2
    # joy: P 1, R 1/2, F1 2/3; anger: 1; fear: 0.  micro: 2 hits, 2 predicted, 4 gold
    assert ours.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert ours.micro_f1 == pytest.approx(2 * 2 / (2 + 4))
    assert ours.confusion is not None
    np.testing.assert_array_equal(ours.confusion.counts, [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]])


def test_the_abstained_flag_wins_over_a_label_that_is_there() -> None:
    ours = score([("joy",), ("joy",)], [("joy",), ("joy",)], taxonomy(), abstained=[True, False])
    assert (ours.accuracy, ours.answered_accuracy, ours.n_abstained) == (0.5, 1.0, 1)
    assert (ours.per_label[0].recall, ours.per_label[0].predicted) == (0.5, 1)
    assert ours.confusion is not None
    assert ours.confusion.counts[0].tolist() == [1, 0, 0, 0, 0, 0, 1]


def test_abstaining_on_a_row_without_gold_labels_is_not_a_hit() -> None:
    gold: list[tuple[str, ...]] = [(), ("joy",)]
    empty: list[tuple[str, ...]] = [(), ("joy",)]
    assert score(gold, empty, taxonomy(Kind.MULTI), abstained=[True, False]).accuracy == 0.5
    assert score(gold, empty, taxonomy(Kind.MULTI), abstained=[False, False]).accuracy == 1.0


def test_answered_accuracy_is_unknown_when_every_row_abstained() -> None:
    ours = score([("joy",)], [()], taxonomy(), bootstrap=10)
    assert ours.answered_accuracy is None
    assert "answered_accuracy" not in ours.intervals


def test_the_multi_label_confusion_counts_each_gold_label_against_the_most_probable_one() -> None:
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.4, 0.4, 0.2]])
    gold = [("joy", "anger"), ("anger",), ("fear",)]
    ours = score(
        gold,
        [("joy",), ("anger", "joy"), ()],
        taxonomy(Kind.MULTI, ("joy", "anger", "fear")),
        probabilities=probabilities,
    )
    assert ours.confusion is not None
    np.testing.assert_array_equal(ours.confusion.counts, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]])
    assert "most probable" in ours.confusion.meaning


def test_multi_label_without_probabilities_has_no_confusion_matrix_to_show() -> None:
    assert score([("joy",)], [("joy",)], taxonomy(Kind.MULTI)).confusion is None


def test_the_top_label_of_a_multi_label_row_is_right_when_it_is_among_the_gold_ones() -> None:
    # row 1: joy 0.6, right; row 2: anger 0.7, wrong.  Bins (9/15, 10/15] ... |0.6 - 1|/2 + |0.7 - 0|/2 = 0.55
    ours = score(
        [("joy", "anger"), ("fear",)],
        [("joy",), ()],
        taxonomy(Kind.MULTI, ("joy", "anger", "fear")),
        probabilities=np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]]),
    )
    assert ours.calibration is not None
    assert ours.calibration.ece == pytest.approx(0.55)
    assert ours.calibration.accuracy == 0.5
    assert ours.calibration.confidence == pytest.approx(0.65)


def test_a_row_about_which_nothing_is_known_has_no_top_label_to_be_right() -> None:
    # what a map between taxonomies leaves of a distribution whose mass is all on unknown labels
    ours = score([("joy",)], [()], taxonomy(), probabilities=np.zeros((1, 6)))
    assert ours.calibration is not None
    assert (ours.calibration.accuracy, ours.calibration.ece) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("gold", "predicted", "sentence"),
    [
        ([], [], "rows to score must be at least one, got none"),
        ([("joy",)], [], "predicted rows must be as many as gold rows, got 0 for 1"),
        (
            [("joy", "fear")],
            [("joy",)],
            r"gold labels of a row must be one .* got \['joy', 'fear'\] in row 1",
        ),
        ([()], [("joy",)], "gold labels of a row must be one"),
        ([("joy",)], [("joy", "fear")], "predicted labels of a row must be one"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_a_sentence(
    gold: list[tuple[str, ...]], predicted: list[tuple[str, ...]], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        score(gold, predicted, taxonomy())


def test_labels_outside_the_taxonomy_are_refused() -> None:
    with pytest.raises(TaxonomyError, match="got 'love'"):
        score([("love",)], [("joy",)], taxonomy())
    with pytest.raises(TaxonomyError, match="got 'love'"):
        score([("joy",)], [("joy",)], taxonomy(), ignore=("love",))


def test_ignoring_every_label_is_refused() -> None:
    with pytest.raises(InputError, match="must leave at least one"):
        score([("joy",)], [("joy",)], taxonomy(), ignore=NAMES)


@pytest.mark.parametrize("value", [1.2, -0.1, float("nan")])
def test_probabilities_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"must be numbers in \[0, 1\]"):
        score([("joy",)], [("joy",)], taxonomy(), probabilities=np.full((1, 6), value))


def test_probabilities_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"must be of shape \(1, 6\), got \(1, 5\)"):
        score([("joy",)], [("joy",)], taxonomy(), probabilities=np.full((1, 5), 0.2))
