"""Rows of a synthesis, kept and dropped, as they lie in its folder.

Takes a folder or the file of kept rows; gives frozen values. Tolerant of fields that are not there, since a report on
half a run is worth more than none; strict about what is no JSON.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thymos.finetune.augment.synth_file import LINES, PARQUET, records
from thymos.prompts.errors import InputError

META = ".meta.json"
DROPPED = "dropped.jsonl"  # the end of the name of a file of dropped rows
_KINDS = ("kept", "dropped")
_OTHER_FORMS = (".sharegpt.jsonl", ".chatml.jsonl")  # the same rows once more, for others
RELABELLING = "relabel"  # the gate that says which label a text reads as
_READ_AS = re.compile(r"^read as (.+)$")
_BUT = "read as asked, but "


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate said of a row."""

    score: float | None
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """One turn."""

    speaker: str
    text: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """A text that was written for a row of the plan.

    Attributes:
        id: of the text.
        asked: row of the plan; several texts may have been written for one.
        label: that was asked for; of a dialogue, of the row.
        turns: at least one, unless nothing well formed was written.
        text: whole.
        plan: what was asked for.
        gates: name -> verdict, in the order they were passed.
        read_as: label that a labeler gave which did not see the one asked; the one asked where the gate kept the text
            and says no more; None where it is not known.
        dropped_by: name of the gate that dropped it; "" for a kept row.
        writer: name of the model.
    """

    id: str
    asked: str
    label: str
    turns: tuple[Said, ...]
    text: str
    plan: dict[str, Any]
    gates: dict[str, Gate]
    read_as: str | None
    dropped_by: str
    writer: str

    @property
    def utterances(self) -> tuple[str, ...]:
        """The turns with a label, or the whole text where there are no turns."""
        return tuple(turn.text for turn in self.turns if turn.label) or ((self.text,) if self.text else ())


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run counted of all that was written: rows do not tell of texts that passed where another was better.

    Attributes:
        written: texts.
        spare: of these, good ones that were not needed.
        read: asked label -> label read without knowing it -> well-formed texts, before any gate.
    """

    written: int
    spare: int
    read: dict[str, dict[str, int]]


def read_totals(place: Path, kept: int, dropped: int) -> Totals | None:
    """Return the counts that stand beside rows, None where they are not there or are of other rows.

    Args:
        place: as for `read_folder`.
        kept: rows kept.
        dropped: rows dropped.
    """
    found = sorted(place.glob(f"*{META}")) if place.is_dir() else [place.with_suffix(META)]
    if len(found) != 1:
        return None
    try:
        counts = json.loads(found[0].read_bytes())["counts"]
        read = {str(asked): {str(name): int(n) for name, n in of.items()} for asked, of in counts["read"].items()}
        totals = Totals(int(counts["written"]), int(counts["spare"]), read)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return totals if totals.written - totals.spare == kept + dropped else None


def read_folder(place: Path) -> tuple[tuple[Written, ...], tuple[Written, ...]]:
    """Read the rows of a synthesis.

    Args:
        place: its folder, or the file of kept rows, with that of dropped rows (`NAME.dropped.jsonl`) beside it.

    Returns:
        Rows kept, rows dropped.

    Raises:
        InputError: there are none, or a line is no JSON object.
    """
    if place.is_dir():
        files = [each for each in sorted(place.iterdir()) if each.suffix in (*LINES, *PARQUET)]
    else:
        files = [place, place.with_suffix(f".{DROPPED}"), place.parent / DROPPED]
    files = [each for each in files if each.is_file() and not each.name.endswith(_OTHER_FORMS)]
    rows = {kind: [each for each in files if each.name.endswith(DROPPED) == (kind == "dropped")] for kind in _KINDS}
    kept = {row.id: row for path in rows["kept"] for row in _rows(path)}  # two files of one set hold the same rows
    dropped = {row.id: row for path in rows["dropped"] for row in _rows(path)}
    if not kept and not dropped:
        raise InputError(f"folder must hold rows that `thymos synth` wrote, got none in {place}; name another")
    return tuple(kept.values()), tuple(dropped.values())


def _rows(path: Path) -> Iterator[Written]:
    for number, told in enumerate(records(path), start=1):
        yield _row(told, f"{path.stem}-{number}")


def _row(told: dict[str, Any], name: str) -> Written:
    plan = told["plan"] if isinstance(told.get("plan"), dict) else {}
    turns = tuple(_turn(each) for each in _list(told.get("turns")) if isinstance(each, dict))
    row = str(told.get("id", name))
    labels = [str(each) for each in _list(told.get("labels"))]
    gates = told["gates"] if isinstance(told.get("gates"), dict) else {}
    provenance = told["provenance"] if isinstance(told.get("provenance"), dict) else {}
    writer = provenance.get("writer", "")
    return Written(
        id=row,
        asked=str(plan.get("id", row.rpartition("/")[0] or row)),
        label=str(plan.get("label", labels[0] if labels else "")),
        turns=turns,
        text=str(told.get("text") or "\n".join(turn.text for turn in turns)),
        plan=plan,
        gates={str(gate): _gate(said) for gate, said in gates.items() if isinstance(said, dict)},
        read_as=_read_as(gates.get(RELABELLING), str(plan.get("label", labels[0] if labels else ""))),
        dropped_by=str(told.get("dropped_by", "")),
        writer=str(writer.get("name", "") if isinstance(writer, dict) else writer),
    )


def _turn(told: dict[str, Any]) -> Said:
    label = told.get("label")
    return Said(str(told.get("speaker") or ""), str(told.get("text") or ""), None if label is None else str(label))


def _gate(told: dict[str, Any]) -> Gate:
    score = told.get("score")
    number = float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None
    return Gate(number, bool(told.get("kept", True)), str(told.get("reason") or ""))


def _read_as(said: object, asked: str) -> str | None:
    """Return the label that the re-labelling gate found: what it says, or the one asked where it was content."""
    if not isinstance(said, dict):
        return None
    if said.get("read_as") is not None:
        return str(said["read_as"])
    if said.get("kept"):
        return asked
    if str(said.get("reason") or "").startswith(_BUT):
        return asked
    match = _READ_AS.match(str(said.get("reason") or ""))
    return match[1] if match else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
