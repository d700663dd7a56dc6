"""No content whatever makes a reader raise anything but `InputError`."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thymos.adapters.readers import FORMATS, open_corpus
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError

# Pieces that steer random bytes into the readers' branches.
PIECES = [b"text", b"id", b",", b"\t", b";", b"\n", b"\r", b"\r\n", b'"', b"\\", b"{", b"}", b"[", b"]", b":"]
PIECES += [
    b'{"text": "a"}',
    b'"text": ',
    b"null",
    b"1e999",
    b"\\ud83d",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe9",
]
PIECES += [
    b'"turns": [',
    b'{"role": "speaker", "text": "a"}',
    b'"utterance": "a"',
    b"Utterance",
    b"PAR1",
    b"1,2",
]
CONTENT = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=40).map(b"".join)
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def walk(path: Path, kind: str, encoding: str = "utf-8") -> None:
    """Read everything; rows must be such that they can be written out again."""
    try:
        corpus = open_corpus(path, format=kind, encoding=encoding)
    except InputError as error:
        assert str(error)
        return
    for row in corpus:
        if isinstance(row, Sample):
            json.dumps([row.id, row.text, row.speaker, row.gold], ensure_ascii=False).encode("utf-8")
        else:
            json.dumps([row.id, row.reason, row.excerpt], ensure_ascii=False).encode("utf-8")
    corpus.estimate_rows()


@pytest.mark.parametrize("kind", FORMATS)
@SETTINGS
@given(content=CONTENT)
def test_any_bytes_end_in_rows_or_a_sentence(tmp_path: Path, kind: str, content: bytes) -> None:
    path = tmp_path / ("file.json" if kind == "auto" else "file")
    path.write_bytes(content)
    walk(path, kind)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "shift_jis", "utf-7", "cp037", "iso2022_jp", "ascii"])
@pytest.mark.parametrize("kind", ["csv", "json"])
@settings(SETTINGS, max_examples=10)
@given(content=CONTENT)
def test_any_bytes_in_any_encoding_end_so(tmp_path: Path, kind: str, encoding: str, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    walk(path, kind, encoding)


@SETTINGS
@given(cut=st.integers(0, 400), flip=st.integers(0, 400), bit=st.integers(0, 7))
def test_a_damaged_gzip_file_ends_so(tmp_path: Path, cut: int, flip: int, bit: int) -> None:
    packed = bytearray(
        gzip.compress(b"id,text\n" + b"".join(b"%d,word %d\n" % (n, n * n) for n in range(150)), mtime=0)
    )
    packed[flip % len(packed)] ^= 1 << bit
    path = tmp_path / "file.csv.gz"
    path.write_bytes(packed[: len(packed) - cut % len(packed)])
    walk(path, "auto")


@SETTINGS
@given(cut=st.integers(0, 3000), flip=st.integers(0, 3000), bit=st.integers(0, 7))
def test_a_damaged_parquet_file_ends_so(tmp_path: Path, cut: int, flip: int, bit: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "file.parquet"
    pq.write_table(pa.table({"text": ["a", "b"] * 50, "label": [["x"], []] * 50}), path)
    whole = bytearray(path.read_bytes())
    whole[flip % len(whole)] ^= 1 << bit
    path.write_bytes(whole[: len(whole) - (cut if cut < 1000 else 0)])
    walk(path, "auto")
