"""A whole run from corpus to output: every row once, in order, bad ones set aside."""

import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.agent.runs.fakes import FOUR, CountingCorpus, HashLabeler, ListCorpus, samples
from thymos.adapters.corpus import BadRow
from thymos.agent.runs.progress import Progress
from thymos.agent.runs.run import check_before, run
from thymos.prompts.errors import InputError, RunError


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_good_rows_stand_in_input_order_with_what_the_labeler_said(tmp_path: Path) -> None:
    corpus = ListCorpus(samples(*"abcdefg"))
    out = tmp_path / "labels.parquet"
    report = run(corpus, HashLabeler(), out, chunk_rows=3)
    table = pq.read_table(out)
    assert table.column_names == ["id", "labels", "probabilities", "entropy", "margin", "abstained", "label_set"]
    assert table["id"].to_pylist() == list("1234567")
    expected = [p for at in (0, 3, 6) for p in HashLabeler().label_batch(corpus.rows[at : at + 3])]  # type: ignore[arg-type]
    for row, said in zip(table.to_pylist(), expected, strict=True):
        assert row["labels"] == list(said.labels)  # type: ignore[union-attr]
        assert row["probabilities"] == {k: round(v, 6) for k, v in said.probabilities.items()}  # type: ignore[union-attr]
        assert list(row["probabilities"]) == list(FOUR.names)
        assert math.isclose(row["entropy"], said.entropy, abs_tol=5e-7)  # type: ignore[union-attr]
        assert math.isclose(row["margin"], said.margin, abs_tol=5e-7)  # type: ignore[union-attr]
        assert row["abstained"] is said.abstained  # type: ignore[union-attr]
        assert row["label_set"] == (None if said.label_set is None else list(said.label_set))  # type: ignore[union-attr]
    assert (report.provenance.rows, report.provenance.bad_rows, report.errors) == (7, 0, None)
    assert [path.name for path in tmp_path.iterdir()] == ["labels.parquet"]


def test_bad_rows_of_corpus_and_labeler_are_set_aside_with_row_and_reason(tmp_path: Path) -> None:
    rows = samples("fine", "please refuse " + "x" * 100, "fine too")
    rows.insert(1, BadRow(2, "text must be UTF-8, got byte 0xff; pass --encoding", id=None, excerpt="\ud83d caf"))
    report = run(ListCorpus(rows), HashLabeler(), tmp_path / "labels.jsonl")
    assert report.errors == tmp_path / "labels.errors.jsonl"
    assert lines(report.errors) == [
        {
            "row": 2,
            "id": None,
            "reason": "text must be UTF-8, got byte 0xff; pass --encoding",
            "excerpt": "\\ud83d caf",
        },
        {
            "row": 3,
            "id": "2",
            "reason": "text must be labelled by nobody, got 'refuse'; rephrase it",
            "excerpt": "please refuse " + "x" * 66,  # 80 characters
        },
    ]
    assert [row["id"] for row in lines(tmp_path / "labels.jsonl")] == ["1", "3"]
    assert (report.provenance.rows, report.provenance.bad_rows) == (2, 2)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
def test_a_corpus_of_bad_rows_only_still_gives_both_files(tmp_path: Path, suffix: str) -> None:
    corpus = ListCorpus([BadRow(1, "no"), BadRow(2, "no")])
    report = run(corpus, HashLabeler(), tmp_path / f"labels{suffix}")
    assert (report.provenance.rows, report.provenance.bad_rows) == (0, 2)
    assert (tmp_path / f"labels{suffix}").exists()
    assert len(lines(tmp_path / "labels.errors.jsonl")) == 2


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
def test_an_empty_corpus_gives_an_empty_output(tmp_path: Path, suffix: str) -> None:
    report = run(ListCorpus([]), HashLabeler(), tmp_path / f"labels{suffix}", keep_columns=("all",))
    assert report.provenance.rows == 0
    assert report.out.exists()


