"""One labelled file in three formats reads the same, and damage is told in a sentence."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from thymos.finetune.predictions import PredictedRow, open_predictions
from thymos.prompts.errors import InputError

ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "labels": ["joy"],
        "probabilities": {"joy": 0.75, "no emotion": 0.25},
        "entropy": 0.56,
        "margin": 0.5,
        "abstained": False,
        "emotion": "joy",
    },
    {
        "id": "b",
        "labels": [],
        "probabilities": {"joy": 0.5, "no emotion": 0.5},
        "entropy": 0.69,
        "margin": 0.0,
        "abstained": True,
        "emotion": 'said, "no"\nemotion',
    },
]
META = {"taxonomy": "two", "fingerprint": "abc"}


def write(folder: Path, suffix: str, rows: list[dict[str, Any]] | None = None, map_type: bool = False) -> Path:
    path = folder / f"out{suffix}"
    rows = ROWS if rows is None else rows
    if suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == ".csv":
        cells = [{k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()} for row in rows]
        pyarrow.csv.write_csv(pa.Table.from_pylist(cells), path)
    else:
        table = pa.Table.from_pylist(rows)
        if map_type:
            at = table.schema.get_field_index("probabilities")
            pairs = [list(row["probabilities"].items()) for row in rows]
            table = table.set_column(at, "probabilities", pa.array(pairs, pa.map_(pa.string(), pa.float64())))
        pq.write_table(table.replace_schema_metadata({b"thymos": json.dumps(META).encode()}), path)
    return path


@pytest.mark.parametrize(
    ("suffix", "map_type"), [(".parquet", False), (".parquet", True), (".jsonl", False), (".csv", False)]
)
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str, map_type: bool) -> None:
    file = open_predictions(write(tmp_path, suffix, map_type=map_type))
    assert list(file.rows(keep=["emotion"])) == [
        PredictedRow("a", ("joy",), {"joy": 0.75, "no emotion": 0.25}, False, {"emotion": "joy"}),
        PredictedRow("b", (), {"joy": 0.5, "no emotion": 0.5}, True, {"emotion": 'said, "no"\nemotion'}),
    ]
    assert [row.kept for row in file.rows()] == [{}, {}]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
def test_labels_of_another_tool_need_ids_and_labels_only(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": 7, "labels": ["joy"]}, {"id": 8, "labels": []}]
    assert list(open_predictions(write(tmp_path, suffix, rows)).rows()) == [
        PredictedRow("7", ("joy",), None, False),
        PredictedRow("8", (), None, True),
    ]


@pytest.mark.parametrize(
    ("suffix", "beside"), [(".jsonl", "out.meta.json"), (".csv", "out.csv.meta.json"), (".parquet", None)]
)
def test_provenance_comes_with_the_file_or_lies_beside_it(tmp_path: Path, suffix: str, beside: str | None) -> None:
    path = write(tmp_path, suffix)
    if beside:
        assert open_predictions(path).metadata == {}
        (tmp_path / beside).write_text(json.dumps(META))
    assert open_predictions(path).metadata == META


def test_a_text_file_that_was_changed_since_its_run_is_told_by_its_hash(tmp_path: Path) -> None:
    path = write(tmp_path, ".csv")
    assert open_predictions(path).as_written() is None
    recorded = META | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (tmp_path / "out.meta.json").write_text(json.dumps(recorded))
    assert open_predictions(path).as_written() is True
    path.write_bytes(path.read_bytes() + b"\n")
    assert open_predictions(path).as_written() is False


@pytest.mark.parametrize(("rows", "same"), [(2, True), (3, False)])
def test_a_parquet_file_that_was_filtered_since_its_run_is_told_by_its_rows(
    tmp_path: Path, rows: int, same: bool
) -> None:
    path = write(tmp_path, ".parquet")
    table = pq.read_table(path)
    assert open_predictions(path).as_written() is None
    pq.write_table(table.replace_schema_metadata({"thymos": json.dumps(META | {"rows": rows})}), path)
    assert open_predictions(path).as_written() is same


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"")
    # SHA-256 of nothing, FIPS 180-4 test vectors
    assert open_predictions(path).sha256().startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_a_long_text_in_a_csv_cell_is_no_obstacle(tmp_path: Path) -> None:
    rows = [{"id": "a", "labels": ["joy"], "text": "x" * 300_000}]
    (row,) = open_predictions(write(tmp_path, ".csv", rows)).rows(keep=["text"])
    assert len(row.kept["text"]) == 300_000


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
@pytest.mark.parametrize("column", ["id", "labels"])
def test_a_missing_column_is_named(tmp_path: Path, suffix: str, column: str) -> None:
    rows = [{k: v for k, v in row.items() if k != column} for row in ROWS]
    with pytest.raises(InputError, match=f"must have a column '{column}', got .*; pass a file that"):
        list(open_predictions(write(tmp_path, suffix, rows)).rows())


def test_a_column_that_was_not_kept_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must have a column 'gold', got id, labels.*--keep-columns"):
        list(open_predictions(write(tmp_path, ".parquet")).rows(keep=["gold"]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"labels": "joy"}, "row 2 of .*out.jsonl must be as .*, got labels 'joy', not JSON"),
        ({"labels": [1]}, r"got labels \[1\], not a list of names"),
        ({"labels": None}, "got labels None, not a list of names"),
        ({"id": ""}, "row 2 .* got no id"),
        ({"id": None}, "row 2 .* got no id"),
        ({"probabilities": {"joy": float("nan")}}, "got probability nan of 'joy', not a finite number"),
        ({"probabilities": {"joy": "1"}}, "got probability '1' of 'joy'"),
        ({"probabilities": 3}, "got probabilities 3, not a number for each label"),
        ({"abstained": "perhaps"}, "got abstained 'perhaps', neither true nor false"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    path = write(tmp_path, ".jsonl", [ROWS[0], ROWS[1] | change])
    with pytest.raises(InputError, match=sentence):
        list(open_predictions(path).rows())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("out.txt", b"", "must be a .parquet, .jsonl or .csv file, got"),
        (
            "out.jsonl",
            b'{"id": "a", "labels": ["joy"]}\n{"id": "b", "la',
            "must be a whole .jsonl file, got: ",
        ),
        ("out.jsonl", b"[1]\n", "line 1 is list, not an object"),
        ("out.jsonl", b'{"id": "a", "labels": []}\n{"id": "b"}\n', "line 2 has no 'labels'"),
        ("out.jsonl", b'{"id": "\xff", "labels": []}\n', "must be a whole .jsonl file, got: 'utf-8'"),
        ("out.csv", b"id,labels\na\n", "must be a whole .csv file, got: .*Expected 2 columns, got 1"),
        ("out.csv", b"", "must be a whole .csv file, got: Empty CSV file"),
        ("out.parquet", b"PAR1", "must be a whole .parquet file, got: "),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        list(open_predictions(tmp_path / name).rows())
    assert "\n" not in str(caught.value)


def test_a_truncated_parquet_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, ".parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"must be a whole .parquet file, got: .*; copy or label it again"):
        open_predictions(path)


def test_a_parquet_file_with_damaged_pages_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, ".parquet")
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"must be a whole .parquet file, got: "):
        list(open_predictions(path).rows())


def test_a_missing_file_and_damaged_provenance_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="predictions must be a file, got"):
        open_predictions(tmp_path / "out.csv")
    path = write(tmp_path, ".jsonl")
    (tmp_path / "out.meta.json").write_text("{")
    with pytest.raises(InputError, match=r"provenance in .*out.meta.json must be JSON"):
        open_predictions(path)
    (tmp_path / "out.meta.json").write_text("[]")
    with pytest.raises(InputError, match="must be a JSON object, got list"):
        open_predictions(path)
