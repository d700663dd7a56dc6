"""Whatever a file holds, it ends in a sentence (`InputError`) or in error rows, and the rest goes on."""

import bz2
import gzip
import json
import lzma
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError

TEXT_KINDS = ["csv", "tsv", "jsonl", "json", "txt", "goemotions", "dair", "meld", "dailydialog"]
TEXT_KINDS += ["empatheticdialogues"]
PACKERS: list[Callable[[bytes], bytes]] = [
    gzip.compress,
    lambda content: bz2.compress(content, 1),  # blocks of 100 kB; nothing comes out of half a block
    lambda content: lzma.compress(content, preset=0),
]


def line(kind: str, text: str, number: int) -> str:
    """One row (or a dialogue of one turn) in the layout of a format, without its line end."""
    turn = {"role": "speaker", "speaker": "A", "text": text, "emotion": "joy"}
    return {
        "csv": f"{number},{text}",
        "tsv": f"{number}\t{text}",
        "txt": text,
        "goemotions": f"{text}\t17\tid{number}",
        "dair": f"{text};joy",
        "meld": f"{text},Ross,joy,{number},0",
        "dailydialog": json.dumps({"dialogue_id": str(number), "turns": [turn]}, ensure_ascii=False),
        "empatheticdialogues": json.dumps(
            {"conv_id": str(number), "emotion": "joy", "turns": [turn]}, ensure_ascii=False
        ),
    }.get(kind, json.dumps({"id": number, "text": text}, ensure_ascii=False))


HEADERS = {
    "csv": "id,text\n",
    "tsv": "id\ttext\n",
    "meld": "Utterance,Speaker,Emotion,Dialogue_ID,Utterance_ID\n",
}


def content(kind: str, texts: list[str], end: str = "\n") -> str:
    rows = [line(kind, text, number) for number, text in enumerate(texts, start=1)]
    if kind == "json":
        return "[" + ("," + end).join(rows) + "]"
    return HEADERS.get(kind, "").replace("\n", end) + "".join(row + end for row in rows)


def told(path: Path, kind: str, **options: Any) -> list[str]:
    """The texts of good rows and the reasons of bad ones, in order, with row numbers checked."""
    found: list[str] = []
    for row in open_corpus(path, format=kind, **options):
        if isinstance(row, BadRow):
            assert row.row == len(found) + 1
            assert row.excerpt is None or len(row.excerpt) <= 400
            json.dumps(row.excerpt, ensure_ascii=False).encode("utf-8")
        found.append(f"BAD {row.reason}" if isinstance(row, BadRow) else str(row.text))
    return found


def refused(path: Path | str, match: str, **options: Any) -> None:
    with pytest.raises(InputError, match=match) as caught:
        list(open_corpus(path, **options))
    assert "\n" not in str(caught.value)


def test_the_lines_of_this_module_are_good_rows(tmp_path: Path) -> None:
    for kind in TEXT_KINDS:
        (tmp_path / "file").write_text(content(kind, ["one", "two"]))
        assert told(tmp_path / "file", kind) == ["one", "two"]


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_an_empty_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    refused(path, "must have at least one row to label, got .*, which is empty", format=kind)
    for blank in (b"\xef\xbb\xbf", gzip.compress(b""), bz2.compress(b""), lzma.compress(b"")):
        path.write_bytes(blank)
        refused(path, "must have at least one row to label, got .*, which has none", format=kind)


@pytest.mark.parametrize("kind", [*HEADERS, "json"])
def test_a_header_without_rows_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_text(content(kind, []))
    refused(path, "must have at least one row to label", format=kind)


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_carriage_returns_and_a_byte_order_mark_are_no_part_of_a_row(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf" + content(kind, ["one", "two"], end="\r\n").encode())
    assert told(path, kind) == ["one", "two"]


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_a_nul_byte_costs_its_row(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(kind, ["one", "t#o", "three"]).encode().replace(b"#", b"\0"))
    one, bad, three = told(path, kind)
    assert (one, three) == ("one", "three")
    assert bad.startswith("BAD row must be")


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_latin_1_bytes_cost_their_row_and_name_the_remedy(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(kind, ["one", "fâché", "three"]).encode("latin-1"))
    one, bad, three = told(path, kind)
    assert (one, three) == ("one", "three")
    assert bad.startswith("BAD row must be valid utf-8, got ")
    assert bad.endswith("; if the file is Latin-1 pass --encoding latin-1")
    assert told(path, kind, encoding="latin-1") == ["one", "fâché", "three"]


def test_an_undecodable_byte_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"id,text\n1,ok\n2,caf\xe9\n")
    assert told(path, "csv")[1].startswith("BAD row must be valid utf-8, got 0xe9 at byte 6;")


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_a_cell_of_a_megabyte_costs_its_row(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_text(content(kind, ["one", "x" * 10**6, "three"]))
    one, bad, three = told(path, kind)
    assert (one, three) == ("one", "three")
    assert bad == ("BAD text must have at most 100,000 characters, got 1,000,000; shorten it or raise --max-chars")
    assert told(path, kind, max_chars=10**6) == ["one", "x" * 10**6, "three"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "goemotions"])
