"""How an augmentation experiment looks in a terminal: a table of arms, a table of labels, and the verdicts.

Takes outcomes and verdicts; gives things that `rich` prints. Computes nothing but rounding.
"""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from thymos.finetune.augment.outcome import Figure, Outcome
from thymos.finetune.augment.values import SYNTHETIC, size_name
from thymos.finetune.augment.verdict import Verdict, conclusion


def report(found: Sequence[Outcome], judged: Sequence[Verdict], rare: Sequence[str]) -> RenderableType:
    """Lay out everything."""
    parts: list[RenderableType] = [_arms(found)]
    if any(SYNTHETIC in each.arms for each in found):
        parts += [Text(), _labels(found, rare)]
    parts += [Text(), *(Text(each.sentence) for each in judged), Text(), Text(conclusion(judged), style="bold")]
    return Group(*parts)


def _arms(found: Sequence[Outcome]) -> Table:
    """Lay out macro F1 and gains, a line for each arm."""
    table = _table("gain: points over real rows alone; intervals of 95 % in brackets")
    for column in ("size", "classifier", "arm", "added", "macro F1", "gain"):
        table.add_column(column, justify="left" if column in ("classifier", "arm") else "right", no_wrap=True)
    for each in found:
        best = max(each.arms.values(), key=lambda arm: arm.macro_f1.value)
        for number, arm in enumerate(each.arms.values()):
            table.add_row(
                size_name(each.size) if number == 0 else "",
                Text(each.classifier if number == 0 else ""),
                arm.arm,
                f"{arm.added:,.0f}",
                f"{arm.macro_f1.value:.3f}{_spread(arm.macro_f1, 1, '.3f')}",
                _points(arm.gain),
                style="bold" if arm is best else "",
            )
    return table


def _labels(found: Sequence[Outcome], rare: Sequence[str]) -> Table:
    """Lay out what synthetic rows change for each label, the rare ones together first."""
    table = _table(f"change of F1 by synthetic rows, points; rare labels: {', '.join(rare)}")
    table.add_column("label")
    with_rows = [each for each in found if SYNTHETIC in each.arms]
    for each in with_rows:
        table.add_column(Text(f"{each.classifier} {size_name(each.size)}"), justify="right")
    arms = [each.arms[SYNTHETIC] for each in with_rows]
    table.add_row("rare labels", *(_points(arm.rare_gain) for arm in arms), style="bold")
    for name in dict.fromkeys(name for arm in arms for name in arm.label_gain):
        table.add_row(Text(name), *(_points(arm.label_gain[name]) for arm in arms))
    return table


def _table(caption: str) -> Table:
    """Return an empty table."""
    text = Text(caption, style="dim")
    return Table(box=None, header_style="bold", padding=(0, 1, 0, 0), caption=text, caption_justify="left")


def _points(figure: Figure | None) -> str:
    """Say a difference in points."""
    return "" if figure is None else f"{100 * figure.value:+.1f}{_spread(figure, 100, '+.1f')}"


def _spread(figure: Figure, times: float, form: str) -> str:
    """Say an interval."""
    if figure.interval is None:
        return ""
    return f" ({times * figure.interval.low:{form}} to {times * figure.interval.high:{form}})"
