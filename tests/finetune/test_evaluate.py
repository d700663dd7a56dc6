"""Joining by id: what is scored, what is left out and named, what is refused."""

import hashlib
from collections.abc import Mapping, Sequence

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.finetune.evaluate import evaluate
from thymos.finetune.gold import split_hash
from thymos.finetune.predictions import PredictedRow
from thymos.finetune.scores import LabelSets, LeftOut
from thymos.prompts.errors import InputError, TaxonomyError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Label, Taxonomy


def taxonomy(name: str, kind: Kind, *names: str) -> Taxonomy:
    return Taxonomy(name, name, kind, tuple(Label(n, "", n) for n in names))


FINE = taxonomy("fine", Kind.SINGLE, "delight", "rage", "annoyance", "wonder")
COARSE = taxonomy("coarse", Kind.SINGLE, "joy", "anger")


TO_COARSE = LabelMap(FINE, COARSE, {"delight": "joy", "rage": "anger", "annoyance": "anger", "wonder": None})


def predicted(row: str, *labels: str, p: Mapping[str, float] | None = None) -> PredictedRow:
    return PredictedRow(row, labels, p, not labels)


def gold(**rows: Sequence[str] | None) -> list[Sample | BadRow]:
    return [Sample(row, text="t", gold=None if labels is None else tuple(labels)) for row, labels in rows.items()]


def test_rows_are_joined_by_id_whatever_their_order() -> None:
    scores = evaluate(
        [predicted("c", "rage"), predicted("a", "delight"), predicted("b")],
        gold(a=["delight"], b=["rage"], c=["rage"]),
        FINE,
        bootstrap=0,
    )
    assert (scores.n, scores.n_abstained) == (3, 1)
    assert scores.accuracy == pytest.approx(2 / 3)
    assert scores.left_out == LeftOut()
    assert scores.calibration is None


def test_predictions_of_the_labeler_are_taken_as_they_are() -> None:
    prediction = Prediction("a", ("joy",), {"joy": 0.75, "anger": 0.25}, 0.56, 0.5, False)
    scores = evaluate([prediction], gold(a=["joy"]), COARSE, bootstrap=0)
    assert scores.calibration is not None
    assert scores.calibration.ece == pytest.approx(0.25)  # one row, right, sure to 0.75


def test_every_row_that_is_not_scored_is_named_under_its_reason() -> None:
    samples: list[Sample | BadRow] = [
        *gold(a=["delight"], missing=["rage"], empty=None, strange=["love"], wonder=["wonder"]),
        BadRow(6, "not UTF-8"),
        BadRow(7, "too long", id="long"),
    ]
    ids = ("a", "empty", "strange", "wonder", "stray")
    scores = evaluate(
        [predicted(row, "delight") for row in ids],
        samples,
        FINE,
        prediction_map=TO_COARSE,
        gold_map=TO_COARSE,
        drop_unknown_gold=True,
        bootstrap=0,
    )
    assert scores.n == 1
    assert scores.left_out == LeftOut(
        gold_without_prediction=("missing",),
        prediction_without_gold=("stray",),
        gold_bad=("row 6", "long"),
        gold_unlabelled=("empty",),
        gold_unknown=("strange",),
        gold_unmapped=("wonder",),
    )


def test_scoring_at_another_taxonomy_translates_labels_and_probabilities() -> None:
    p = {"delight": 0.3, "rage": 0.25, "annoyance": 0.35, "wonder": 0.1}
    rows = [predicted("a", "annoyance", p=p), predicted("b", "delight", p=p)]
    samples = gold(a=["rage"], b=["delight"])
    assert evaluate(rows, samples, FINE, bootstrap=0).accuracy == 0.5
    coarse = evaluate(rows, samples, FINE, prediction_map=TO_COARSE, gold_map=TO_COARSE, bootstrap=0)
    assert coarse.accuracy == 1.0
    assert coarse.taxonomy == COARSE
    assert coarse.calibration is not None
    assert coarse.calibration.confidence == pytest.approx(0.6 / 0.9)  # anger 0.25 + 0.35 of the 0.9 that is known


