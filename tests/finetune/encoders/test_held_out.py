"""Leave one person out: scores by arithmetic, nothing of the person asked about is learnt from."""

import numpy as np
import pytest

from thymos.finetune.encoders.held_out import (
    Model,
    averaged,
    characters,
    held_out,
    held_out_scores,
    kernel,
    linear,
    own_scale,
    remembered,
    stacked,
    told,
    trees,
)
from thymos.finetune.encoders.physiology_context import against_others, ranks

PEOPLE = np.array(["a"] * 20 + ["b"] * 20 + ["c"] * 20 + ["d"] * 20 + ["e"] * 20)
GOLD = np.tile([0, 1], 50)
VALUES = np.stack(
    [GOLD + np.random.default_rng(0).normal(0, 0.2, 100), np.random.default_rng(1).normal(0, 1, 100)], axis=1
)


def test_scores_are_pooled_and_by_person() -> None:
    gold, answers, people = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.array(["a", "a", "b", "b"])
    found = held_out_scores(gold, answers, people)
    # pooled: F1 of 0 is 2/3, of 1 is 4/5; a: (2/3 + 0) / 2; b: 1
    assert found.pooled == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found.mean == pytest.approx((1 / 3 + 1) / 2)
    assert found.accuracy == 0.75


def test_a_person_is_asked_by_a_model_of_the_others() -> None:
    seen: list[tuple[set[str], set[str]]] = []

    def model(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        seen.append((set(PEOPLE[train]), set(PEOPLE[asked])))
        return np.tile([0.25, 0.75], (len(asked), 1))

    found = held_out(model, PEOPLE, 2)
    assert found.tolist() == [[0.25, 0.75]] * 100
    assert seen == [(set("abcde") - {who}, {who}) for who in "abcde"]


@pytest.mark.parametrize(
    "model",
    [
        linear(VALUES, GOLD, 1.0),
        kernel(np.where(np.arange(200).reshape(100, 2) % 50 == 3, np.nan, VALUES), GOLD),
        trees(VALUES, GOLD, boosted=True),
        trees(VALUES, GOLD, boosted=False),
        averaged({"x": linear(VALUES, GOLD, 1.0), "y": kernel(VALUES, GOLD)}),
        stacked({"x": linear(VALUES[:, :1], GOLD, 1.0), "y": linear(VALUES[:, 1:], GOLD, 1.0)}, GOLD, PEOPLE, 2),
        characters([["joy " if each else "woe " for each in GOLD]], GOLD, 1.0),
    ],
)
def test_every_model_learns_what_can_be_learnt(model: Model) -> None:
    p = held_out(model, PEOPLE, 2)
    assert p.sum(1) == pytest.approx(np.ones(100))
    assert (p.argmax(1) == GOLD).mean() > 0.9


def test_a_fold_is_fitted_once() -> None:
    calls: list[int] = []

    def model(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        calls.append(1)
        return np.ones((len(asked), 2)) / 2

    twice = remembered(model)
    assert "macro-F1 pooled 0.333" in told("x", twice, GOLD, PEOPLE)
    held_out(twice, PEOPLE, 2)
    assert len(calls) == 5


def test_own_scale_is_of_each_person() -> None:
    values = np.array([[1.0], [3.0], [100.0], [300.0]])
    assert own_scale(values, np.array(["a", "a", "b", "b"])).ravel() == pytest.approx([-1, 1, -1, 1])


def test_ranks_are_shares_of_the_recording_below() -> None:
    usual = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan], [4.0, np.nan]], dtype=np.float32)
    asked = np.array([[2.5, 1.0], [0.0, 1.0], [np.nan, 1.0]], dtype=np.float32)
    found = ranks(asked, usual)
    assert found[:2, 0].tolist() == [0.5, 0.0]
    assert np.isnan(found[2, 0])
    assert np.isnan(found[:, 1]).all()


def test_the_past_is_what_ends_before_a_window_and_no_more() -> None:
    starts = np.arange(0.0, 600.0, 30.0)
    usual = (starts / 30.0)[:, None].astype(np.float32)  # window number
    asked = np.array([[10.0], [0.0]], dtype=np.float32)
    at = np.array([300.0, 0.0])
    # at 300 s: windows that start from 0 to 240 s, numbers 0 to 8, mean 4; at 0 s there is none
    assert against_others(asked, at, usual, starts).ravel().tolist() == [6.0, 0.0]
    # with what follows: windows that start from 0 to 600 s, numbers 0 to 19, mean 9.5; at 0 s numbers 0 to 10
    assert against_others(asked, at, usual, starts, after=True).ravel().tolist() == [0.5, -5.0]
