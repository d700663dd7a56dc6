"""Rows of a synthesis are read whole, whatever is missing in them, and bad lines are named."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.agent.synth_report.rows_made import made, synthesis, write
from thymos.agent.synth_report.rows import Totals, read_folder, read_totals
from thymos.prompts.errors import InputError


def test_a_folder_or_its_file_gives_kept_and_dropped_rows(tmp_path: Path) -> None:
    kept, dropped = read_folder(synthesis(tmp_path / "s"))
    assert [row.id for row in kept] == ["joy-1/1", "joy-2/0", "fear-1/0"]
    assert [(row.asked, row.dropped_by) for row in dropped] == [("joy-1", "relabel"), ("fear-2", "format")]
    assert read_folder(tmp_path / "s" / "out.jsonl") == (kept, dropped)


def test_files_are_called_as_the_output_is(tmp_path: Path) -> None:
    both = read_folder(synthesis(tmp_path / "s"))
    (tmp_path / "s" / "dropped.jsonl").rename(tmp_path / "s" / "out.dropped.jsonl")
    write(tmp_path / "s" / "out.sharegpt.jsonl", [{"id": "joy-2/0", "conversations": []}])
    write(tmp_path / "s" / "out.chatml.jsonl", [{"id": "other", "messages": []}])
    assert read_folder(tmp_path / "s") == both
    assert read_folder(tmp_path / "s" / "out.jsonl") == both


def test_parquet_with_json_in_it_is_read_like_lines(tmp_path: Path) -> None:
    rows = [made("joy-1/0", "joy", "We won."), made("fear-1/0", "fear", "It is dark.")]
    write(tmp_path / "out.jsonl", rows)
    packed = [row | {name: json.dumps(row[name]) for name in ("plan", "provenance", "gates")} for row in rows]
    pq.write_table(pa.Table.from_pylist(packed), tmp_path / "out.parquet")
    assert read_folder(tmp_path / "out.parquet") == read_folder(tmp_path / "out.jsonl")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"bad\.parquet must be Parquet"):
        read_folder(tmp_path / "bad.parquet")


def test_a_row_in_two_splits_is_one(tmp_path: Path) -> None:
    write(synthesis(tmp_path / "s") / "train.jsonl", [made("joy-2/0", "joy", "The sun came out for the party.")])
    assert len(read_folder(tmp_path / "s")[0]) == 3


def test_the_label_that_was_read_is_told_by_the_gate(tmp_path: Path) -> None:
    gates = {"relabel": {"score": 0.1, "kept": True, "reason": "", "read_as": "love"}}
    write(synthesis(tmp_path / "s") / "more.jsonl", [made("joy-3/0", "joy", "Dear.", gates=gates)])
    kept, dropped = read_folder(tmp_path / "s")
    read = {row.id: row.read_as for row in (*kept, *dropped)}
    assert read == {
        "joy-3/0": "love",
        "joy-1/1": "joy",  # kept by the gate
        "joy-2/0": "joy",
        "fear-1/0": "fear",
        "joy-1/0": "sadness",  # from the reason
        "fear-2/0": None,  # never came so far
    }


def test_a_text_that_was_read_as_asked_but_weakly_was_read_as_asked(tmp_path: Path) -> None:
    said = {"relabel": {"score": 0.4, "kept": False, "reason": "read as asked, but at 0.40 alone"}}
    write(tmp_path / "a.dropped.jsonl", [made("joy-3/0", "joy", "Dear.", dropped_by="relabel", gates=said)])
    assert read_folder(tmp_path)[1][0].read_as == "joy"


def test_counts_of_a_run_are_read_where_they_are_of_these_rows(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", [made("joy-1/0", "joy", "Dear.")])
    counts = {"written": 4, "spare": 3, "read": {"joy": {"joy": 3, "love": 1}}}
    (tmp_path / "out.meta.json").write_text(json.dumps({"counts": counts}))
    for place in (tmp_path, tmp_path / "out.jsonl"):
        assert read_totals(place, 1, 0) == Totals(4, 3, {"joy": {"joy": 3, "love": 1}})
        assert read_totals(place, 2, 0) is None  # of other rows
    for broken in ("{", "[]", '{"counts": {"written": "x", "spare": 0, "read": {}}}'):
        (tmp_path / "out.meta.json").write_text(broken)
        assert read_totals(tmp_path, 1, 0) is None


def test_a_row_of_almost_nothing_is_a_row(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"labels": ["joy"], "text": "so", "turns": None, "gates": 3, "plan": []}])
    ((row,), dropped) = read_folder(tmp_path)
    assert (row.id, row.label, row.utterances, row.gates, row.read_as) == ("a-1", "joy", ("so",), {}, None)
    assert dropped == ()


def test_of_a_dialogue_the_labelled_turns_are_utterances(tmp_path: Path) -> None:
    turns = [{"speaker": "A", "text": "one", "label": "joy"}, {"speaker": "B", "text": "two", "label": None}]
    write(tmp_path / "a.jsonl", [made("x", "joy", "one\ntwo", turns=turns)])
    assert read_folder(tmp_path)[0][0].utterances == ("one",)


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "so"}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.jsonl line 3 must be"):
        read_folder(tmp_path)


def test_an_empty_or_absent_place_is_one_sentence(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent", tmp_path / "absent.jsonl"):
        with pytest.raises(InputError, match="folder must hold rows"):
            read_folder(place)