def test_a_line_without_end_costs_its_row(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(kind, ["one", "#", "three"]).encode().replace(b"#", b"x" * (17 * 2**20)))
    one, bad, three = told(path, kind)
    assert (one, three) == ("one", "three")
    assert bad == "BAD line must be at most 16 MiB, got a longer one; does the file have line ends?"


def test_an_endless_json_element_ends_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(content("json", ["one", "x" * (21 * 2**20), "three"]))
    one, bad = told(path, "json")
    assert (one, bad[:24]) == ("one", "BAD element must be at m")


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_rows_before_the_damage_come_out_of_a_truncated_packed_file(
    tmp_path: Path, kind: str, pack: Callable[[bytes], bytes]
) -> None:
    texts = [random.randbytes(200).hex() for _ in range(1000)]
    packed = pack(content(kind, texts).encode())
    path = tmp_path / "file"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    *rows, last = told(path, kind)
    assert len(rows) > 300
    assert rows == texts[: len(rows)]
    assert "file ends in the middle of its" in last


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_a_gzip_file_with_a_flipped_byte_ends_in_an_error_row(tmp_path: Path, kind: str) -> None:
    packed = bytearray(gzip.compress(content(kind, [f"text {n}" for n in range(3000)]).encode()))
    packed[-6] ^= 0xFF  # in the checksum
    path = tmp_path / "file"
    path.write_bytes(packed)
    *rows, last = told(path, kind)
    assert len(rows) == 3000
    assert last.startswith("BAD file is damaged from here in its gzip stream")


def test_a_gzip_file_without_content_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(b"id,text\n1,one\n")[:12])
    refused(path, "must have a readable row .* file ends in the middle of its gzip stream")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"text": "a"}, {"text": "b"', "file ends in the middle of its JSON"),
        ('[{"text": "a"}, ', "file ends in the middle of its JSON"),
        ('[{"text": "a"} {"text": "b"}]', "a comma or a closing bracket here, got '{'"),
        ('[{"text": "a"}] {"text": "b"}', "must end with its list"),
        ('{"x": [{"text": "a"}], "y": [{"text": "b"}]}', 'one list of objects, got "y" after "x"'),
        ('{"x": [{"text": "a"}], "y"', "file ends in the middle of its JSON"),
    ],
)
def test_broken_json_ends_in_an_error_row(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    a, bad = told(path, "json")
    assert a == "a"
    assert reason in bad


def test_a_broken_json_element_costs_that_element(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('[{"text": "a"}, {"text": }, 7, {"text": "\\ud83d"}, {"text": "\\ud83d\\ude42"}]')
    a, no_value, number, half, whole = told(path, "json")
    assert (a, whole) == ("a", "🙂")
    assert no_value == "BAD row must be valid JSON, got expecting value at character 10; mend this row"
    assert number == "BAD row must be a JSON object, got a number; write {...}"
    assert half.startswith("BAD row must be Unicode, got half of a")


@pytest.mark.parametrize(
    "row",
    [
        '{"text": ',
        "7",
        '"text"',
        "[]",
        "{]",
        "nan",
        '{"text": 1' + "0" * 5000 + "}",
        "[" * 100_000,
        "{'text': 1}",
    ],
)
def test_a_broken_json_line_costs_that_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(f'{{"text": "a"}}\n{row}\n\n{{"text": "b"}}\n')
    a, bad, b = told(path, "jsonl")
    assert (a, b) == ("a", "b")
    assert bad.startswith("BAD row must be ")


@pytest.mark.parametrize(
    "text", ["7", '"a"', "{}", '{"text": "a", "tags": []}', '{"a": {"text": "b"}}', "{", "[", "[1, 2]"]
)
def test_json_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    refused(path, "must (be|have) ", format="json")


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
