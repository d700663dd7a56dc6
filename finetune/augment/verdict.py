"""Whether to use the rows, in one plain sentence for each size and one for all.

Takes outcomes; gives sentences. A gain counts as one only where its interval lies above zero, and a loss where it lies
below; what else is found is said to be undecided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from thymos.finetune.augment.outcome import Figure, Outcome
from thymos.finetune.augment.values import ALL, REAL, SYNTHETIC, TITLES, size_name

Advice = Literal["use", "cheap is enough", "undecided", "do not use", "nothing to judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do at one size, by the classifier that does best there."""

    size: int
    classifier: str
    advice: Advice
    sentence: str


def verdicts(found: Sequence[Outcome]) -> tuple[Verdict, ...]:
    """Judge each size by the classifier with the highest macro F1 from real rows alone, which a user would take."""
    sizes = dict.fromkeys(each.size for each in found)
    return tuple(
        _judged(max((e for e in found if e.size == size), key=lambda e: e.arms[REAL].macro_f1.value)) for size in sizes
    )


def conclusion(found: Sequence[Verdict]) -> str:
    """Say in one sentence at which sizes to use the rows."""
    if all(each.advice == "nothing to judge" for each in found):
        return "No synthetic rows were given, so there is nothing to use or to leave."
    heads: dict[Advice, str] = {
        "use": "Use the synthetic rows with",
        "cheap is enough": "they help, but no more than what costs nothing, with",
        "undecided": "nothing is shown for or against them with",
        "do not use": "they do harm with",
    }
    parts = []
    for advice, head in heads.items():
        sizes = [each.size for each in found if each.advice == advice]
        if sizes:
            parts.append(f"{head} {_sizes(sizes)}")
    first = parts[0] if parts[0].startswith("Use") else f"Do not use the synthetic rows: {parts[0]}"
    return "; ".join((first, *parts[1:])) + "."


def _judged(outcome: Outcome) -> Verdict:
    """Judge one classifier at one size."""
    head = f"With {_sizes([outcome.size])} ({outcome.classifier})"
    synthetic = outcome.arms.get(SYNTHETIC)
    if synthetic is None or synthetic.gain is None:
        best = outcome.best_cheap
        gain = outcome.arms[best].gain if best else None
        if best is None or gain is None:
            sentence = f"{head} there is nothing but real rows."
        else:
            sentence = f"{head} {TITLES[best]}, the best cheap alternative, changes macro F1 by {_moves(gain)}."
        return Verdict(outcome.size, outcome.classifier, "nothing to judge", sentence)
    gain, over = synthetic.gain, outcome.over_cheap
    sentence = f"{head} synthetic rows change macro F1 by {_moves(gain)} over real rows alone"
    if over is not None and outcome.best_cheap is not None:
        sentence += f" and by {_moves(over)} over {TITLES[outcome.best_cheap]}, the best cheap alternative"
    advice = _advice(gain, over)
    says: dict[Advice, str] = {
        "use": "use them",
        "cheap is enough": "take the cheap alternative, these rows are not shown to beat it",
        "undecided": "no gain is shown, so do not use them",
        "do not use": "do not use them",
        "nothing to judge": "",
    }
    return Verdict(outcome.size, outcome.classifier, advice, f"{sentence}: {says[advice]}.")


def _advice(gain: Figure, over: Figure | None) -> Advice:
    """Decide by intervals alone."""
    if gain.interval is None or (over is not None and over.interval is None):
        return "undecided"
    if gain.interval.high < 0:
        return "do not use"
    if gain.interval.low <= 0:
        return "undecided"
    return "use" if over is None or (over.interval is not None and over.interval.low > 0) else "cheap is enough"


def _moves(figure: Figure) -> str:
    """Say a difference in points of macro F1, with its interval."""
    points = f"{100 * figure.value:+.1f} points"
    if figure.interval is None:
        return f"{points} (no interval)"
    return f"{points} (95 % {100 * figure.interval.low:+.1f} to {100 * figure.interval.high:+.1f})"


def _sizes(sizes: Sequence[int]) -> str:
    """Say sizes: `16 and 64 real rows a label`, `all real rows`."""
    numbers = [size_name(size) for size in sizes if size != ALL]
    said = [f"{' and '.join(numbers)} real rows a label"] if numbers else []
    return " and ".join([*said, *(["all real rows"] if ALL in sizes else [])])
