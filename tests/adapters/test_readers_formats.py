"""Every format gives the same rows from the same table, packed or not, in every usual encoding."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from thymos.adapters.readers import Columns, FileCorpus, open_corpus
from thymos.adapters.readers.registry import LAYOUTS, registry
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError

ROWS = [
    {"id": "a", "text": 'He said "no", then left', "label": "anger", "note": "1"},
    {"id": "b", "text": "first line\nsecond line", "label": "joy", "note": "2"},
    {"id": "c", "text": "Grüße, 感情 🙂", "label": "joy", "note": "3"},
]


def as_delimited(rows: list[dict[str, str]], delimiter: str) -> str:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"'

    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(delimiter.join(map(cell, line)) + "\r\n" for line in table)


def samples(corpus: FileCorpus) -> list[Sample]:
    rows = list(corpus)
    assert all(isinstance(row, Sample) for row in rows), rows
    return [row for row in rows if isinstance(row, Sample)]


def facts(rows: list[Sample]) -> list[tuple[str, str | None, tuple[str, ...] | None, Any]]:
    return [(row.id, row.text, row.gold, row.metadata["note"]) for row in rows]


EXPECTED = [(row["id"], row["text"], (row["label"],), row["note"]) for row in ROWS]

TEXTS: dict[str, str] = {
    "csv": as_delimited(ROWS, ","),
    "tsv": as_delimited(ROWS, "\t"),
    "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS),
    "json": json.dumps(ROWS, ensure_ascii=False, indent=1),
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("kind", TEXTS)
def test_text_formats_give_the_rows_that_were_written(tmp_path: Path, kind: str, packing: str) -> None:
    path = tmp_path / f"corpus.{kind}{packing}"
    path.write_bytes(PACKERS[packing](TEXTS[kind].encode()))
    corpus = open_corpus(path)
    assert corpus.format == kind
    assert facts(samples(corpus)) == EXPECTED
    assert facts(samples(corpus)) == EXPECTED  # walked again


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_byte_order_mark_decides_the_encoding(tmp_path: Path, kind: str, encoding: str) -> None:
    path = tmp_path / f"corpus.{kind}"
    path.write_bytes(TEXTS[kind].encode(encoding))
    assert facts(samples(open_corpus(path))) == EXPECTED


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
        ("shift_jis", "shift_jis"),
        ("gb18030", "gb18030"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16", "utf-16-le"),  # without a mark, the byte order shows
        ("utf-16", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "txt"])
def test_a_named_encoding_is_used(tmp_path: Path, kind: str, encoding: str, written: str) -> None:
    text = "怒り" if encoding in ("shift_jis", "gb18030") else "très fâché"
    row = f'{{"text": "{text}"}}'
    content = {"csv": f"text\n{text}\n", "txt": f"well, {text}\n", "jsonl": row, "json": f"[{row}]"}[kind]
    path = tmp_path / f"corpus.{kind}"
    path.write_bytes(content.encode(written))
    expected = f"well, {text}" if kind == "txt" else text
    assert [row.text for row in samples(open_corpus(path, encoding=encoding))] == [expected]


def test_txt_rows_are_lines_and_ids_are_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b'one, two\r\n"three\nfour')
    rows = samples(open_corpus(path))
    assert [(row.id, row.text) for row in rows] == [("1", "one, two"), ("2", '"three'), ("3", "four")]


def test_parquet_gives_the_rows_that_were_written(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "corpus.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=2)
    assert facts(samples(open_corpus(path))) == EXPECTED
    (tmp_path / "corpus").write_bytes(path.read_bytes())  # told by its signature
    assert facts(samples(open_corpus(tmp_path / "corpus"))) == EXPECTED


def test_parquet_values_stay_python_objects_and_lists_become_gold(tmp_path: Path) -> None:
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    when = datetime.date(2024, 2, 29)
    row = {"text": b"as bytes", "labels": ["joy", "love"], "when": when, "blob": b"\xff"}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "corpus.parquet")
    (sample,) = samples(open_corpus(tmp_path / "corpus.parquet"))
    assert (sample.text, sample.gold) == ("as bytes", ("joy", "love"))
    assert (sample.metadata["when"], sample.metadata["blob"]) == (when, b"\xff")


@pytest.fixture
def quiet_datasets() -> Iterator[Any]:
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    yield datasets
    datasets.enable_progress_bars()


def test_a_datasets_folder_gives_class_names_as_gold(tmp_path: Path, quiet_datasets: Any) -> None:
    features = quiet_datasets.Features(
        {
            "text": quiet_datasets.Value("string"),
            "label": quiet_datasets.ClassLabel(names=["joy", "anger"]),
            "labels": quiet_datasets.Sequence(quiet_datasets.ClassLabel(names=["x", "y"])),
        }
    )
    columns = {"text": ["one", "two", "three"], "label": [1, 0, -1], "labels": [[0, 1], [], [1]]}
    data = quiet_datasets.Dataset.from_dict(columns, features=features)
    data.save_to_disk(tmp_path / "plain")
    rows = samples(open_corpus(tmp_path / "plain"))
    assert [(row.text, row.gold) for row in rows] == [("one", ("anger",)), ("two", ("joy",)), ("three", None)]
    rows = samples(open_corpus(tmp_path / "plain", columns=Columns(label="labels")))
    assert [row.gold for row in rows] == [("x", "y"), (), ("y",)]


def test_a_split_is_named_after_a_colon(tmp_path: Path, quiet_datasets: Any) -> None:
    splits = {name: quiet_datasets.Dataset.from_dict({"text": [name]}) for name in ("train", "test")}
    quiet_datasets.DatasetDict(splits).save_to_disk(tmp_path / "splits")
    assert [row.text for row in samples(open_corpus(f"{tmp_path}/splits:test"))] == ["test"]
    with pytest.raises(InputError, match=r"split must be one of train, test, got none; name it: .*splits:train"):
        open_corpus(tmp_path / "splits")
    with pytest.raises(InputError, match="split must be one of train, test, got dev"):
        open_corpus(f"{tmp_path}/splits:dev")


def test_json_takes_the_member_that_is_a_list_of_objects(tmp_path: Path) -> None:
    path = tmp_path / "corpus.json"
    value = {"version": {"n": [1, {"text": "no"}]}, "labels": ["joy"], "data": [{"text": "a"}, {"text": "b"}]}
    path.write_text(json.dumps(value | {"after": "x]}"}))
    assert [row.text for row in samples(open_corpus(path))] == ["a", "b"]


def test_a_json_file_of_lines_is_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "corpus.json"
    path.write_text('{"text": "a"}\n{"text": "b", "tags": ["x"]}\n')
    corpus = open_corpus(path)
    assert corpus.format == "jsonl"
    assert [row.text for row in samples(corpus)] == ["a", "b"]


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 200_000])
def test_json_elements_may_lie_across_reads(tmp_path: Path, size: int) -> None:
    texts = ["a" * size, '\\"]},{[' * 3, "ü" * size]
    path = tmp_path / "corpus.json"
    path.write_text(json.dumps([{"text": text} for text in texts], ensure_ascii=False), encoding="utf-8")
    assert [row.text for row in samples(open_corpus(path, max_chars=10**6))] == texts


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_csv_header_without_commas_shows_its_delimiter(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "corpus.csv"
    path.write_text(as_delimited(ROWS, delimiter), encoding="utf-8")
    assert facts(samples(open_corpus(path))) == EXPECTED


def test_the_name_may_be_overruled_by_format(tmp_path: Path) -> None:
    path = tmp_path / "corpus.data"
    path.write_text(TEXTS["jsonl"], encoding="utf-8")
    assert facts(samples(open_corpus(path, format="jsonl"))) == EXPECTED
    with pytest.raises(InputError, match=r"format must be named .* got corpus.data"):
        open_corpus(path)
    with pytest.raises(InputError, match=r"format must be one of auto, csv, .*, got 'xml'"):
        open_corpus(path, format="xml")


def test_a_format_name_is_given_once() -> None:
    meld = LAYOUTS["meld"]
    with pytest.raises(ValueError, match="'meld' twice"):
        registry((meld, meld))
