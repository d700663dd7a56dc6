"""Rows that `thymos synth` kept become lessons, asked with the very words that they were asked with."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.synth.fakes import EKMAN, row_of
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.records import record
from thymos.agent.synth.request import Requests
from thymos.agent.synth.values import Candidate, Said, Verdict
from thymos.finetune.writing.kept import read_kept
from thymos.finetune.writing.recipe import KeptRecipe
from thymos.prompts.errors import InputError

REQUESTS = Requests(EKMAN, load_grid(), manner="tuned")


def kept(turns: int, contradicted: tuple[int, ...] = ()) -> tuple[dict[str, Any], str]:
    """A kept row as it stands in a file, and the request that it answered."""
    row = row_of("joy", turns)
    said = tuple(Said("AB"[n % 2], f"Line {n}, it is.", label) for n, label in enumerate(row.turns))
    candidate = Candidate(row, said, 0, 7, "")
    verdicts = {"turns": Verdict(True, 0.5, contradicted=contradicted)}
    return record(candidate, {"name": "w"}, verdicts, REQUESTS.scenario(row)), REQUESTS.ask(row, 0).request


def told(path: Path) -> KeptRecipe:
    return KeptRecipe(name="again", rows=Path(path.name), licence="CC0-1.0", source="made in the test")


def put(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_kept_row_is_learnt_as_it_was_asked(tmp_path: Path) -> None:
    single, first = kept(1)
    several, second = kept(4)
    found = read_kept(told(put(tmp_path / "rows.jsonl", single, several)), tmp_path)
    assert [each.wish.request for each in found.lessons] == [first, second]
    assert found.lessons[0].answer == "Line 0, it is."
    assert found.lessons[1].answer.split("\n")[1] == "B: Line 1, it is."
    assert len(found.sha256) == 64


def test_a_wish_that_a_turn_did_not_meet_is_not_learnt(tmp_path: Path) -> None:
    row, request = kept(4, contradicted=(0,))
    (lesson,) = read_kept(told(put(tmp_path / "rows.jsonl", row)), tmp_path).lessons
    missing = [line for line in request.split("\n") if line not in lesson.wish.request.split("\n")]
    assert len(missing) == 1
    assert missing[0].startswith("Turn 1, A: ")


def test_what_is_no_kept_row_is_named_by_its_line(tmp_path: Path) -> None:
    row, _ = kept(1)
    hostile: list[object] = [
        {"text": "hello"},
        [1],
        row | {"turns": None},
        row | {"plan": {**row["plan"], "length": "x"}},
    ]
    for bad in hostile:
        path = put(tmp_path / "rows.jsonl", row, bad)
        with pytest.raises(InputError, match=r"in line 2 of .*rows\.jsonl .* write them anew"):
            read_kept(told(path), tmp_path)
    (tmp_path / "rows.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="got none"):
        read_kept(told(tmp_path / "rows.jsonl"), tmp_path)
    (tmp_path / "rows.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="readable file"):
        read_kept(told(tmp_path / "rows.jsonl"), tmp_path)
    with pytest.raises(InputError, match="readable file"):
        read_kept(told(tmp_path / "gone.jsonl"), tmp_path)
