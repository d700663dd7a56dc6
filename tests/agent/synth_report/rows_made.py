"""What the tests of the report share: rows in the form that `thymos synth` writes."""

import json
from pathlib import Path
from typing import Any

ORDER = ("format", "relabel", "duplicates")


def made(name: str, label: str, text: str, *, dropped_by: str = "", reason: str = "", **more: Any) -> dict[str, Any]:
    """A row; its gates are those it came to."""
    passed = ORDER[: ORDER.index(dropped_by)] if dropped_by else ORDER
    gates: dict[str, Any] = {gate: {"score": 0.9, "kept": True, "reason": ""} for gate in passed}
    if dropped_by:
        gates[dropped_by] = {"score": 0.25, "kept": False, "reason": reason}
    row: dict[str, Any] = {
        "id": name,
        "kind": "utterance",
        "labels": [label],
        "turns": [{"speaker": "A", "text": text, "label": label}],
        "text": text,
        "plan": {"id": name.partition("/")[0], "label": label, "kind": "utterance", "scenario": "late-train"},
        "provenance": {"writer": "tiny"},
        "gates": gates,
    }
    if dropped_by:
        row["dropped_by"] = dropped_by
    return row | more


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def synthesis(folder: Path) -> Path:
    """Five texts for four rows of the plan, of which three are kept."""
    folder.mkdir(exist_ok=True)
    kept = [
        made("joy-1/1", "joy", "We won the cup and danced all night."),
        made("joy-2/0", "joy", "The sun came out for the party."),
        made("fear-1/0", "fear", "Something howled in the dark."),
    ]
    dropped = [
        made("joy-1/0", "joy", "The grave was cold.", dropped_by="relabel", reason="read as sadness"),
        made("fear-2/0", "fear", "x", dropped_by="format", reason="too short"),
    ]
    write(folder / "out.jsonl", kept)
    write(folder / "dropped.jsonl", dropped)
    return folder
