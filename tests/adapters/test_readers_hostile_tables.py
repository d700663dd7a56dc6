"""Every reader against hostile tables, folders and options: a sentence or an error row, never a traceback."""

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.adapters.hostile_files import TEXT_KINDS, refused, told
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample


def test_a_row_with_too_few_or_too_many_cells_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("id,text\n1,a\n2\n3,b,c\n\n4,d\n")
    a, few, many, d = told(path, "csv")
    assert (a, d) == ("a", "d")
    assert few.startswith("BAD row must have as many cells as the header (2), got 1;")
    assert many.startswith("BAD row must have as many cells as the header (2), got 3;")


def test_a_quote_that_is_never_closed_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('id,text\n1,a\n2,"b\n' + f"3,{'c' * 1000}\n" * 2000)
    a, bad, *rest = told(path, "csv")
    assert (a, rest) == ("a", ["c" * 1000] * 2000)
    assert bad.startswith("BAD row must close the quote that it opens within 1,000,000 characters")


def test_a_stray_quote_that_meets_another_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('id,text\n1,"a\n2,b\n3,c\n4,"d" and\n5,"e"\n')
    first, b, c, fourth, e = told(path, "csv")
    assert (b, c, e) == ("b", "c", "e")
    assert first[:27] == fourth[:27] == "BAD row must be well-formed"


def test_rows_behind_an_unclosed_quote_come_out_where_one_of_them_is_undecodable(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b'id,text\n1,"a\n2,b\n3,caf\xe9\n4,d\n5,"e\nf\xe9"\n6,g\n')
    first, b, third, d, fifth, g = told(path, "csv")
    assert (b, d, g) == ("b", "d", "g")
    assert first.startswith("BAD row must be well-formed")
    assert third.startswith("BAD row must be valid utf-8, got 0xe9 at byte 6")
    assert fifth.startswith("BAD row must be valid utf-8, got 0xe9 at byte 2")


def test_quotes_that_do_not_work_out_are_ordinary_characters_in_tsv(tmp_path: Path) -> None:
    path = tmp_path / "file.tsv"
    path.write_text('id\ttext\n1\t"a\n2\tb\n3\t"c" and\n4\t"d ""e"""\n5\t"f\n')
    assert told(path, "tsv") == ['"a', "b", '"c" and', 'd "e"', '"f']


def test_quotes_do_not_join_rows_of_a_tsv_file_that_are_rows_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "file.tsv"
    path.write_text('text\tlabel\n"Hello he said\tpos\nmiddle row\tneg\nthe end"\tpos\n"two\nlines"\tneg\n')
    assert told(path, "tsv") == ['"Hello he said', "middle row", 'the end"', "two\nlines"]


def test_a_hundred_thousand_columns_work(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(100_000)]
    path = tmp_path / "file.csv"
    path.write_text(",".join(names) + "\n" + ",".join(names) + "\n")
    (row,) = list(open_corpus(path, columns=Columns(text="c99999")))
    assert isinstance(row, Sample)
    assert (row.text, len(row.metadata)) == ("c99999", 100_000)
    refused(path, r"got 'c0', 'c1', .*'c11' and 99,988 more; say which one it is with --text-column")
    (tmp_path / "file.jsonl").write_text(json.dumps(dict.fromkeys(names, "x")))
    assert told(tmp_path / "file.jsonl", "jsonl", columns=Columns(text="c99999")) == ["x"]