def test_gold_that_is_in_the_other_taxonomy_already_is_not_translated() -> None:
    scores = evaluate([predicted("a", "annoyance")], gold(a=["anger"]), FINE, prediction_map=TO_COARSE, bootstrap=0)
    assert scores.accuracy == 1.0


def test_a_prediction_that_has_no_counterpart_is_a_miss_and_no_abstention() -> None:
    scores = evaluate(
        [predicted("a", "wonder")],
        gold(a=["rage"]),
        FINE,
        prediction_map=TO_COARSE,
        gold_map=TO_COARSE,
        bootstrap=0,
    )
    assert (scores.accuracy, scores.answered_accuracy, scores.n_abstained) == (0.0, 0.0, 0)
    assert scores.confusion is not None
    assert scores.confusion.counts.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_scores_are_multi_label_as_soon_as_one_taxonomy_involved_is() -> None:
    many = taxonomy("many", Kind.MULTI, *FINE.names)
    both = LabelMap(many, COARSE, TO_COARSE.entries)
    scores = evaluate(
        [predicted("a", "delight", "rage")],
        gold(a=["delight", "annoyance"]),
        many,
        prediction_map=both,
        gold_map=both,
        bootstrap=0,
    )
    assert scores.taxonomy.kind is Kind.MULTI
    assert scores.accuracy == 1.0


def test_gold_without_any_label_counts_in_a_multi_label_taxonomy_only() -> None:
    many = taxonomy("many", Kind.MULTI, *FINE.names)
    rows = [PredictedRow("a", (), None, False), predicted("b", "rage")]
    assert evaluate(rows, gold(a=[], b=["rage"]), many, bootstrap=0).n == 2
    assert evaluate(rows, gold(a=[], b=["rage"]), FINE, bootstrap=0).left_out.gold_unlabelled == ("a",)


def test_ignore_bootstrap_and_seed_reach_the_scores() -> None:
    rows = [predicted("a", "joy"), predicted("b", "joy"), predicted("c", "anger")]
    samples = gold(a=["joy"], b=["anger"], c=["anger"])
    scores = evaluate(rows, samples, COARSE, ignore=["joy"], bootstrap=50, seed=3)
    assert scores.macro_f1 == pytest.approx(2 / 3)  # anger alone: precision 1, recall 1/2
    assert (scores.ignored, scores.resamples, scores.seed) == (("joy",), 50, 3)
    assert scores.intervals == evaluate(rows, samples, COARSE, ignore=["joy"], bootstrap=50, seed=3).intervals
    assert scores.intervals != evaluate(rows, samples, COARSE, ignore=["joy"], bootstrap=50, seed=4).intervals


def test_the_split_hash_is_of_sorted_ids_and_labels() -> None:
    expected = hashlib.sha256(b'["a",["anger","joy"]]\n["b",["\\u559c\\u3073"]]\n').hexdigest()
    assert split_hash({"b": ["喜び"], "a": ["joy", "anger"]}) == expected


def test_the_split_hash_tells_splits_apart_and_not_their_order() -> None:
    rows = [predicted("a", "joy"), predicted("b", "joy")]

    def hashed(samples: list[Sample | BadRow]) -> str | None:
        return evaluate(rows, samples, COARSE, bootstrap=0).gold_sha256

    first = hashed(gold(a=["joy"], b=["anger"]))
    assert hashed(gold(b=["anger"], a=["joy"])) == first
    assert hashed(gold(a=["joy"], b=["joy"])) != first
    assert hashed(gold(a=["joy"])) != first


