"""The picture of an augmentation experiment: macro F1 by the number of real rows, a line for each arm.

Takes outcomes; writes a PNG file. Uses matplotlib's objects, never pyplot, as `thymos.finetune.plots` does.
"""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from thymos.adapters.whole_file import whole_file
from thymos.finetune.augment.outcome import Outcome
from thymos.finetune.augment.values import TITLES, Arm, size_name

_FONT = "DejaVu Sans"
_DPI = 150
_GREY = "#595959"
_STYLE: dict[Arm, tuple[str, str, str]] = {  # colour (Okabe and Ito 2008), marker, line: apart in grey print too
    "real": ("#000000", "o", "-"),
    "synthetic": ("#D55E00", "s", "-"),
    "oversample": ("#0072B2", "^", "--"),
    "eda": ("#009E73", "v", "--"),
    "paraphrase": ("#CC79A7", "D", "--"),
}


def draw_curves(found: Sequence[Outcome], path: Path, title: str) -> None:
    """Draw a panel for each classifier.

    Args:
        found: figures.
        path: PNG file to write, replaced if there.
        title: first line of the picture.
    """
    classifiers = tuple(dict.fromkeys(each.classifier for each in found))
    sizes = tuple(dict.fromkeys(each.size for each in found))
    figure = Figure(figsize=(max(5.2 * len(classifiers), 6.4), 4.8))
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(classifiers), sharey=True, squeeze=False)[0]
    arms = tuple(dict.fromkeys(arm for each in found for arm in each.arms))
    for axes, name in zip(panels, classifiers, strict=True):
        mine = {each.size: each for each in found if each.classifier == name}
        for number, arm in enumerate(arms):
            at = [(x, mine[size].arms[arm].macro_f1) for x, size in enumerate(sizes) if size in mine]
            colour, marker, line = _STYLE[arm]
            beside = 0.05 * (number - (len(arms) - 1) / 2)  # so that whiskers do not hide each other
            low = [f.value - f.interval.low if f.interval else 0.0 for _, f in at]
            high = [f.interval.high - f.value if f.interval else 0.0 for _, f in at]
            axes.errorbar(
                [x + beside for x, _ in at],
                [f.value for _, f in at],
                yerr=[[max(0.0, each) for each in low], [max(0.0, each) for each in high]],
                color=colour,
                marker=marker,
                linestyle=line,
                linewidth=1.4,
                markersize=5,
                capsize=2,
                label=TITLES[arm],
            )
        axes.set_title(name, fontsize=11, family=_FONT, loc="left", parse_math=False)
        axes.set_xticks(range(len(sizes)), [size_name(size) for size in sizes])
        axes.set_xlim(-0.4, len(sizes) - 0.6)
        axes.set_xlabel("real rows a label", fontsize=10, family=_FONT, color=_GREY)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
        axes.tick_params(labelsize=9, labelfontfamily=_FONT)
    panels[0].set_ylabel("macro F1 on the test set", fontsize=10, family=_FONT, color=_GREY)
    figure.suptitle(title, fontsize=12, family=_FONT, x=0.01, ha="left", parse_math=False)
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=min(len(arms), 3),
        frameon=False,
        prop={"family": _FONT, "size": 9},
    )
    figure.tight_layout(rect=(0, 0.02, 1, 0.98))
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight", pad_inches=0.15, facecolor="white")
