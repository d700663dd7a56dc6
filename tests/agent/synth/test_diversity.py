"""Figures of a set against arithmetic, and the order that they must keep."""

import math

import numpy as np
import pytest

from thymos.agent.synth.diversity import below_floor, distinct, drawn, growth, measure, self_bleu, vendi


def test_distinct_is_different_runs_over_all_runs() -> None:
    told = [["a", "b", "a"], ["a", "b"]]
    assert distinct(told, 1) == pytest.approx(2 / 5)
    assert distinct(told, 2) == pytest.approx(2 / 3)  # ab, ba, ab
    assert distinct([], 1) == 0.0


def test_vendi_counts_texts_that_have_nothing_in_common() -> None:
    assert vendi(np.eye(5, 8, dtype=np.float32)) == pytest.approx(5)
    assert vendi(np.tile(np.eye(1, 8, dtype=np.float32), (5, 1))) == pytest.approx(1)
    halves = np.eye(2, 8, dtype=np.float32)[[0, 0, 0, 1]]  # three quarters and one quarter
    assert vendi(halves) == pytest.approx(math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25))))
    assert vendi(np.zeros((0, 8), np.float32)) == 0.0


def test_vendi_is_the_same_whichever_side_is_the_smaller() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    values = np.linalg.eigvalsh((rows @ rows.T / 30).astype(np.float64))
    values = values[values > 1e-9]
    assert vendi(rows) == pytest.approx(math.exp(-(values * np.log(values)).sum()), rel=1e-4)


def test_self_bleu_is_one_for_copies_and_low_for_strangers() -> None:
    copies = [["we", "held", "on", "in", "the", "wind"]] * 4
    strangers = [[f"{letter}{number}" for number in range(6)] for letter in "abcd"]
    assert self_bleu(copies) == pytest.approx(1)
    assert self_bleu(strangers) < 0.05
    assert self_bleu(copies[:1]) == 0.0


def test_self_bleu_by_hand() -> None:
    # against one reference of equal length: 3 of 4 words, 2 of 3 pairs, 1 of 2 triples, 0.1 of 1 run of four
    first, second = ["a", "b", "c", "d"], ["a", "b", "c", "x"]
    assert self_bleu([first, second]) == pytest.approx((3 / 4 * 2 / 3 * 1 / 2 * 0.1) ** 0.25)


def test_growth_counts_different_words_so_far() -> None:
    assert growth([["a", "b", "a", "c"]], steps=2) == [[2, 2], [4, 3]]
    assert growth([], steps=2) == []


def test_a_draw_is_seeded_in_order_and_no_larger_than_what_there_is() -> None:
    texts = [str(number) for number in range(100)]
    some = drawn(texts, 10, seed=1)
    assert some == drawn(texts, 10, seed=1) != drawn(texts, 10, seed=2)
    assert some == sorted(some, key=int)
    assert drawn(texts, 200, seed=1) == texts


def test_figures_below_seven_tenths_of_real_text_are_named() -> None:
    real: dict[str, object] = {"distinct_2": 0.9, "vendi": 10.0}
    assert below_floor({"distinct_2": 0.62, "vendi": 7.1}, real) == ["distinct_2"]
    assert below_floor({"distinct_2": 0.64, "vendi": 6.9}, real) == ["vendi"]
    assert below_floor({"distinct_2": 0.9}, real) == []


def test_measures_of_a_set_stand_together() -> None:
    found = measure(["a b a", "a b"])
    assert found["texts"] == 2
    assert found["words"] == 5
    assert found["distinct_1"] == 0.4
    assert "vendi" not in found
    assert measure(["a b a", "a b"], np.eye(2, 4, dtype=np.float32))["vendi"] == 2.0
