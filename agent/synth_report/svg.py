"""Three pictures as SVG text: points, histograms and curves. Colours are classes, so that the page's theme holds.

Takes numbers and words; gives markup that is safe to put into a page, every word escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

_WIDE, _HIGH = 480, 300  # of a picture, in its own units
_LEFT, _BOTTOM, _TOP, _RIGHT = 52, 44, 24, 14
_BINS = 24


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of one sort of text.

    Attributes:
        name: for the reader of the picture.
        sort: class of its colour, `real` or `made`.
    """

    name: str
    sort: str


def points(groups: Sequence[tuple[Series, NDArray[np.float64]]], says: str) -> Markup:
    """Draw points, (n, 2) from 0 to 1 each."""
    marks = Markup("").join(
        Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(
            series.sort, 8 + x * (_WIDE - 16), _HIGH - 8 - y * (_HIGH - 16)
        )
        for series, places in groups
        for x, y in places
    )
    return _picture(marks, says)


def histogram(groups: Sequence[tuple[Series, Sequence[float]]], across: str, says: str) -> Markup:
    """Draw what share of each group lies where; each group's bars sum to one."""
    every = np.concatenate([np.asarray(values, dtype=np.float64) for _, values in groups])
    low, high = float(every.min()), float(every.max())
    whole = bool((every == every.round()).all())
    high = high if high > low else low + 1
    steps = min(_BINS, int(high - low) + 1) if whole else _BINS
    edges = np.linspace(low, high, steps + 1)
    shares = [np.histogram(np.asarray(values), edges)[0] / max(1, len(values)) for _, values in groups]
    most = max(float(share.max()) for share in shares) or 1.0
    marks = _frame((low, high), most, across, "share of texts", percent=True)
    for (series, _), share in zip(groups, shares, strict=True):
        steps_of = [_at(edges[0], 0, low, high, most)]
        for number, value in enumerate(share):
            steps_of += [_at(edges[number], value, low, high, most), _at(edges[number + 1], value, low, high, most)]
        steps_of.append(_at(edges[-1], 0, low, high, most))
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps_of)
        marks += Markup('<polygon class="area {}" points="{}"/>').format(series.sort, line)
    return _picture(marks, says)


def curves(groups: Sequence[tuple[Series, Sequence[tuple[int, int]]]], across: str, up: str, says: str) -> Markup:
    """Draw curves from nought."""
    far = float(max((x for _, line in groups for x, _ in line), default=1)) or 1.0
    most = float(max((y for _, line in groups for _, y in line), default=1)) or 1.0
    marks = _frame((0, far), most, across, up)
    for series, line in groups:
        placed = " ".join("{:.1f},{:.1f}".format(*_at(x, y, 0, far, most)) for x, y in line)
        marks += Markup('<polyline class="line {}" points="{}"/>').format(series.sort, placed)
    return _picture(marks, says)


def _at(x: float, y: float, low: float, high: float, most: float) -> tuple[float, float]:
    """Place a value."""
    wide, tall = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BOTTOM
    return _LEFT + (x - low) / (high - low) * wide, _HIGH - _BOTTOM - y / most * tall


def _frame(span: tuple[float, float], most: float, across: str, up: str, *, percent: bool = False) -> Markup:
    """Draw axes with round numbers."""
    low, high = span
    marks = Markup("")
    for value in _round_steps(0, most):
        _, y = _at(low, value, low, high, most)
        said = f"{100 * value:.3g} %" if percent else f"{value:,.0f}"
        marks += Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
            _LEFT, _WIDE - _RIGHT, y=y
        )
        marks += Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(_LEFT - 6, y + 4, said)
    for value in _round_steps(low, high):
        x, _ = _at(value, 0, low, high, most)
        marks += Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x, _HIGH - _BOTTOM + 16, f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
        )
    marks += Markup('<text x="{}" y="{}" text-anchor="end" class="axis">{}</text>').format(
        _WIDE - _RIGHT, _HIGH - 6, across
    )
    return marks + Markup('<text x="4" y="14" class="axis">{}</text>').format(up)


def _round_steps(low: float, high: float) -> list[float]:
    """Return three to six round numbers of a span."""
    rough = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(power * each for each in (1, 2, 5, 10) if power * each >= rough))
    first = np.ceil(low / step - 1e-9)
    last = np.floor(high / step + 1e-9)
    return [float(number * step) + 0.0 for number in np.arange(first, last + 1)]  # + 0.0: never minus nought


def _picture(marks: Markup, says: str) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDE, _HIGH, escape(says))
    return head + marks + Markup("</svg>")
