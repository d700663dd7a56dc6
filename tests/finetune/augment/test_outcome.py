"""Figures are scikit-learn's, gains are paired, and intervals are of rows and seeds."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from tests.finetune.augment_rows import LABELS, TAXONOMY, rows
from thymos.finetune.augment.arms import Arms
from thymos.finetune.augment.classifiers import Regression, tfidf
from thymos.finetune.augment.curves import draw_curves
from thymos.finetune.augment.document import document
from thymos.finetune.augment.experiment import Experiment
from thymos.finetune.augment.outcome import outcomes, rarest
from thymos.finetune.augment.values import ALL, Arm, Cell, Result, Row
from thymos.finetune.augment.verdict import verdicts

TEST = rows(300, 2, "t")
GOLD = [LABELS.index(row.labels[0]) for row in TEST]


def guesses(right: float, seed: int) -> list[int]:
    """A classifier that is right so often, and else says anything."""
    chance = np.random.default_rng(seed)
    return [gold if chance.random() < right else int(chance.integers(len(LABELS))) for gold in GOLD]


def grid(shares: dict[Arm, float], seeds: int = 5, size: int = 16) -> dict[Cell, Result]:
    return {
        Cell("tfidf", size, seed, arm): Result(
            tuple((place,) for place in guesses(share, 100 * seed + number)), 64, 10, {"strength": 1.0}
        )
        for number, (arm, share) in enumerate(shares.items())
        for seed in range(seeds)
    }


SHARES: dict[Arm, float] = {"real": 0.4, "synthetic": 0.6, "oversample": 0.38, "eda": 0.5}


def test_figures_are_means_over_seeds_of_scikit_learns_f1() -> None:
    results = grid(SHARES)
    (found,) = outcomes(results, TEST, LABELS, ("fear",), resamples=0, seed=0)

    def theirs(arm: Arm) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.array(
            [
                f1_score(GOLD, [p for (p,) in results[Cell("tfidf", 16, seed, arm)].predicted], average=None)
                for seed in range(5)
            ]
        )

    for arm in SHARES:
        mine = found.arms[arm]
        assert mine.macro_f1.value == pytest.approx(theirs(arm).mean())
        assert mine.by_seed == pytest.approx(tuple(theirs(arm).mean(axis=1)))
        assert list(mine.per_label.values()) == pytest.approx(theirs(arm).mean(axis=0).tolist())
    gain = (theirs("synthetic") - theirs("real")).mean(axis=0)
    synthetic = found.arms["synthetic"]
    assert synthetic.gain is not None
    assert synthetic.rare_gain is not None
    assert found.over_cheap is not None
    assert synthetic.gain.value == pytest.approx(gain.mean())
    assert [each.value for each in synthetic.label_gain.values()] == pytest.approx(gain.tolist())
    assert synthetic.rare_gain.value == pytest.approx(gain[LABELS.index("fear")])
    assert found.best_cheap == "eda"
    assert found.over_cheap.value == pytest.approx((theirs("synthetic") - theirs("eda")).mean())
    assert synthetic.gain.interval is None


def test_the_interval_of_one_seed_is_a_bootstrap_over_rows() -> None:
    results = grid({"real": 0.5}, seeds=1)
    (found,) = outcomes(results, TEST, LABELS, (), resamples=2000, seed=0)
    guess = np.array([p for (p,) in results[Cell("tfidf", 16, 0, "real")].predicted])
    chance, gold = np.random.default_rng(1), np.array(GOLD)
    drawn = [chance.integers(0, len(gold), len(gold)) for _ in range(1000)]
    theirs = np.percentile([f1_score(gold[d], guess[d], average="macro") for d in drawn], [2.5, 97.5])
    interval = found.arms["real"].macro_f1.interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(tuple(theirs), abs=0.008)


def test_seeds_that_differ_widen_the_interval() -> None:
    same = {cell: grid({"real": 0.5}, seeds=1)[Cell("tfidf", 16, 0, "real")] for cell in grid({"real": 0.5})}
    apart = {cell: Result(tuple((p,) for p in guesses(0.2 + 0.15 * cell.seed, cell.seed)), 64, 0, {}) for cell in same}
    widths = []
    for results in (same, apart):
        (found,) = outcomes(results, TEST, LABELS, (), resamples=500, seed=0)
        interval = found.arms["real"].macro_f1.interval
        assert interval is not None
        widths.append(interval.high - interval.low)
    assert widths[1] > 2 * widths[0]


def test_an_arm_that_answers_as_real_rows_do_gains_nothing_at_all() -> None:
    real = grid({"real": 0.5})
    both = real | {Cell(c.classifier, c.size, c.seed, "synthetic"): result for c, result in real.items()}
    (found,) = outcomes(both, TEST, LABELS, ("joy",), resamples=300, seed=0)
    gain = found.arms["synthetic"].gain
    assert gain is not None
    assert gain.interval is not None
    assert (gain.value, gain.interval.low, gain.interval.high) == (0, 0, 0)  # paired: rows and seeds are the same


def test_equal_seeds_give_equal_intervals_and_others_do_not() -> None:
    first, again, other = (
        outcomes(grid(SHARES), TEST, LABELS, ("joy",), resamples=200, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_row_with_two_labels_counts_for_both() -> None:
    test = (Row("a", "x", ("joy", "fear")), Row("b", "y", ("anger",)))
    results = {Cell("m", ALL, 0, "real"): Result(((LABELS.index("joy"), LABELS.index("fear")), ()), 2, 0, {})}
    (found,) = outcomes(results, test, LABELS, (), resamples=0, seed=0)
    assert found.arms["real"].per_label == {"joy": 1, "sadness": 0, "anger": 0, "fear": 1}


def test_rare_labels_are_a_third_of_the_label_set_and_five_at_most() -> None:
    pool = [Row(f"{n}-{k}", "x", (f"l{n}",)) for n in range(28) for k in range(n + 1)]
    assert rarest(pool, [f"l{n}" for n in range(28)]) == ("l0", "l1", "l2", "l3", "l4")
    assert rarest(pool, ["l9", "l3", "l5", "l7"]) == ("l3",)


def test_the_document_holds_what_is_needed_to_get_the_figures_again(tmp_path: Path) -> None:
    results = grid(SHARES) | grid(SHARES, size=ALL)
    found = outcomes(results, TEST, LABELS, ("fear",), resamples=50, seed=7)
    made = Arms(LABELS, rows(20, 3, "s"))
    classifiers = (Regression("tfidf", tfidf, TAXONOMY),)
    whole = Experiment(TAXONOMY, rows(90, 1), TEST, made, classifiers, (16, ALL), tuple(range(5)))
    told = document(
        whole, results, found, verdicts(found), rare=("fear",), resamples=50, seed=7, options={"at": None},
        command=["thymos", "augment-eval", "a b.jsonl"],
    )  # fmt: skip
    told = json.loads(json.dumps(told, allow_nan=False))
    assert told["command"] == "thymos augment-eval 'a b.jsonl'"
    assert (told["seed"], told["seeds"], told["sizes"]) == (7, [0, 1, 2, 3, 4], ["16", "all"])
    assert told["data"]["test"]["rows"] == 300
    assert len({told["data"][name]["sha256"] for name in ("real", "test", "synthetic")}) == 3
    assert told["outcomes"][1]["size"] == "all"
    gain = told["outcomes"][0]["arms"]["synthetic"]["gain"]
    assert gain["interval"]["low"] < gain["value"] < gain["interval"]["high"]
    assert len(told["chosen"]) == 40
    assert told["hardware"]["usable_cores"] >= 1
    assert told["conclusion"]
    draw_curves(found, tmp_path / "curves.png", "Title $with a dollar")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]
