"""The picture of a training: loss and learning rate above, what dev is judged by below.

Takes the lines of a history; writes a PNG. Uses matplotlib's objects, never pyplot.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from thymos.adapters.whole_file import whole_file

_BLUE, _ORANGE, _GREY = "#0072B2", "#E69F00", "#595959"  # Okabe and Ito (2008)
_LINES = ("-o", "--s", ":^", "-.d", "-v")  # told apart without colour


def draw_curves(lines: Sequence[Mapping[str, Any]], path: Path, title: str) -> None:
    """Draw the history of a run.

    Args:
        lines: from `history.read`; at least one step.
        path: PNG file to write, replaced if there.
        title: first line of the picture.
    """
    steps = [line for line in lines if line["kind"] == "step"]
    looks = [line for line in lines if line["kind"] == "dev"]
    number = np.array([line["step"] for line in steps])
    loss = np.array([line["loss"] for line in steps])
    figure = Figure(figsize=(7.2, 6.4))
    FigureCanvasAgg(figure)
    upper, lower = figure.add_axes((0.1, 0.55, 0.78, 0.36)), figure.add_axes((0.1, 0.09, 0.78, 0.34))
    upper.plot(number, loss, color=_BLUE, alpha=0.25, linewidth=0.8)
    upper.plot(number, _smooth(loss, max(1, len(loss) // 40)), color=_BLUE, linewidth=1.6)
    upper.set_ylabel("loss (nats)", color=_BLUE)
    upper.set_title(title, loc="left", fontsize=11, parse_math=False)
    second = upper.twinx()
    second.plot(number, [line["rate"] for line in steps], color=_ORANGE, linestyle="--", linewidth=1.2)
    second.set_ylabel("learning rate (dashed)", color=_ORANGE)
    measure = "macro_f1" if any("macro_f1" in each for line in looks for each in line["corpora"].values()) else "loss"
    for place, name in enumerate(looks[0]["corpora"] if looks else ()):
        values = [line["corpora"][name][measure] for line in looks]
        lower.plot([line["step"] for line in looks], values, _LINES[place % len(_LINES)], label=name, markersize=4)
    if looks:
        lower.legend(frameon=False, loc="lower right" if measure == "macro_f1" else "upper right")
    lower.set_xlim(upper.get_xlim())
    lower.set_ylabel(f"{measure.replace('_f1', ' F1')} on dev rows", color=_GREY)
    lower.set_xlabel("step", color=_GREY)
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=130, facecolor="white")


def _smooth(values: Any, width: int) -> Any:
    """Return the running mean over the last values."""
    total = np.cumsum(np.concatenate([np.zeros(1), values]))
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - width, 0)
    return (total[end] - total[begin]) / (end - begin)
