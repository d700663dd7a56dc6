"""A corpus is identified by its content, guesses its length, and holds little of itself in memory."""

import gzip
import json
import tracemalloc
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import pytest

from thymos.adapters.corpus import Corpus
from thymos.adapters.readers import Columns, open_corpus


def table(path: Path, rows: int, width: int = 60) -> Path:
    path.write_text("id,text\n" + "".join(f"{n},{'x' * width}\n" for n in range(rows)))
    return path


def test_a_copy_elsewhere_is_the_same_corpus_and_identity_is_json(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    one, two = (open_corpus(table(folder / "f.csv", 3)) for folder in (tmp_path, tmp_path / "sub"))
    assert one.identity() == two.identity()
    assert json.loads(json.dumps(one.identity())) == one.identity()
    assert str(tmp_path) not in json.dumps(one.identity())
    corpus: Corpus = one  # it is what runs take
    assert corpus.source == str(tmp_path / "f.csv")


def test_everything_that_changes_rows_changes_the_identity(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,text,label,other\n1,a,joy,b\n")
    first = open_corpus(path).identity()
    changed = [
        open_corpus(path, columns=Columns(text="other")).identity(),
        open_corpus(path, columns=Columns(label="")).identity(),
        open_corpus(path, context_turns=3).identity(),
        open_corpus(path, max_chars=10).identity(),
        open_corpus(path, label_separator="|").identity(),
        open_corpus(path, encoding="latin-1").identity(),
        open_corpus(path, format="tsv").identity(),
    ]
    path.write_text("id,text,label,other\n1,a,joy,c\n")
    changed.append(open_corpus(path).identity())
    assert all(identity != first for identity in changed)
    # sha256 of the new content, by coreutils' sha256sum
    digest = "33b205ef250c723ab79b6b4c8428acf75e702d3f94661cf888c7948e38cbaa7e"
    assert changed[-1] == {**first, "sha256": digest}


def test_the_content_is_hashed_once_for_a_corpus(tmp_path: Path) -> None:
    corpus = open_corpus(table(tmp_path / "f.csv", 3))
    before = corpus.identity()
    table(tmp_path / "f.csv", 4)
    assert corpus.identity() == before


@pytest.mark.parametrize("packed", [False, True])
def test_the_number_of_rows_is_estimated_from_the_first_ones(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "f.jsonl"
    lines = [json.dumps({"text": f"{n * 7919 % 10**9:x}" * 8}) for n in range(40_000)]
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    assert open_corpus(path).estimate_rows() == pytest.approx(40_000, rel=0.1)
    assert open_corpus(table(tmp_path / "g.csv", 1500)).estimate_rows() == 1500  # short enough to count


def test_a_dialogue_a_line_is_estimated_in_turns(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    turns = [{"role": role, "text": "a"} for role in ("speaker", "listener", "speaker")]
    path.write_text("".join(json.dumps({"conv_id": n, "emotion": "joy", "turns": turns}) + "\n" for n in range(50)))
    assert open_corpus(path, format="empatheticdialogues").estimate_rows() == 100


def test_parquet_and_datasets_know_their_number_of_rows(tmp_path: Path) -> None:
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["a"] * 12_345}), tmp_path / "f.parquet")
    assert open_corpus(tmp_path / "f.parquet").estimate_rows() == 12_345
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict({"text": ["a"] * 12_345}).save_to_disk(tmp_path / "d")
    datasets.enable_progress_bars()
    corpus = open_corpus(tmp_path / "d")
    assert corpus.estimate_rows() == 12_345
    before = corpus.identity()
    (tmp_path / "d" / "cache-1.arrow").touch()  # what `datasets` leaves behind is no content
    assert open_corpus(tmp_path / "d").identity() == before
    state = tmp_path / "d" / "state.json"
    state.write_text(state.read_text() + "\n")
    assert open_corpus(tmp_path / "d").identity() != before


def peak(rows: Iterable[object]) -> int:
    """Bytes of Python memory at the highest point of one pass."""
    tracemalloc.start()
    deque(rows, maxlen=0)
    _, high = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return high


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "txt", "csv.gz", "dair"])
def test_a_pass_holds_far_less_than_the_file(tmp_path: Path, kind: str) -> None:
    rows = [{"id": n, "text": f"{n} " + "x" * 1000, "dialogue_id": n // 10} for n in range(8000)]  # 8 MB
    path = tmp_path / f"f.{kind}"
    if kind == "json":
        path.write_text(json.dumps(rows))
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    elif kind == "dair":
        path.write_text("\n".join(f"{row['text']};joy" for row in rows))
    else:
        text = "id,text,dialogue_id\n" + "".join(f"{r['id']},{r['text']},{r['dialogue_id']}\n" for r in rows)
        path.write_bytes(gzip.compress(text.encode(), 1) if kind.endswith("gz") else text.encode())
    corpus = open_corpus(path, format="auto" if kind != "dair" else "dair", columns=Columns(dialogue=""))
    assert peak(corpus) < 1_000_000


def test_an_unclosed_quote_holds_little_of_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('id,text\n0,"open\n' + f"1,{'x' * 10_000}\n" * 2000)  # 20 MB
    assert peak(open_corpus(path)) < 10_000_000  # the limit of a million characters, four bytes each, and lists