def test_a_missing_column_names_those_that_are_near(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Text_Body,other\na,b\n")
    refused(
        path,
        "text column must exist, got 'text_bod'; did you mean 'Text_Body'?",
        columns=Columns(text="text_bod"),
    )
    refused(
        path,
        "label column must exist, got 'zzz'; there are 'Text_Body', 'other'",
        columns=Columns(label="zzz"),
    )
    refused(path, "text column must be named where no name is obvious, got 'Text_Body', 'other'")
    path.write_text("Utterance\nhello\n")
    refused(path, "text column must exist|speaker column must exist", format="meld")


def test_a_column_name_that_occurs_twice_is_refused_only_when_used(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text,a,a,,\nhello,1,2,3,4\n")
    (row,) = list(open_corpus(path))
    assert isinstance(row, Sample)
    assert row.metadata == {"text": "hello", "a": "1", "a (2)": "2", "column 4": "3", "column 5": "4"}
    refused(path, "label column must be one, got two named 'a'", columns=Columns(label="a"))


def test_duplicate_ids_are_rows_like_others(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("id,text\n7,a\n7,b\n,c\n")
    assert [row.id for row in open_corpus(path)] == ["7", "7", "3"]


@pytest.mark.parametrize("kind", ["auto", *TEXT_KINDS, "parquet", "datasets"])
def test_a_folder_that_datasets_did_not_write_is_refused(tmp_path: Path, kind: str) -> None:
    refused(tmp_path, "a folder must be one that datasets' save_to_disk wrote", format=kind)


def test_damaged_datasets_folders_are_sentences(tmp_path: Path) -> None:
    for number, state in enumerate(["", "{}", "[]", '{"_data_files": [{"filename": "x.arrow"}]}', "[" * 100_000]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "state.json").write_text(state)
        (folder / "dataset_info.json").write_text("{}")
        (folder / "x.arrow").write_bytes(b"ARROW1 no")
        refused(folder, "datasets folder must be whole")
    for number, splits in enumerate(["", "{}", '{"splits": 7}', "[" * 100_000, '{"splits": []}']):
        folder = tmp_path / f"dict{number}"
        folder.mkdir()
        (folder / "dataset_dict.json").write_text(splits)
        refused(folder, "datasets folder must ")


def parquet(tmp_path: Path) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "whole.parquet"
    rows = [{"id": str(number), "text": os.urandom(50).hex()} for number in range(2000)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=500, compression="gzip")
    return path.read_bytes()


def test_parquet_that_wants_more_memory_than_there_is_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow.lib import ArrowMemoryError

    parquet(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise ArrowMemoryError("malloc of size 9223372036854775807 failed")

    monkeypatch.setattr("pyarrow.parquet.ParquetFile", full)
    refused(tmp_path / "whole.parquet", "Parquet file must be whole")


def test_damaged_parquet_is_a_sentence_or_an_error_row(tmp_path: Path) -> None:
    whole = parquet(tmp_path)
    path = tmp_path / "file.parquet"
    for part in (whole[: len(whole) // 2], whole[:4], whole[:-8], b"PAR1" + bytes(100) + b"PAR1"):
        path.write_bytes(part)
        refused(path, "Parquet file must be whole")
    path.write_bytes(whole[: len(whole) // 2] + bytes(100) + whole[len(whole) // 2 + 100 :])
    *_, last = told(path, "parquet")
    assert last.startswith("BAD file is damaged from here")
    path.write_bytes(b"id,text\n1,a\n")
    refused(path, "Parquet file must begin with PAR1")


def test_undecodable_and_unrepresentable_parquet_values_cost_their_row(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.array([b"a", b"\xff", b"c", b"d"]).view(pa.string())
    when = pa.array([0, 0, 2**58, 0], pa.timestamp("us"))  # about the year 11,100; Python's end with 9999
    pq.write_table(pa.table({"text": text, "when": when}), tmp_path / "file.parquet")
    a, bad, far, d = told(tmp_path / "file.parquet", "parquet")
    assert (a, d) == ("a", "d")
    assert bad.startswith("BAD row must convert to Python values")
    assert far.startswith("BAD row must convert to Python values")


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a recording"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PAR1\x15\x04", "a Parquet file; pass --format parquet"),
        (b"\x28\xb5\x2f\xfd\x04", "zstandard"),
        (b"SQLite format 3\0", "an SQLite data base"),
        (b"\x7fELF\x02", "a program"),
    ],
)
@pytest.mark.parametrize("kind_named", ["csv", "jsonl", "meld"])
def test_files_of_another_kind_are_named(tmp_path: Path, first: bytes, kind: str, kind_named: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(first + bytes(600))
    refused(path, f"must be a table, got .*, which is .*{kind}", format=kind_named)
    path.write_bytes(gzip.compress(first + bytes(600)))
    refused(path, f"must be a table, got .*, which is .*{kind}", format=kind_named)


def test_a_zip_archive_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "file.csv", "w") as archive:
        archive.writestr("a.csv", "text\na\n")
    refused(tmp_path / "file.csv", "a zip archive")


def test_paths_that_cannot_be_opened_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text\na\n")
    refused(tmp_path / "review.csv", "must exist, got .*; did you mean reviews.csv?")
    refused(tmp_path / "zzzzzzzzzz.csv", "nothing in .* has a name like it")
    refused(tmp_path / "no" / "reviews.csv", "its folder .* does not exist")
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    refused(tmp_path / "link.csv", "a link to .*gone.csv, which does not")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    refused(tmp_path / "loop.csv", "must ")
    refused("a\0b.csv", "must be a file that can be opened")
    refused("x" * 5000 + ".csv", "must be a file that can be opened")
    refused("-", "standard input, which a run could not resume")
    refused("", "must be a file|a folder must be one")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "must be a regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text\na\n")
    path.chmod(0)
    refused(path, "must be readable, got .*file.csv")
    (tmp_path / "folder").mkdir(mode=0)
    refused(tmp_path / "folder", "must be readable, got .*folder, which you may not enter")


def test_headers_that_cannot_be_read_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    for header, match in {
        b"t\xe9xt,id\na,b\n": "file.csv: header line must be readable: row must be valid utf-8",
        "text,id\na,b\n".encode("utf-16-le"): "header line must be readable.* --encoding utf-16",
        b'"text,id\na,b\n': "header line must be well-formed: row must close the quote",
        b"text,id\ra,b\rc,d\r": "lines must end with LF or CRLF",
    }.items():
        path.write_bytes(header)
        refused(path, match)


@pytest.mark.parametrize("encoding", ["no-such", "base64", "hex", "undefined", "unicode_escape", "", "a\0b"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "file.csv").write_text("text\na\n")
    refused(tmp_path / "file.csv", "encoding must be one of text that Python knows", encoding=encoding)


def test_options_out_of_range_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text\na\n")
    refused(path, "context_turns must be 0 or more, got -1", context_turns=-1)
    refused(path, "max_chars must be at least 1, got 0", max_chars=0)
    refused(path, "label_separator must be at least one character", label_separator="")
    refused(path, "base_dir must be a folder that exists", base_dir=tmp_path / "no")
    refused(path, "format datasets must be a folder", format="datasets")


def test_utf_16_cut_in_half_a_character_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("text\na\nbc".encode("utf-16")[:-1])
    a, bad = told(path, "csv")
    assert (a, bad[:38]) == ("a", "BAD row must be valid utf-16-le, got a")
