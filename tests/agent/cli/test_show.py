"""`thymos show`: one table for each of the three formats, that steers no terminal."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from thymos.agent.cli.show import printable, show, table
from thymos.finetune.predictions import PredictedRow
from thymos.prompts.errors import InputError

SURE = PredictedRow(
    "1", ("joy",), {"joy": 0.75, "anger": 0.05, "fear": 0.2}, False, {"text": "a yes in a small envelope"}
)
UNSURE = PredictedRow("2", (), {"joy": 0.34, "anger": 0.33, "fear": 0.33}, True, {"text": "hm"})


def write(path: Path, **kept: str) -> Path:
    """Write `SURE` and `UNSURE` as `thymos label` does, with the kept columns given."""
    rows: list[dict[str, Any]] = [
        {
            "id": row.id,
            "labels": list(row.labels),
            "probabilities": dict(row.probabilities or {}),
            "abstained": row.abstained,
        }
        | (kept or dict(row.kept))
        for row in (SURE, UNSURE)
    ]
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for row in rows:
                writer.writerow(
                    {name: cell if isinstance(cell, str) else json.dumps(cell) for name, cell in row.items()}
                )
    return path


def shown(*rows: PredictedRow, column: str | None = "text", top: int = 3) -> str:
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture:
        console.print(table(rows, column, top))
    return capture.get()


def test_each_format_gives_the_same_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("out.parquet", "out.csv", "out.jsonl"):
        show(write(tmp_path / name))
        assert capsys.readouterr().out == shown(SURE, UNSURE)


def test_labels_are_ranked_with_their_probabilities_and_margin() -> None:
    first, second, third = shown(SURE).splitlines()[1:]
    assert first.split("█")[-1].split() == ["▌", "75%", "joy", "0.55"]  # 7.5 of 10 cells; 0.75 - 0.20
    assert second.split() == ["██", "20%", "fear"]
    assert third.split() == ["▌", "5%", "anger"]


def test_a_bar_is_ten_cells_for_certainty() -> None:
    assert shown(PredictedRow("1", ("joy",), {"joy": 1.0, "anger": 0.0}, False, {"text": ""})).count("█") == 10


def test_top_limits_the_labels() -> None:
    assert "fear" in shown(SURE, top=2)
    assert "anger" not in shown(SURE, top=2)


def test_an_abstained_row_is_for_a_person() -> None:
    assert "for a person" in shown(UNSURE)
    assert "for a person" not in shown(SURE)


def test_a_file_without_probabilities_shows_its_labels() -> None:
    assert shown(PredictedRow("7", ("joy", "fear"), None, False), column=None).splitlines()[1].split() == [
        "7",
        "joy,",
        "fear",
    ]


def test_the_column_asked_for_is_shown_else_the_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "out.jsonl", review="splendid")
    show(path, column="review")
    assert "splendid" in capsys.readouterr().out
    show(path)
    assert capsys.readouterr().out.split()[0] == "id"
    with pytest.raises(InputError, match="column 'text'"):
        show(path, column="text")


def test_rows_limits_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "out.parquet")
    show(path, rows=1)
    assert "hm" not in capsys.readouterr().out
    show(path, rows=2)
    assert "hm" in capsys.readouterr().out


def test_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\u202ec\x9d") == "a·[31mb··c·"
    assert "\x1b" not in shown(PredictedRow("1", ("\x1b[2J",), {"\x1b[2J": 1.0}, False, {"text": "\x1b[2J"}))


def test_markup_in_a_text_is_shown_as_it_is() -> None:
    assert "[red]mine[/red]" in shown(PredictedRow("1", ("joy",), None, False, {"text": "[red]mine[/red]"}))


def test_names_of_columns_are_no_markup_and_nothing_is_not_zero() -> None:
    for name in ("temp [/degC]", "text [en]"):
        told = shown(PredictedRow("1", ("joy",), None, False, {name: 0}), column=name)
        assert name in told
        assert told.splitlines()[-1].startswith("0 ")
