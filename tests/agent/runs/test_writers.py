"""The same rows in three formats, read back by other libraries."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.agent.runs.fakes import FOUR, HashLabeler, ListCorpus, samples
from thymos.agent.prediction import Prediction
from thymos.agent.runs import writers
from thymos.agent.runs.run import run
from thymos.finetune.predictions import open_predictions

TEXTS = ["plain", 'quotes " and, commas', "two\nlines", "Grüße \U0001f600", "\ud83d half a pair", ""]
COLUMNS: dict[str, list[Any]] = {
    "text": TEXTS,
    "count": [1, 2, 3, None, 5, 6],
    "share": [0.5, 1, 2, 3, float("nan"), 4],
    "tags": [["a"], [], None, ["b", "c"], [], []],
    "id": ["u1", "u2", "u3", "u4", "u5", "u6"],
}
READABLE = [*TEXTS[:4], "\\ud83d half a pair", ""]


def labelled(out: Path) -> Path:
    run(ListCorpus(samples(*TEXTS, **COLUMNS)), HashLabeler(), out, keep_columns=("all",))
    return out


def test_the_three_formats_hold_the_same_rows(tmp_path: Path) -> None:
    parquet = pq.read_table(labelled(tmp_path / "a.parquet")).to_pylist()
    jsonl = [json.loads(line) for line in labelled(tmp_path / "b.jsonl").read_text().splitlines()]
    with labelled(tmp_path / "c.csv").open(newline="") as handle:
        table = list(csv.DictReader(handle))
    for one, two, three in zip(parquet, jsonl, table, strict=True):
        assert list(one) == list(two) == list(three)
        for name in writers.COLUMNS:
            assert one[name] == two[name]
            cell = three[name]
            assert one[name] == (cell if name == "id" else json.loads(cell) if cell else None)


def test_the_columns_are_the_fields_of_a_prediction_in_order() -> None:
    assert tuple(field.name for field in dataclasses.fields(Prediction)) == writers.COLUMNS


def test_parquet_columns_have_the_types_of_the_table_in_the_docstring(tmp_path: Path) -> None:
    schema = pq.read_schema(labelled(tmp_path / "a.parquet"))
    struct = "struct<" + ", ".join(f"{name}: double" for name in FOUR.names) + ">"
    assert {field.name: str(field.type) for field in schema} == {
        "id": "string",
        "labels": "list<element: string>",
        "probabilities": struct,
        "entropy": "double",
        "margin": "double",
        "abstained": "bool",
        "label_set": "list<element: string>",
        "text": "string",
        "count": "int64",
        "share": "double",
        "tags": "string",
        "input_id": "string",
    }


def test_kept_values_come_back_whole(tmp_path: Path) -> None:
    table = pq.read_table(labelled(tmp_path / "a.parquet")).to_pydict()
    assert table["text"] == READABLE
    assert table["count"] == COLUMNS["count"]
    assert table["tags"] == ['["a"]', "[]", None, '["b", "c"]', "[]", "[]"]
    assert table["input_id"] == COLUMNS["id"]
    rows = [json.loads(line) for line in labelled(tmp_path / "b.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == READABLE
    assert [row["tags"] for row in rows] == COLUMNS["tags"]
    assert [row["share"] for row in rows] == [0.5, 1, 2, 3, None, 4]  # strict JSON has no NaN
    with labelled(tmp_path / "c.csv").open(newline="") as handle:
        cells = list(csv.DictReader(handle))
    assert [cell["text"] for cell in cells] == READABLE
    assert [cell["count"] for cell in cells] == ["1", "2", "3", "", "5", "6"]


def test_pandas_and_datasets_read_probabilities_by_label(tmp_path: Path) -> None:
    out = labelled(tmp_path / "a.parquet")
    expected = pq.read_table(out)["probabilities"].to_pylist()
    assert pd.read_parquet(out)["probabilities"].tolist() == expected
    rows = datasets.Dataset.from_parquet(str(out), cache_dir=str(tmp_path / "cache"))
    assert rows["probabilities"][:] == expected


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_provenance_names_fingerprint_model_adapter_prompt_and_counts(tmp_path: Path, suffix: str) -> None:
    out = labelled(tmp_path / f"a{suffix}")
    if suffix == ".parquet":
        found = json.loads(pq.read_schema(out).metadata[b"thymos"])
    else:
        found = json.loads((tmp_path / "a.meta.json").read_text())
    assert len(found["fingerprint"]) == 64
    assert found["identity"]["labeler"] == {
        "model": "hash",
        "adapter": None,
        "prompt": "9f86d0",
        "taxonomy": "four",
    }
    assert (found["rows"], found["bad_rows"]) == (6, 0)


def test_two_runs_at_different_times_give_equal_bytes(tmp_path: Path) -> None:
    for suffix in (".parquet", ".jsonl", ".csv"):
        out = tmp_path / f"as-{suffix[1:]}{suffix}"
        one = labelled(out).read_bytes()
        out.unlink()
        assert labelled(out).read_bytes() == one


def test_parquet_is_written_in_row_groups_of_bounded_size(tmp_path: Path) -> None:
    texts = [str(number) for number in range(writers.ROW_GROUP + 700)]
    run(ListCorpus(samples(*texts)), HashLabeler(), tmp_path / "a.parquet", chunk_rows=1024)
    file = pq.read_metadata(tmp_path / "a.parquet")
    assert [file.row_group(n).num_rows for n in range(file.num_row_groups)] == [writers.ROW_GROUP, 700]


def test_a_carriage_return_alone_is_quoted_in_csv_and_read_back(tmp_path: Path) -> None:
    texts = ["old Mac\rline", "two\r\nlines", 'a "quote"\r', "plain"]
    run(ListCorpus(samples(*texts, text=texts)), HashLabeler(), tmp_path / "out.csv", keep_columns=("text",))
    assert [row.kept["text"] for row in open_predictions(tmp_path / "out.csv").rows(["text"])] == texts
    written = (tmp_path / "out.csv").read_bytes()
    assert written.count(b"\r\n") == 1  # in the cell that has it
    assert b"\nplain" not in written
