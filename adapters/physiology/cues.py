"""Features of the body in words, as cues that an explanation can cite.

Takes features and, where there is one, the person's own baseline; gives `Measured`s, most telling first. What was not
measured is not said. Knows nothing of emotions.
"""

import math
from dataclasses import dataclass

import numpy as np

from thymos.adapters.modality import Measured
from thymos.adapters.physiology.baseline import Baseline
from thymos.adapters.physiology.features import FEATURES, vector

_TELLING = 1.0  # standard deviations from the usual that are worth a word
# Share of intervals that may be wrong where a cue is cited: one wrong beat among ten doubles RMSSD.
_DOUBTFUL = {"rmssd": 0.1, "heart_rate_slope": 0.1, "heart_rate": 0.3}
_COMMON = 0.4  # weight, in standard deviations, of what stands out without a baseline


@dataclass(frozen=True, slots=True)
class _Cue:
    """Feature; name, unit and decimals of its value; words without a baseline: above `high`, below `low`."""

    feature: str
    name: str
    unit: str = ""
    decimals: int = 0
    low: tuple[float, str] | None = None
    high: tuple[float, str] | None = None


_CUES = (
    _Cue("heart_rate", "heart rate", "1/min", 0, (50.0, "slow heart rate"), (100.0, "fast heart rate")),
    _Cue("device_rate", "heart rate", "1/min", 0, (50.0, "slow heart rate"), (100.0, "fast heart rate")),
    _Cue(
        "heart_rate_slope",
        "heart rate change",
        "1/min per min",
        1,
        (-8.0, "heart rate falling"),
        (8.0, "heart rate rising"),
    ),
    _Cue("rmssd", "heart rate variability (RMSSD)", "ms", 0, (15.0, "even heart beat"), None),
    _Cue("skin_responses", "skin conductance responses", "1/min", 0, None, (6.0, "many skin conductance responses")),
    _Cue(
        "skin_slope",
        "skin conductance change",
        "uS/min",
        2,
        (-0.1, "skin conductance falling"),
        (0.1, "skin conductance rising"),
    ),
    _Cue("temperature_slope", "skin temperature change", "degC/min", 2, (-0.1, "skin cooling"), (0.1, "skin warming")),
    _Cue("breath_rate", "breathing rate", "1/min", 0, (9.0, "slow breathing"), (20.0, "fast breathing")),
    _Cue("muscle", "muscle activity", "", 1),
)


def cues(features: dict[str, float], baseline: Baseline | None = None) -> tuple[Measured, ...]:
    """Say what a window shows, the farthest from the person's usual first.

    Args:
        features: of the window, as `window_features` gives them.
        baseline: the same person's usual; None compares with what is common at rest.
    """
    relative = dict(zip(FEATURES, baseline.relative(vector(features)).tolist(), strict=True)) if baseline else {}
    found: dict[str, tuple[float, Measured]] = {}
    for cue in _CUES:
        value = features[cue.feature]
        if not math.isfinite(value) or cue.name in found:
            continue
        if features["beats_rejected"] > _DOUBTFUL.get(cue.feature, 1.0):
            continue
        away = relative.get(cue.feature, math.nan)
        words, weight = _words(cue, value, away)
        if cue.unit or words != cue.name:
            found[cue.name] = weight, Measured(cue.name, words, round(value, cue.decimals), cue.unit)
    return tuple(measured for _, measured in sorted(found.values(), key=lambda pair: -pair[0]))


def _words(cue: _Cue, value: float, away: float) -> tuple[str, float]:
    """Return words and how far from usual they are, in standard deviations."""
    shown = f" {np.round(value, cue.decimals):g} {cue.unit}".rstrip() if cue.unit else ""
    common = cue.high and value >= cue.high[0] and cue.high[1]
    common = common or (cue.low and value <= cue.low[0] and cue.low[1]) or None
    if math.isfinite(away) and abs(away) >= _TELLING:
        side = "above" if away > 0 else "below"
        return f"{common or cue.name}{shown}, {side} this person's baseline", abs(away)
    if math.isfinite(away):
        return f"{common or cue.name}{shown}, near this person's baseline", abs(away)
    return f"{common or cue.name}{shown}", _COMMON if common else 0.0
