"""Counts by hand: labels, waterfall, readings, n-grams."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from tests.agent.synth_report.rows_made import synthesis
from thymos.agent.synth_report import measure, space
from thymos.agent.synth_report.rows import Totals, read_folder


def test_labels_count_rows_of_the_plan_and_texts_apart(tmp_path: Path) -> None:
    found = measure.label_counts(*read_folder(synthesis(tmp_path / "s")))
    assert found == (measure.LabelCount("fear", 2, 2, 1), measure.LabelCount("joy", 2, 3, 2))


def test_the_waterfall_ends_at_what_is_kept(tmp_path: Path) -> None:
    assert measure.waterfall(*read_folder(synthesis(tmp_path / "s"))) == (
        measure.Fall("format", 1, 4),
        measure.Fall("relabel", 1, 3),
        measure.Fall("duplicates", 0, 3),
    )


def test_the_waterfall_and_the_readings_count_good_texts_that_were_not_needed(tmp_path: Path) -> None:
    falls = measure.waterfall(*read_folder(synthesis(tmp_path / "s")), 2)
    assert falls[0] == measure.Fall("format", 1, 6)
    assert falls[-1] == measure.Fall("another was better", 2, 3)
    found = measure.readings_of(Totals(6, 2, {"joy": {"joy": 3, "fear": 1}, "fear": {"fear": 1}}))
    assert found is not None
    assert found.labels == ("fear", "joy")
    assert found.counts.tolist() == [[1, 0], [1, 3]]
    assert found.agree == 0.8
    assert measure.readings_of(Totals(6, 2, {})) is None


def test_readings_are_counted_by_asked_label(tmp_path: Path) -> None:
    kept, dropped = read_folder(synthesis(tmp_path / "s"))
    found = measure.readings([*kept, *dropped])
    assert found is not None
    assert found.labels == ("fear", "joy", "sadness")
    assert found.counts.tolist() == [[1, 0, 0], [0, 2, 1], [0, 0, 0]]
    assert found.agree == 3 / 4
    assert measure.readings([row for row in dropped if row.read_as is None]) is None


def test_words_are_measured_by_hand() -> None:
    found = measure.measured(["It's fine, it's fine", "fine"])
    assert found.lengths == (4, 1)
    assert found.distinct == (2 / 5, 2 / 3, 1.0)  # it's, fine; it's fine, fine it's, it's fine; two of two
    assert found.growth == ((0, 0), (1, 1), (2, 2), (3, 2), (4, 2), (5, 2))


def test_nothing_can_be_measured() -> None:
    assert measure.measured([]).distinct == (0, 0, 0)


def test_draws_go_by_the_seed() -> None:
    texts = [str(n) for n in range(50)]
    assert measure.some(texts, 10, 0) == measure.some(texts, 10, 0) != measure.some(texts, 10, 1)
    assert sorted(measure.some(texts, 99, 0)) == sorted(texts)


def test_the_map_is_that_of_scikit_learns_pca() -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    theirs = PCA(2, svd_solver="full").fit(vectors)
    points = theirs.transform(vectors)
    found = space.flat_map(vectors)
    assert found.explained == pytest.approx(tuple(theirs.explained_variance_ratio_), rel=1e-4)
    scaled = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    for axis in range(2):  # a sign is free
        same = np.allclose(found.points[:, axis], scaled[:, axis], atol=1e-4)
        assert same or np.allclose(found.points[:, axis], 1 - scaled[:, axis], atol=1e-4)


def test_one_text_has_a_place_on_the_map() -> None:
    assert np.isfinite(space.flat_map(np.ones((1, 4), dtype=np.float32)).points).all()


def test_the_nearest_are_found_over_blocks() -> None:
    chance = np.random.default_rng(1)
    made, real = (chance.normal(size=(n, 5)).astype(np.float32) for n in (700, 90))
    places, cosines = space.nearest(made, real)
    alike = made @ real.T
    assert (places == alike.argmax(axis=1)).all()
    assert cosines == pytest.approx(alike.max(axis=1))


def test_examples_of_neighbours_are_the_nearest_and_then_spread_to_the_farthest() -> None:
    cosines = [number / 100 for number in range(100)]
    assert space.spread_out(cosines, 6) == [99, 98, 97, 64, 32, 0]
    assert space.spread_out([0.5], 6) == [0]


def test_the_vendi_score_counts_what_differs() -> None:
    apart = np.eye(4, dtype=np.float32)
    assert space.vendi(apart) == pytest.approx(4)
    assert space.vendi(apart[[0, 0, 0]]) == pytest.approx(1)
    assert space.vendi(apart[[0, 0, 1, 1]]) == pytest.approx(2)
