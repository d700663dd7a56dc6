"""Stress-Predict (Iqbal et al. 2022, doi 10.3390/s22218135): wrist physiology at rest and under three stressors.

Reads `segments.csv` (subject, segment, t_start_s, t_end_s) beside one NPZ a subject. A row is a window of 60 s, every
30 s, inside a segment; its physiology is `S01.npz#t=79,139`. `stress` says rest or stress, `condition` rest, stroop,
interview or hyperventilation: what was induced, not what was felt. The questionnaire is left out, as it is neither.
Ids are `<subject>-<segment>-<window>`. The protocol has one order: never give a model a window's number or time.
"""

import math
from collections.abc import Iterator

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier, shown

WINDOW, STEP = 60.0, 30.0  # s
STRESSORS = ("stroop", "interview", "hyperventilation")
RESTS = ("baseline", "relax1", "relax2", "relax3", "final_rest")
_LEFT_OUT = "questionnaire"
_LONGEST = 86_400.0  # s of a segment


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the windows of a segment."""
    values = record.values
    subject, segment = (identifier(values.get(key), "") for key in ("subject", "segment"))
    name = f"{subject}-{segment}"
    if segment == _LEFT_OUT:
        return
    if not subject or segment not in (*STRESSORS, *RESTS):
        known = ", ".join((*RESTS, *STRESSORS, _LEFT_OUT))
        yield Broken(
            f"segment must be one of {known}, of a subject, got {shown(segment)}; is it Stress-Predict?", id=name
        )
        return
    start, end = (_seconds(values.get(key)) for key in ("t_start_s", "t_end_s"))
    if not 0 <= start <= end <= start + _LONGEST:
        yield Broken(
            f"segment must have its times in s, got {shown(values.get('t_start_s'))} to "
            f"{shown(values.get('t_end_s'))}; mend this row",
            id=name,
        )
        return
    for window in range(max(0, math.floor((end - start - WINDOW) / STEP + 1e-9) + 1)):
        first = start + window * STEP
        yield Record(
            {
                "subject": subject,
                "physiology": f"{subject}.npz#t={first:.3f},{first + WINDOW:.3f}",
                "condition": segment if segment in STRESSORS else "rest",
                "stress": "stress" if segment in STRESSORS else "rest",
                "segment": segment,
            },
            id=f"{name}-{window + 1}",
        )


def _seconds(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number fails here
    except (TypeError, ValueError, OverflowError):
        return math.nan


STRESS_PREDICT = Layout(
    name="stress-predict",
    columns=Columns(speaker="subject", physiology="physiology", label="stress"),
    default="csv",
    expand=expand,
)
