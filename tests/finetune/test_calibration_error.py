"""Calibration against hand arithmetic."""

import numpy as np
import pytest

from thymos.finetune import calibration_error
from thymos.finetune.calibration_error import calibration, if_calibrated
from thymos.prompts.errors import InputError


def test_the_error_is_the_weighted_gap_of_each_bin() -> None:
    # 5 bins of 0.2.  (0.2, 0.4]: 0.3 wrong, 0.4 right -> |0.5 - 0.35| = 0.15, 2 of 4 rows
    #                 (0.8, 1.0]: 0.9 right, 1.0 right -> |1.0 - 0.95| = 0.05, 2 of 4 rows
    found = calibration(np.array([0.3, 0.4, 0.9, 1.0]), np.array([False, True, True, True]), bins=5)
    assert found.ece == pytest.approx(0.5 * 0.15 + 0.5 * 0.05)
    assert [b.count for b in found.bins] == [0, 2, 0, 0, 2]
    assert found.bins[1].accuracy == 0.5
    assert found.bins[1].confidence == pytest.approx(0.35)
    assert found.bins[0].accuracy is None
    assert found.bins[0].confidence is None
    assert found.accuracy == 0.75
    assert found.confidence == pytest.approx(0.65)
    assert found.standard_error == pytest.approx(np.std([0.3, -0.6, -0.1, 0.0]) / 2)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_and_zero_to_the_first() -> None:
    found = calibration(np.array([0.0, 0.5, 0.5000001, 1.0]), np.ones(4, dtype=np.bool_), bins=2)
    assert [b.count for b in found.bins] == [2, 2]


def test_rows_as_sure_as_they_are_right_have_no_error() -> None:
    correct = np.arange(1000) < 800
    assert calibration(np.full(1000, 0.8), correct).ece == pytest.approx(0.0)
    assert calibration(np.full(1000, 1.0), correct).ece == pytest.approx(0.2)


def test_fifteen_bins_unless_asked_otherwise() -> None:
    found = calibration(np.array([0.9]), np.array([True]))
    assert len(found.bins) == 15
    assert (found.bins[0].low, found.bins[-1].high) == (0.0, 1.0)


def test_a_perfectly_calibrated_model_has_an_error_too() -> None:
    alone = if_calibrated(np.array([0.5]), seed=0)  # right or wrong, always half away
    assert (alone.mean, alone.p95, alone.draws) == (0.5, 0.5, 1000)
    assert if_calibrated(np.ones(50), seed=0).p95 == 0
    two = if_calibrated(np.array([0.5, 0.5]), seed=0)  # none, one or both right: half away, none, half away
    assert two.mean == pytest.approx(0.25, abs=0.03)
    assert two.p95 == 0.5
    apart = if_calibrated(np.array([0.5, 0.9]), seed=0)  # (0.5 + 0.1 or 0.9) / 2
    assert apart.mean == pytest.approx((0.5 + 0.9 * 0.1 + 0.1 * 0.9) / 2, abs=0.02)


def test_more_rows_leave_less_of_it_and_a_calibrated_model_stays_below() -> None:
    generator = np.random.default_rng(3)
    few, many = (if_calibrated(generator.random(n), seed=0) for n in (400, 40_000))
    assert few.mean == pytest.approx(10 * many.mean, rel=0.15)
    sure = generator.random(2000)
    told = if_calibrated(sure, seed=0)
    honest = [calibration(sure, generator.random(2000) < sure).ece for _ in range(200)]
    assert 0.9 <= np.mean([error < told.p95 for error in honest]) <= 0.99
    assert calibration(sure, generator.random(2000) < sure * 0.9).ece > told.p95


def test_that_error_does_not_depend_on_the_order_or_on_how_many_are_drawn_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sure = np.random.default_rng(1).random(300)
    whole = if_calibrated(sure, seed=5)
    assert whole == if_calibrated(sure[::-1].copy(), seed=5)
    assert whole != if_calibrated(sure, seed=6)
    monkeypatch.setattr(calibration_error, "_CELLS", 1000)
    assert if_calibrated(sure, seed=5) == whole


@pytest.mark.parametrize("value", [1.1, -0.1, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"confidences must be in \[0, 1\]"):
        calibration(np.array([value]), np.array([True]))


def test_no_rows_are_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        calibration(np.array([]), np.array([], dtype=np.bool_))
