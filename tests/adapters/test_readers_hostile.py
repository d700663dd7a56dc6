"""Every reader against hostile bytes and broken JSON: a sentence or an error row, never a traceback."""

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.hostile_files import HEADERS, PACKERS, TEXT_KINDS, content, refused, told


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
