"""Two pictures of an evaluation: which label is taken for which, and what confidence is worth.

Takes `Confusion` and `Calibration`; writes PNG files. Uses matplotlib's objects, never pyplot, so nothing
global is set and no display is asked for. Colours stay apart for colour-blind readers and in grey print.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from numpy.typing import NDArray

from thymos.adapters.whole_file import whole_file
from thymos.finetune.calibration_error import Calibration
from thymos.finetune.confusion import Confusion

_FONT = "DejaVu Sans"  # comes with matplotlib, so pictures look the same everywhere
_DPI = 150
_CROWDED = 12  # labels; above it a cell has room for its percentage only
_WIDEST = 20.0  # inches; keeps the picture of a very large label set in bounds
_LONGEST = 24  # characters of a label's name that are shown
_BLUE, _ORANGE = "#0072B2", "#E69F00"  # Okabe and Ito (2008)
_GREY = "#595959"
_ABSENT = "#ECECEC"  # rows of labels that are never gold: not zero, but undefined


def draw_confusion(confusion: Confusion, path: Path, title: str) -> None:
    """Draw the confusion matrix: colour and percentage by row, counts too where there is room.

    Args:
        confusion: counts of gold label by predicted label.
        path: PNG file to write, replaced if there.
        title: first line of the picture.
    """
    counts = confusion.counts
    columns = confusion.columns
    if not counts[:, -1].any():  # nobody abstained: no column for it
        counts, columns = counts[:, :-1], confusion.labels
    support = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)  # (labels, columns)
    crowded = len(columns) > _CROWDED
    cell = 0.72 if not crowded else min(0.36, _WIDEST / len(columns))  # inches
    figure = Figure(figsize=(cell * len(columns) + 2.2, cell * len(counts) + 2.2))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.22, 0.18, 0.74, 0.72))
    axes.set_facecolor(_ABSENT)
    shown = np.ma.masked_array(share, mask=np.broadcast_to(support == 0, share.shape))
    axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    if counts.shape[1] > len(counts):  # set "no label" apart from the labels
        axes.axvline(len(counts) - 0.5, color=_GREY, linewidth=1.2, zorder=3)
    if len(columns) * 0.25 < _WIDEST:  # else too small to read: colour alone
        _write_cells(axes, counts, share, crowded)
    _name_ticks(axes, columns, confusion.labels, support[:, 0])
    axes.set_ylabel("gold label (rows)", fontsize=10, family=_FONT, color=_GREY)
    axes.set_xlabel(
        "most probable label" if "most probable" in confusion.meaning else "predicted label",
        fontsize=10,
        family=_FONT,
        color=_GREY,
    )
    note = "% of the gold label's rows" + ("; below 1 % left blank" if crowded else " (count)")
    axes.set_title(f"{_printable(title, 90)}\n{note}", fontsize=11, family=_FONT, loc="left", pad=10, parse_math=False)
    _save(figure, path)


def _write_cells(axes: Axes, counts: NDArray[np.int64], share: NDArray[np.float64], crowded: bool) -> None:
    """Write percentages (and counts) into the cells, light on dark and dark on light."""
    for row, column in np.argwhere(share >= 0.01 if crowded else counts > 0):
        percent = f"{100 * share[row, column]:.0f}"
        axes.text(
            column,
            row,
            percent if crowded else f"{percent}\n({counts[row, column]:,})",
            ha="center",
            va="center",
            fontsize=7 if crowded else 8.5,
            family=_FONT,
            color="white" if share[row, column] > 0.6 else "black",
        )


def _name_ticks(axes: Axes, columns: Sequence[str], rows: Sequence[str], support: NDArray[np.int64]) -> None:
    """Name rows with their support and columns, and draw thin lines between cells."""
    axes.set_xticks(range(len(columns)), [_printable(name) for name in columns])
    axes.set_yticks(range(len(rows)), [f"{_printable(n)} ({s:,})" for n, s in zip(rows, support, strict=True)])
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set(fontsize=9, family=_FONT, parse_math=False)
    for tick in axes.get_xticklabels():
        tick.set(rotation=45, ha="right", rotation_mode="anchor")
    axes.vlines(np.arange(1, len(columns)) - 0.5, -0.5, len(rows) - 0.5, color="white", linewidth=1)
    axes.hlines(np.arange(1, len(rows)) - 0.5, -0.5, len(columns) - 0.5, color="white", linewidth=1)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def draw_reliability(calibration: Calibration, path: Path, title: str) -> None:
    """Draw accuracy by confidence above the number of rows by confidence.

    Args:
        calibration: bins and their error.
        path: PNG file to write, replaced if there.
        title: first line of the picture.
    """
    figure = Figure(figsize=(5.6, 6.4))
    FigureCanvasAgg(figure)
    upper, lower = figure.add_axes((0.14, 0.36, 0.8, 0.54)), figure.add_axes((0.14, 0.08, 0.8, 0.18))
    bins = [b for b in calibration.bins if b.count]
    middle = [(b.low + b.high) / 2 for b in bins]
    width = 1 / len(calibration.bins)
    accuracy = np.array([b.accuracy for b in bins], dtype=np.float64)
    confidence = np.array([b.confidence for b in bins], dtype=np.float64)
    upper.bar(middle, accuracy, color=_BLUE, edgecolor="white", label="accuracy", width=width)
    upper.bar(
        middle,
        confidence - accuracy,
        bottom=accuracy,
        color="none",
        edgecolor=_ORANGE,
        hatch="////",
        label="gap to confidence",
        width=width,
    )
    upper.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1.2, label="perfect", zorder=3)
    upper.set_title(
        f"{_printable(title, 90)}\nECE {calibration.ece:.3f}: mean confidence {calibration.confidence:.3f}, "
        f"accuracy {calibration.accuracy:.3f}",
        fontsize=11,
        family=_FONT,
        loc="left",
        parse_math=False,
    )
    upper.legend(
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.06),  # below the panel, where no bar can be
        ncols=3,
        frameon=False,
        prop={"family": _FONT, "size": 9},
    )
    lower.bar(middle, [b.count for b in bins], color=_GREY, edgecolor="white", width=width)
    _label_reliability(upper, lower)
    _save(figure, path)


def _label_reliability(upper: Axes, lower: Axes) -> None:
    """Set limits and names of the two panels."""
    for axes in (upper, lower):
        axes.set_xlim(0, 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9, labelfontfamily=_FONT)
    upper.set_ylim(0, 1)
    upper.set_ylabel("share of rows that are right", fontsize=10, family=_FONT, color=_GREY)
    lower.set_ylabel("rows", fontsize=10, family=_FONT, color=_GREY)
    lower.set_xlabel("confidence: probability of the most probable label", fontsize=10, family=_FONT, color=_GREY)


def _printable(name: str, longest: int = _LONGEST) -> str:
    """Shorten a name and show a box for what the font cannot draw (matplotlib would warn at every one)."""
    font = get_font(findfont(_FONT))
    short = name if len(name) <= longest else name[: longest - 1] + "…"
    return "".join(c if font.get_char_index(ord(c)) else "□" for c in short)


def _save(figure: Figure, path: Path) -> None:
    """Write the PNG whole or not at all."""
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight", pad_inches=0.15, facecolor="white")