@pytest.mark.parametrize(
    ("rows", "samples", "sentence"),
    [
        ([predicted("a", "joy")] * 2, gold(a=["joy"]), "predicted ids must be unique, got 'a' twice"),
        ([predicted("a", "joy")], gold(a=["joy"]) * 2, "gold ids must be unique, got 'a' twice"),
        ([predicted("a", "joy")], gold(b=["joy"]), "must share ids .* got 1 predictions and 1 gold rows"),
        ([], gold(b=["joy"]), "must share ids"),
        ([predicted("a", "joy")], gold(a=None, b=None), "must have gold labels, got none in 2 rows"),
        (
            [predicted("a", "love")],
            gold(a=["joy"]),
            r"predicted label of row 'a' must be of taxonomy 'coarse' \(joy, anger\), got 'love'",
        ),
        ([predicted("a", "joy", "anger")], gold(a=["joy"]), "prediction for row 'a' must be one label"),
        ([predicted("a", "joy")], gold(a=["joy", "anger"]), "gold of row 'a' must be one label"),
        (
            [predicted("a", "joy")],
            gold(a=["love"], b=["love"], c=["awe"]),
            r"gold labels must be of .* got 'love' \(2 times\), 'awe' \(1 times\); .*--drop-unknown-gold",
        ),
        (
            [predicted("a", "joy", p={"joy": 1.0})],
            gold(a=["joy"]),
            "probabilities of row 'a' must be of the labels .* got anger on one side only",
        ),
        (
            [predicted("a", "joy", p={"joy": 1.0, "anger": 0.0}), predicted("b", "joy")],
            gold(a=["joy"], b=["joy"]),
            "probabilities must be there for all rows or none, got them for 1 of 2",
        ),
        (
            [predicted("a", "joy", p={"joy": 1.5, "anger": 0.0})],
            gold(a=["joy"]),
            r"probabilities must be numbers in \[0, 1\], got 1.5",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_in_a_sentence(
    rows: list[PredictedRow], samples: list[Sample | BadRow], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        evaluate(rows, samples, COARSE, bootstrap=0)


def test_an_ignored_label_must_be_in_the_taxonomy_scored_in() -> None:
    with pytest.raises(TaxonomyError, match="'coarse', got 'delight'"):
        evaluate([], [], FINE, prediction_map=TO_COARSE, ignore=["delight"])


def test_label_sets_are_measured_where_every_row_has_one() -> None:
    def row(name: str, held: tuple[str, ...] | None) -> PredictedRow:
        return PredictedRow(name, ("rage",), None, False, {}, held)

    samples = gold(a=["rage"], b=["delight"])
    scores = evaluate([row("a", ("rage", "annoyance")), row("b", ("wonder",))], samples, FINE, bootstrap=0)
    assert scores.label_sets == LabelSets(covered=0.5, size=1.5)
    assert evaluate([row("a", ("rage",)), row("b", None)], samples, FINE, bootstrap=0).label_sets is None


def test_a_row_with_two_gold_labels_is_covered_by_both_only() -> None:
    many = taxonomy("many", Kind.MULTI, "joy", "anger")
    rows = [PredictedRow(name, ("joy",), None, False, {}, held) for name, held in (("a", ("joy",)), ("b", many.names))]
    scores = evaluate(rows, gold(a=["joy", "anger"], b=["joy", "anger"]), many, bootstrap=0)
    assert scores.label_sets == LabelSets(covered=0.5, size=1.5)


def test_excluded_rows_and_dialogues_are_not_scored_but_named() -> None:
    names = ("test-1-1", "test-1-2", "test-10-1", "alone")
    samples: list[Sample | BadRow] = [Sample(name, text="t", gold=("rage",)) for name in names]
    scores = evaluate(
        [predicted(name, "rage") for name in names], samples, FINE, exclude={"test-1", "alone"}, bootstrap=0
    )
    assert scores.n == 1
    assert scores.left_out == LeftOut(gold_excluded=("test-1-1", "test-1-2", "alone"))
    with pytest.raises(
        InputError, match="excluded ids must be of gold rows or their dialogues, got 1 of which none is"
    ):
        evaluate([predicted("alone", "rage")], samples, FINE, exclude={"\ufeffalone"}, bootstrap=0)
