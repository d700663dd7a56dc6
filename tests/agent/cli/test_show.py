"""`thymos show`: reads what `thymos label` writes, in each format, and steers no terminal."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from thymos.agent.cli.show import printable, read_labelled, show, table
from thymos.prompts.errors import InputError

ROWS: list[dict[str, Any]] = [
    {
        "id": "1",
        "labels": ["joy"],
        "probabilities": {"joy": 0.75, "anger": 0.05, "fear": 0.2},
        "entropy": 0.6874,
        "margin": 0.55,
        "abstained": False,
        "text": "a yes in a small envelope",
    },
    {
        "id": "2",
        "labels": [],
        "probabilities": {"joy": 0.34, "anger": 0.33, "fear": 0.33},
        "entropy": 1.0985,
        "margin": 0.01,
        "abstained": True,
        "text": "hm",
    },
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for row in rows:
                encoded = {key: json.dumps(row[key]) for key in ("labels", "probabilities", "abstained")}
                writer.writerow(row | encoded)
    return path


def shown(rows: list[Any], top: int = 3, width: int = 100) -> str:
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(table(rows, top))
    return capture.get()


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.jsonl"])
def test_each_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    assert list(read_labelled(write(tmp_path / name, ROWS))) == ROWS


def test_labels_are_ranked_with_their_probabilities() -> None:
    lines = [line for line in shown(ROWS).splitlines() if "%" in line]
    assert [line.split()[-1 if "0.5" not in line else -2] for line in lines[:3]] == ["joy", "fear", "anger"]
    assert [line.split("%")[0].split()[-1] for line in lines[:3]] == ["75", "20", "5"]


def test_a_bar_is_ten_cells_for_certainty() -> None:
    sure = [{**ROWS[0], "probabilities": {"joy": 1.0, "anger": 0.0}}]
    assert shown(sure).count("█") == 10


def test_top_limits_the_labels() -> None:
    assert "fear" in shown(ROWS[:1], top=2)
    assert "anger" not in shown(ROWS[:1], top=2)


def test_an_abstained_row_is_for_a_person() -> None:
    assert "for a person" in shown(ROWS[1:])
    assert "for a person" not in shown(ROWS[:1])


def test_ids_stand_in_where_no_text_was_kept() -> None:
    bare = [{key: value for key, value in ROWS[0].items() if key != "text"} | {"id": "row-77"}]
    assert "row-77" in shown(bare)


def test_rows_limits_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "out.parquet", ROWS)
    show(path, rows=1)
    assert "small envelope" in (one := capsys.readouterr().out)
    assert "hm" not in one
    show(path, rows=2)
    assert "hm" in capsys.readouterr().out


def test_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\u202ec\x9d") == "a·[31mb··c·"


def test_markup_in_a_text_is_shown_as_it_is() -> None:
    assert "[red]mine[/red]" in shown([{**ROWS[0], "text": "[red]mine[/red]"}])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent.csv", None, "must exist"),
        ("out.txt", "x", r"must end in \.parquet, \.csv, \.jsonl, got 'out.txt'"),
        ("plain.csv", "id,text\n1,hello\n", "without labels, probabilities, entropy, margin, abstained"),
        ("broken.jsonl", "{", "must be readable"),
        ("broken.parquet", "PAR1", "must be readable"),
        ("list.jsonl", "[]\n", "without id"),
        ("cut.csv", 'id,labels\n1,"[""jo"\n', "must be readable"),
    ],
)
def test_a_file_that_is_not_labelled_is_named(
    tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=reason):
        list(read_labelled(tmp_path / name))
