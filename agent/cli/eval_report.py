"""How scores look in a terminal: a headline block, a table of labels, and remarks about what was left out.

Takes `Scores`; gives things that `rich` prints, and plain sentences. Computes nothing but rounding.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from thymos.finetune.scores import Scores
from thymos.prompts.taxonomy import Kind

_BAR = 12  # cells of a bar that stands for F1 = 1
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NAMED = 5  # ids named in a remark

_FIGURES = {
    "accuracy": "accuracy",
    "answered_accuracy": "  of answered rows",
    "unweighted_accuracy": "unweighted accuracy (mean recall)",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "weighted_f1": "weighted F1",
}
_REASONS = {
    "gold_without_prediction": "gold rows have no prediction",
    "prediction_without_gold": "predictions have no gold row",
    "gold_excluded": "gold rows were excluded",
    "gold_bad": "gold rows could not be read",
    "gold_unlabelled": "gold rows have no label",
    "gold_unknown": "rows have a gold label outside the label set",
    "gold_unmapped": "rows have no gold label in the label set scored in",
}


def report(scores: Scores) -> RenderableType:
    """Lay out headline and label table."""
    return Group(_headline(scores), Text(), _labels(scores))


def remarks(scores: Scores) -> Iterator[str]:
    """Say what a reader must know before quoting the figures."""
    for reason, sentence in _REASONS.items():
        ids: tuple[str, ...] = getattr(scores.left_out, reason)
        if ids:
            named = ", ".join(map(repr, ids[:_NAMED])) + (", ..." if len(ids) > _NAMED else "")
            yield f"not scored: {len(ids):,} {sentence} ({named})"
    absent = [s.name for s in scores.per_label if not s.support and s.name not in scores.ignored]
    if absent:
        yield (
            f"{len(absent)} labels have no gold row and count as 0 in macro F1: {', '.join(absent)}; "
            "leave them out with --ignore"
        )
    if scores.calibration is None:
        yield "no calibration: the labelled file has no probabilities"


def _headline(scores: Scores) -> Table:
    """Lay out the figures with their intervals."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_column(style="dim")
    kind = "multi-label" if scores.taxonomy.kind is Kind.MULTI else "single-label"
    table.add_row("rows", f"{scores.n:,}", f"{len(scores.taxonomy)} labels of {scores.taxonomy.name}, {kind}")
    table.add_row("abstained", f"{scores.n_abstained:,}", _abstained(scores))
    for name, shown in _FIGURES.items():
        value: float | None = getattr(scores, name)
        if name == "answered_accuracy" and (value is None or not scores.n_abstained):
            continue
        exact = " (exact label set)" if name == "accuracy" and scores.taxonomy.kind is Kind.MULTI else ""
        table.add_row(shown + exact, f"{value:.4f}", _interval(scores, name))
    if scores.calibration:
        gap, error = scores.calibration.confidence - scores.calibration.accuracy, scores.calibration.standard_error
        table.add_row(
            "expected calibration error",
            f"{scores.calibration.ece:.4f}",
            f"{'over' if gap > 0 else 'under'}confident by {abs(gap):.3f}, s.e. {error:.3f}",
        )
        if scores.calibration.if_calibrated:
            perfect = scores.calibration.if_calibrated
            table.add_row(
                "the same, if perfectly calibrated", f"{perfect.mean:.4f}", f"95th percentile {perfect.p95:.4f}"
            )
    if scores.label_sets:
        table.add_row(
            "gold labels in the label set",
            f"{scores.label_sets.covered:.4f}",
            f"{scores.label_sets.size:.2f} labels a set",
        )
    if scores.ignored:
        table.add_row("left out of F1", "", Text(", ".join(scores.ignored)))
    return table


def _abstained(scores: Scores) -> str:
    """Say what share of rows abstained, and what that does to the figures."""
    return f"{1 - scores.coverage:.1%} of rows; each is a miss" if scores.n_abstained else ""


def _interval(scores: Scores, name: str) -> str:
    """Show a 95 % interval where there is one."""
    interval = scores.intervals.get(name)
    return f"95 % {interval.low:.4f} to {interval.high:.4f}" if interval else ""


def _labels(scores: Scores) -> Table:
    """Lay out the labels, most frequent first."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("label")
    for heading in ("gold", "predicted", "precision", "recall"):
        table.add_column(heading, justify="right")
    table.add_column("F1")
    for label in sorted(scores.per_label, key=lambda s: -s.support):
        table.add_row(
            Text(label.name, style="dim" if label.name in scores.ignored else ""),
            f"{label.support:,}",
            f"{label.predicted:,}",
            f"{label.precision:.3f}",
            f"{label.recall:.3f}",
            Text.assemble(f"{label.f1:.3f} ", (_bar(label.f1), "cyan")),
        )
    return table


def _bar(value: float) -> str:
    """Draw a number in [0, 1] as a bar, to an eighth of a cell."""
    full, eighths = divmod(round(value * _BAR * 8), 8)
    return ("█" * full + _EIGHTHS[eighths]).rstrip()
