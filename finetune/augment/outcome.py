"""What the experiment found: macro F1 and its gain for each classifier, size and arm, with intervals.

Takes results and gold labels; gives frozen figures. An interval is a bootstrap over test rows and seeds at once: rows
are drawn for all arms together, so that a gain is compared on the same rows, and seeds are drawn for all arms together,
so that it is compared on the same draws. With five seeds the part that comes from seeds is somewhat too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thymos.finetune.augment.values import CHEAP, REAL, SYNTHETIC, Arm, Bools, Cell, Floats, Result, Row
from thymos.finetune.bootstrap import Interval, intervals

RAREST = 5  # labels at most that are called rare, and a third of the label set at most


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its interval; None where nothing was resampled."""

    value: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm at one size.

    Attributes:
        arm: what is added.
        macro_f1: mean over seeds.
        by_seed: macro F1 of each seed.
        gain: macro F1 above real rows alone; None for these.
        per_label: F1 of each label, mean over seeds.
        label_gain: of F1 of each label above real rows alone; empty for these.
        rare_gain: mean of the gains of the rare labels; None for real rows alone.
        real: real rows, mean over seeds.
        added: rows beside them, mean over seeds.
    """

    arm: Arm
    macro_f1: Figure
    by_seed: tuple[float, ...]
    gain: Figure | None
    per_label: dict[str, float]
    label_gain: dict[str, Figure]
    rare_gain: Figure | None
    real: float
    added: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One classifier at one size.

    Attributes:
        classifier: its name.
        size: real rows a label.
        arms: figures of each.
        best_cheap: the cheap arm with the highest macro F1 on the test set, which favours it; None without any.
        over_cheap: macro F1 of synthetic rows above it; None without either.
    """

    classifier: str
    size: int
    arms: dict[Arm, ArmFigures]
    best_cheap: Arm | None
    over_cheap: Figure | None


def rarest(pool: Sequence[Row], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels with the fewest real rows, the rarest first."""
    support = {name: sum(name in row.labels for row in pool) for name in labels}
    most = max(1, min(RAREST, len(labels) // 3))
    return tuple(sorted(labels, key=lambda name: support[name])[:most])


def outcomes(
    results: Mapping[Cell, Result],
    test: Sequence[Row],
    labels: Sequence[str],
    rare: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> tuple[Outcome, ...]:
    """Compute all figures.

    Args:
        results: of each cell.
        test: rows that were labelled, in order.
        labels: names, in order.
        rare: names whose gain is averaged.
        resamples: for the intervals; 0 for none.
        seed: of the resamples.
    """
    truth = np.zeros((len(test), len(labels)), dtype=np.bool_)
    for number, row in enumerate(test):
        truth[number, [labels.index(name) for name in row.labels]] = True
    groups: dict[tuple[int, str], dict[Cell, Result]] = {}
    for cell, result in results.items():
        groups.setdefault((cell.size, cell.classifier), {})[cell] = result
    return tuple(_outcome(group, truth, labels, rare, resamples, seed) for group in groups.values())


def _outcome(
    group: Mapping[Cell, Result], truth: Bools, labels: Sequence[str], rare: Sequence[str], resamples: int, seed: int
) -> Outcome:
    first = next(iter(group))
    arms: tuple[Arm, ...] = tuple(dict.fromkeys(cell.arm for cell in group))
    seeds = tuple(dict.fromkeys(cell.seed for cell in group))
    cells = {(cell.arm, cell.seed): result for cell, result in group.items()}
    guesses = np.stack([_matrix(cells[arm, each], truth.shape) for arm in arms for each in seeds])
    hits = guesses & truth  # (arms * seeds, rows, labels)
    rows = np.concatenate([*hits, *guesses, truth], axis=1)  # (rows, (2 * arms * seeds + 1) * labels)
    rare_places = [labels.index(name) for name in rare]

    def f1_of(sums: Floats) -> Floats:
        """Turn summed counts (n, columns) into F1, (n, arms, seeds, labels)."""
        split = sums.reshape(len(sums), -1, truth.shape[1])
        cut = len(arms) * len(seeds)
        below = split[:, cut : 2 * cut] + split[:, -1:]
        f1 = np.divide(2 * split[:, :cut], below, out=np.zeros(below.shape), where=below > 0)
        return f1.reshape(len(sums), len(arms), len(seeds), truth.shape[1])

    whole = f1_of(rows.sum(axis=0, dtype=np.float64)[None])  # (1, arms, seeds, labels)
    macro = dict(zip(arms, whole[0].mean(axis=(1, 2)), strict=True))
    cheap = max((arm for arm in arms if arm in CHEAP), key=lambda arm: macro[arm], default=None)

    def figures(sums: Floats) -> dict[str, Floats]:
        f1 = f1_of(sums)
        chosen = np.random.default_rng(seed).integers(0, len(seeds), (len(f1), len(seeds)))
        drawn = np.take_along_axis(f1, chosen[:, None, :, None], axis=2).mean(axis=2)  # (n, arms, labels)
        return _named(drawn, arms, labels, rare_places, cheap)

    at = _named(whole.mean(axis=2), arms, labels, rare_places, cheap)
    spread = intervals(rows, figures, resamples=resamples, seed=seed)

    def figure(name: str) -> Figure | None:
        return Figure(float(at[name][0]), spread.get(name)) if name in at else None

    found = {}
    for number, arm in enumerate(arms):
        mine = [cells[arm, each] for each in seeds]
        value = figure(f"macro {arm}")
        assert value is not None
        gains = {name: figure(f"label {arm} {name}") for name in labels}
        found[arm] = ArmFigures(
            arm,
            value,
            tuple(float(each) for each in whole[0, number].mean(axis=1)),
            figure(f"gain {arm}"),
            {name: float(f1) for name, f1 in zip(labels, whole[0, number].mean(axis=0), strict=True)},
            {name: gain for name, gain in gains.items() if gain is not None},
            figure(f"rare {arm}"),
            float(np.mean([each.real for each in mine])),
            float(np.mean([each.added for each in mine])),
        )
    return Outcome(first.classifier, first.size, found, cheap, figure("over cheap"))


def _named(
    f1: Floats, arms: Sequence[Arm], labels: Sequence[str], rare: Sequence[int], cheap: Arm | None
) -> dict[str, Floats]:
    """Name the figures of F1, (n, arms, labels): macro, gains over real rows alone, and over the best cheap arm."""
    place = {arm: number for number, arm in enumerate(arms)}
    found = {f"macro {arm}": f1[:, place[arm]].mean(axis=1) for arm in arms}
    for arm in arms:
        if arm != REAL and REAL in place:
            gain = f1[:, place[arm]] - f1[:, place[REAL]]  # (n, labels)
            found[f"gain {arm}"] = gain.mean(axis=1)
            found[f"rare {arm}"] = gain[:, list(rare)].mean(axis=1)
            found |= {f"label {arm} {name}": gain[:, number] for number, name in enumerate(labels)}
    if SYNTHETIC in place and cheap is not None:
        found["over cheap"] = found[f"macro {SYNTHETIC}"] - found[f"macro {cheap}"]
    return found


def _matrix(result: Result, shape: tuple[int, ...]) -> Bools:
    found = np.zeros(shape, dtype=np.bool_)
    for number, places in enumerate(result.predicted):
        found[number, list(places)] = True
    return found
