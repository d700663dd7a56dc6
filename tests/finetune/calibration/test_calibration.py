"""Confidence fitted on one half of made-up rows holds on the other half."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from thymos.adapters.confidence import GRID, Confidence
from thymos.finetune.calibration.abstention import answer_thresholds
from thymos.finetune.calibration.balance import best_label_weights
from thymos.finetune.calibration.conformal import set_thresholds
from thymos.finetune.calibration.fit import fit_confidence
from thymos.finetune.calibration.neutral import best_neutral
from thymos.finetune.calibration.temperature import best_temperature, calibrated
from thymos.finetune.calibration.thresholds import best_thresholds, choose, expected_thresholds, macro_f1
from thymos.finetune.calibration.weight import best_weight
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, ModelError
from thymos.retrieval.votes import pool

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def world(rows: int, labels: int = 7, sharper: float = 1.0, seed: int = 0) -> tuple[Floats, Bools]:
    """Log-probabilities of a model that is `sharper` than the truth, and gold labels drawn from the truth."""
    chance = np.random.default_rng(seed)
    true = calibrated(chance.normal(size=(rows, labels)) * 1.5, 1.0)
    drawn = np.array([chance.choice(labels, p=np.exp(row) / np.exp(row).sum()) for row in true])
    return calibrated(true, 1 / sharper), np.eye(labels, dtype=np.bool_)[drawn]


@pytest.mark.parametrize("sharper", [0.5, 1.0, 2.0])
def test_temperature_undoes_what_made_the_model_too_sure(sharper: float) -> None:
    assert best_temperature(*world(20_000, sharper=sharper)) == pytest.approx(sharper, rel=0.05)


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95])
def test_label_sets_hold_the_gold_label_as_often_as_wished(coverage: float) -> None:
    log_p, gold = world(4000)
    [at] = set_thresholds(np.exp(log_p[:2000]), gold[:2000], [coverage])
    covered = (np.exp(log_p[2000:]) >= at)[gold[2000:]].mean()
    assert covered == pytest.approx(coverage, abs=0.03)


def test_a_row_with_two_gold_labels_is_covered_by_both_only() -> None:
    p = np.array([[0.6, 0.3, 0.1]] * 9)
    gold = np.array([[True, True, False]] * 9)
    assert set_thresholds(p, gold, [0.5, 0.9]) == (0.3, 0.3)


def test_too_few_rows_promise_nothing() -> None:
    p, gold = np.array([[0.6, 0.4]] * 5), np.array([[True, False]] * 5)
    assert set_thresholds(p, gold, [0.8, 0.9]) == (0.6, 0.0)  # 0.9 would take ceil(5.4) = 6 rows


def test_answers_above_the_threshold_are_right_as_often_as_wished() -> None:
    log_p, gold = world(8000)
    top, right = np.exp(log_p).max(1), gold[np.arange(8000), log_p.argmax(1)]
    [at] = answer_thresholds(top[:4000], right[:4000], [0.8])
    assert at is not None
    answered = top[4000:] >= at
    assert right[4000:][answered].mean() == pytest.approx(0.8, abs=0.03)
    assert answer_thresholds(top, np.zeros(8000, dtype=np.bool_), [0.5]) == (None,)


def test_thresholds_are_the_best_that_a_search_finds() -> None:
    chance = np.random.default_rng(4)
    gold = chance.random((60, 3)) < 0.3
    mixed: Floats = np.where(gold, 0.3, 0.0) + chance.random((60, 3)) * 0.7
    p = mixed.round(2)  # so that some are equal
    found = best_thresholds(p, gold)
    for label in range(3):

        def f1(at: float, label: int = label) -> float:
            return float(f1_score(gold[:, label], choose(p, np.full(3, at))[:, label], zero_division=0))

        assert f1(found[label]) == pytest.approx(max(f1(at) for at in np.unique(p[:, label])))


def test_a_label_that_is_never_gold_is_chosen_only_as_the_likeliest() -> None:
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    gold = np.array([[True, False], [True, False]])
    thresholds = best_thresholds(p, gold)
    assert thresholds[1] == 1.0
    assert choose(np.array([[0.01, 0.99]]), np.array([0.5, 1.0])).tolist() == [[False, True]]
    assert choose(np.array([[0.4, 0.6]]), np.array([0.3, 1.0])).tolist() == [[True, True]]


def test_macro_f1_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    gold, guess = chance.random((50, 5)) < 0.3, chance.random((50, 5)) < 0.3
    assert macro_f1(guess, gold) == pytest.approx(f1_score(gold, guess, average="macro", zero_division=0))


def test_expected_thresholds_do_better_on_new_rows_than_those_that_fit_the_old_ones_best() -> None:
    gains = []
    for seed in range(12):
        log_p, gold = world(240, labels=12, seed=seed)
        p = np.exp(log_p)
        new_p, new_gold = np.exp(world(4000, labels=12, seed=100 + seed)[0]), world(4000, labels=12, seed=100 + seed)[1]
        expected, best = expected_thresholds(p, gold), best_thresholds(p, gold)
        gains.append(macro_f1(choose(new_p, expected), new_gold) - macro_f1(choose(new_p, best), new_gold))
    assert np.mean(gains) > 0


def test_expected_thresholds_of_labels_that_are_always_or_never_gold() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1]])
    gold = np.array([[True, False, False], [True, True, False]])
    found = expected_thresholds(p, gold)
    assert (found[0], found[2]) == (0.0, 1.0)
    assert 0.2 < found[1] < 0.5


def test_a_label_of_which_probabilities_say_nothing_is_not_chosen_everywhere() -> None:
    chance = np.random.default_rng(0)
    p = chance.uniform(0.01, 0.2, (200, 2))
    gold = np.zeros((200, 2), dtype=np.bool_)
    gold[np.argsort(p[:, 0])[:2], 0] = True  # gold where the model doubts it most
    gold[:, 1] = True
    assert expected_thresholds(p, gold)[0] == 1.0


def test_votes_count_where_they_know_more_and_not_where_they_know_nothing() -> None:
    log_p, gold = world(800)
    chance = np.random.default_rng(1)
    knowing = np.where(gold, 0.5, 0.1) * chance.uniform(0.8, 1.2, gold.shape)
    assert best_weight(log_p, np.log(knowing), gold) >= 0.5
    assert best_weight(log_p, np.log(chance.dirichlet(np.full(gold.shape[1], 1.0), len(gold))), gold) == 0.0


def test_votes_that_are_right_and_modest_outweigh_a_model_that_is_sure_and_wrong() -> None:
    chance = np.random.default_rng(2)
    gold = np.eye(4, dtype=np.bool_)[chance.integers(0, 4, 400)]
    sure = np.log(np.where(np.roll(gold, 1, axis=1) & (chance.uniform(size=(400, 1)) < 0.5), 0.97, 0.01))
    modest = np.log(np.where(gold, 0.3, 0.7 / 3))
    weight = best_weight(sure, modest, gold, large=True)
    assert weight > 10
    pooled = pool(sure, modest, weight)
    assert (pooled.argmax(axis=1) == gold.argmax(axis=1)).mean() > 0.95
    assert best_weight(sure, modest, gold) <= 2.0  # words of few rows are never trusted so


def test_everything_is_fitted_at_once_and_survives_its_file() -> None:
    log_p, gold = world(900)
    taxonomy = load_taxonomy("ekman")
    found = fit_confidence(log_p, gold, taxonomy)
    assert found.fits(taxonomy)
    assert not found.fits(load_taxonomy("meld"))
    assert found.thresholds is None
    assert len(found.set_thresholds) == len(GRID)
    assert Confidence.from_json(found.as_json() | {"labels": list(found.labels)}) == found
    assert fit_confidence(*world(900, labels=28), load_taxonomy("goemotions")).thresholds is not None


def test_a_coverage_or_accuracy_that_is_not_stored_is_told() -> None:
    found = fit_confidence(*world(900), load_taxonomy("ekman"))
    assert found.set_threshold(0.9) == found.set_thresholds[GRID.index(0.9)]
    with pytest.raises(InputError, match=r"hundredth from 0\.50"):
        found.set_threshold(0.905)
    with pytest.raises(InputError, match="reaches on ekman"):
        fit_confidence(world(900)[0], world(900, seed=1)[1], load_taxonomy("ekman")).answer_threshold(0.99)


@pytest.mark.parametrize("change", [{"surplus": 1}, {"set_thresholds": [0.1]}])
def test_a_damaged_calibration_is_one_sentence(change: dict[str, object]) -> None:
    values = fit_confidence(*world(300), load_taxonomy("ekman")).as_json()
    with pytest.raises(ModelError, match="save it again"):
        Confidence.from_json(values | change)


def test_labels_are_weighed_by_how_rare_they_are_as_far_as_macro_f1_gains() -> None:
    chance = np.random.default_rng(4)
    shares = np.array([0.8, 0.15, 0.05])
    truth = chance.choice(3, size=3000, p=shares)
    evidence = np.eye(3)[truth] + chance.normal(size=(3000, 3))
    p = np.exp(evidence) * shares  # of Gaussian evidence, by Bayes: these probabilities are right
    p /= p.sum(axis=1, keepdims=True)
    gold = np.eye(3, dtype=bool)[truth]
    weights = best_label_weights(p, gold)
    assert weights[0] < weights[1] < weights[2] == 1

    def f1(weighed: NDArray[np.float64]) -> float:
        return macro_f1(weighed == weighed.max(axis=1, keepdims=True), gold)

    assert f1(p * weights) > f1(p) + 0.03
    assert best_label_weights(p, p == p.max(axis=1, keepdims=True)).tolist() == [1, 1, 1], "the likeliest is all right"
    unseen = np.hstack([p * 0.9, np.full((3000, 1), 0.1)]), np.hstack([gold, np.zeros((3000, 1), dtype=bool)])
    assert best_label_weights(*unseen) == pytest.approx([*weights, 1]), "as rare as the rarest that was seen"


def test_neutral_is_called_so_where_the_f1_of_the_others_is_best() -> None:
    log_p, gold = world(3000, labels=5)
    p = np.exp(log_p)
    p[:, 0] += 0.8  # a model that says neutral too often
    p /= p.sum(axis=1, keepdims=True)

    def micro(at: float) -> float:
        rest = np.where(np.arange(5) == 0, -1, p)
        said = np.where((p.argmax(1) == 0) & (p[:, 0] < at), rest.argmax(1), p.argmax(1))
        hits = sum(gold[row, label] for row, label in enumerate(said) if label)
        return float(2 * hits / ((said > 0).sum() + gold[:, 1:].sum()))

    found = best_neutral(p, gold, 0)
    assert micro(found) == pytest.approx(max(micro(at) for at in np.linspace(0, 1, 401)), abs=0.002)
    assert micro(found) > micro(0) + 0.05
    assert best_neutral(p[:2], np.array([[True, False, False, False, False]] * 2), 0) == 0