def test_errors_of_an_earlier_run_do_not_outlive_it(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    run(ListCorpus(samples("refuse")), HashLabeler(), out)
    assert (tmp_path / "labels.errors.jsonl").exists()
    run(ListCorpus(samples("a", "b")), HashLabeler(), out, overwrite=True)
    assert not (tmp_path / "labels.errors.jsonl").exists()


def test_a_limit_counts_input_rows_good_and_bad(tmp_path: Path) -> None:
    rows = [BadRow(1, "no"), *samples("a", "b", "c")]
    report = run(ListCorpus(rows), HashLabeler(), tmp_path / "labels.csv", limit=3)
    assert (report.provenance.rows, report.provenance.bad_rows) == (2, 1)


def test_batches_are_cut_at_input_row_numbers(tmp_path: Path) -> None:
    labeler = HashLabeler()
    rows = [*samples("a", "b", "c", "d")]
    rows.insert(1, BadRow(2, "no"))
    run(ListCorpus(rows), labeler, tmp_path / "labels.csv", chunk_rows=2)
    assert labeler.batches == [["1"], ["2", "3"], ["4"]]


def test_ids_that_occur_twice_are_counted_and_one_is_named(tmp_path: Path) -> None:
    rows = samples(*"abcdef")
    for row, name in zip(rows, ["x", "y", "x", "z", "x", "y"], strict=True):
        object.__setattr__(row, "id", name)
    found = run(ListCorpus(rows), HashLabeler(), tmp_path / "labels.csv", chunk_rows=2).provenance
    assert found.duplicates == 3  # x twice more, y once more
    assert found.duplicate == "x"


def test_progress_counts_rows_and_then_the_writing(tmp_path: Path) -> None:
    seen: list[Progress] = []
    run(CountingCorpus(200), HashLabeler(), tmp_path / "l.csv", chunk_rows=100, on_progress=seen.append)
    assert seen == [
        Progress("label", 100, 1, 0, 200),  # 97 is bad
        Progress("label", 200, 3, 0, 200),  # so are 101 and 194
        Progress("write", 100, 3, 0, 200),
        Progress("write", 200, 3, 0, 200),
    ]


def test_the_same_run_again_says_that_it_is_done_and_labels_nothing(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    first = run(CountingCorpus(200), HashLabeler(), out)
    before = out.stat().st_mtime_ns
    idle = HashLabeler()
    again = run(CountingCorpus(200), idle, out)
    assert again.already_done
    assert again.provenance == first.provenance
    assert idle.batches == []
    assert out.stat().st_mtime_ns == before


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_an_output_of_another_run_is_refused_with_what_differs(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"labels{suffix}"
    run(CountingCorpus(20), HashLabeler(), out)
    before = out.read_bytes()
    with pytest.raises(RunError, match=r"model was hash, now other; limit was not set, now 9; .*--overwrite"):
        run(CountingCorpus(20), HashLabeler(model="other"), out, limit=9)
    assert out.read_bytes() == before


def test_overwrite_replaces_another_runs_output(tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    run(CountingCorpus(20), HashLabeler(), out)
    assert run(CountingCorpus(30), HashLabeler(), out, overwrite=True).provenance.rows == 30
    assert len(lines(out)) == 30


def test_a_file_that_no_run_wrote_is_refused(tmp_path: Path) -> None:
    for suffix in (".parquet", ".jsonl", ".csv"):
        out = tmp_path / f"precious{suffix}"
        out.write_text("mine")
        with pytest.raises(RunError, match="no run wrote"):
            run(CountingCorpus(20), HashLabeler(), out)
        with pytest.raises(RunError, match="no run wrote"):
            check_before(CountingCorpus(20), out)
        assert out.read_text() == "mine"


def test_an_output_that_was_edited_is_not_taken_for_done(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    run(CountingCorpus(20), HashLabeler(), out)
    out.write_text(out.read_text().replace("r7", "r8"))
    with pytest.raises(RunError, match="changed since"):
        run(CountingCorpus(20), HashLabeler(), out)


def test_a_filtered_copy_of_a_parquet_output_is_not_taken_for_done(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    run(CountingCorpus(20), HashLabeler(), out)
    pq.write_table(pq.read_table(out).slice(0, 5), out)
    with pytest.raises(RunError, match="changed since"):
        run(CountingCorpus(20), HashLabeler(), out)


@pytest.mark.parametrize("name", ["limit", "chunk_rows"])
def test_a_number_below_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match=f"{name} must be at least 1, got 0"):
        run(CountingCorpus(20), HashLabeler(), tmp_path / "l.csv", **{name: 0})  # type: ignore[arg-type]


def test_an_input_that_changes_while_it_is_labelled_is_not_finished(tmp_path: Path) -> None:
    source = tmp_path / "input.csv"
    source.write_text("text\na\n")
    corpus = ListCorpus(samples("a", "b"), source=str(source))

    def append(progress: Progress) -> None:
        source.write_text("text\na\nb\n")

    with pytest.raises(RunError, match="input must stay as it is"):
        run(corpus, HashLabeler(), tmp_path / "labels.csv", on_progress=append)
    assert not (tmp_path / "labels.csv").exists()


def test_a_labeler_that_drops_a_row_is_refused(tmp_path: Path) -> None:
    class Dropping(HashLabeler):
        def label_batch(self, samples):  # type: ignore[no-untyped-def]
            return super().label_batch(samples)[1:]

    with pytest.raises(RunError, match="one answer per row in order, got 1 for 2 rows"):
        run(ListCorpus(samples("a", "b")), Dropping(), tmp_path / "labels.csv")


def test_a_labeler_that_swaps_rows_is_refused(tmp_path: Path) -> None:
    class Swapping(HashLabeler):
        def label_batch(self, samples):  # type: ignore[no-untyped-def]
            return super().label_batch(samples)[::-1]

    with pytest.raises(RunError, match="stray id '2'"):
        run(ListCorpus(samples("a", "b")), Swapping(), tmp_path / "labels.csv")


def test_a_kept_column_that_is_not_there_is_refused_before_any_label(tmp_path: Path) -> None:
    corpus = ListCorpus(samples("a", "b", speaker=["x", "y"]))
    labeler = HashLabeler()
    with pytest.raises(InputError, match="must be one of speaker, got 'speeker'"):
        run(corpus, labeler, tmp_path / "labels.csv", keep_columns=("speeker",))
    with pytest.raises(InputError, match="must be one of speaker, got 'speeker'"):
        check_before(corpus, tmp_path / "labels.csv", keep_columns=("speeker",))
    assert labeler.batches == []
