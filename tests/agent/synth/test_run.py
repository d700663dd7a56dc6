"""Runs: same seed, same bytes; rows, counts, splits and what is told of them."""

import dataclasses
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.agent.synth.fakes import FakeWriter, row_of, sentence
from tests.agent.synth.session import COUNTS, constant, session
from thymos.agent.runs.progress import Progress
from thymos.agent.synth.build import Comparisons
from thymos.agent.synth.records import candidate_of, record
from thymos.agent.synth.values import Ask, Candidate, Said, Verdict
from thymos.prompts.errors import RunError

ROOT = Path(__file__).resolve().parents[3]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hashes of the files of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("quiet")
    session(folder / "out.jsonl")
    return _files(folder)


def test_a_run_writes_the_rows_that_were_asked_for(tmp_path: Path) -> None:
    report = session(tmp_path / "out.jsonl")
    rows = _rows(tmp_path / "out.jsonl")
    assert Counter(row["labels"][0] for row in rows) == COUNTS
    assert report.provenance.rows == 30
    assert report.told["kept"] == COUNTS
    for row in rows:
        assert set(row) == {
            *("id", "kind", "labels", "turns", "text", "situation", "plan", "provenance", "gates", "split"),
        }
        assert set(row["provenance"]) == {
            *("writer", "writer_sha256", "writer_adapter_sha256", "prompt_sha256", "seed", "candidate"),
        }
        assert row["turns"] == [{"speaker": "A", "text": row["text"], "label": row["labels"][0]}]
        assert row["provenance"]["writer_sha256"] == "f" * 64
    dropped = _rows(tmp_path / "out.dropped.jsonl")
    assert all(row["gates"][row["dropped_by"]]["reason"] for row in dropped)
    assert len(dropped) == report.provenance.bad_rows == sum(report.told["counts"]["dropped"].values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.dropped.jsonl", "out.jsonl", "out.meta.json"]


def test_the_counts_add_up(tmp_path: Path) -> None:
    counts = session(tmp_path / "out.jsonl").told["counts"]
    dropped = sum(counts["dropped"].values())
    assert counts["written"] == counts["kept"] + counts["spare"] + dropped
    assert counts["well_formed"] == counts["written"] - counts["dropped"].get("format", 0)
    assert sum(sum(read.values()) for read in counts["read"].values()) == counts["well_formed"]


def test_agreement_before_the_gates_is_that_of_all_well_formed_texts(tmp_path: Path) -> None:
    told = session(tmp_path / "out.jsonl").told
    read = told["counts"]["read"]
    right = sum(read[label][label] for label in COUNTS)
    assert told["agreement"]["before_gates"] == pytest.approx(right / told["counts"]["well_formed"], abs=1e-4)
    assert 0.5 < told["agreement"]["before_gates"] < 1  # the fake misses the sign of every fourth seed


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, quiet: dict[str, str]) -> None:
    for name, seed in (("again", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        session(tmp_path / name / "out.jsonl", seed=seed)
    assert _files(tmp_path / "again") == quiet
    assert _files(tmp_path / "other")["out.jsonl"] != quiet["out.jsonl"]


def test_conversations_are_written_with_a_label_per_turn(tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl", counts={"joy": 6, "anger": 6}, turns=(3, 5))
    rows = _rows(tmp_path / "out.jsonl")
    assert len(rows) == 12
    for row in rows:
        assert row["kind"] == "dialogue"
        assert [turn["label"] for turn in row["turns"]] == row["plan"]["turns"]
        assert [turn["speaker"] for turn in row["turns"]] == ["AB"[place % 2] for place in range(len(row["turns"]))]
        assert row["text"] == "\n".join(turn["text"] for turn in row["turns"])
        assert "turns" in row["gates"]


def _one_turn_off(ask: Ask) -> str:
    """Write a conversation as asked, but for one turn in it that shows disgust."""
    turns = FakeWriter()._one(ask).split("\n")
    wished = [place for place in range(len(turns) - 2) if f"Turn {place + 1}," in ask.request]
    if wished:
        place = wished[ask.seed % len(wished)]
        turns[place] = f"{'AB'[place % 2]}: {sentence('disgust', ask.seed + place)}"
    return "\n".join(turns)


def test_a_turn_that_is_read_as_something_else_goes_out_without_a_label(tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl", counts={"joy": 8}, turns=(5, 6), writer=FakeWriter(say=_one_turn_off))
    rows = _rows(tmp_path / "out.jsonl")
    assert rows
    told = [(turn["label"], wish, turn["text"]) for row in rows for turn, wish in _wishes(row)]
    assert {label for label, _, text in told if "stank" in text} == {None}
    assert any(wish is not None for _, wish, text in told if "stank" in text)
    assert all(label == wish for label, wish, text in told if "stank" not in text)
    assert all(turn["label"] == "joy" for row in rows for turn in [row["turns"][(len(row["turns"]) - 1) // 2 * 2]])


def _wishes(row: dict[str, Any]) -> list[tuple[dict[str, Any], str | None]]:
    return list(zip(row["turns"], row["plan"]["turns"], strict=True))


def test_a_kept_row_gives_back_the_candidate_that_it_was() -> None:
    row = row_of("joy", 3)
    asked = dataclasses.replace(row, turns=("sadness", None, "joy"))
    turns = (Said("A", "It stank.", "sadness"), Said("B", "Hm.", None), Said("A", "We danced.", "joy"))
    given = Candidate(asked, turns, 2, 7, "0" * 64)
    told = record(given, {"name": "fake"}, {"turns": Verdict(True, 0.5, contradicted=(0,))}, "It rains.")
    assert [turn["label"] for turn in told["turns"]] == [None, None, "joy"]
    assert candidate_of(json.loads(json.dumps(told))) == given


def test_rows_without_a_text_are_replaced_by_further_ones(tmp_path: Path) -> None:
    def say(ask: Ask) -> str:
        return sentence("joy", ask.seed) if ask.seed % 5 else ""

    few = session(
        tmp_path / "few.jsonl",
        counts={"joy": 30},
        writer=FakeWriter(say=say),
        options={"candidates": 1, "rounds": 1},
        spare_waves=0,
    )
    more = session(
        tmp_path / "more.jsonl",
        counts={"joy": 30},
        writer=FakeWriter(say=say),
        options={"candidates": 1, "rounds": 1},
        spare_waves=3,
    )
    assert few.provenance.rows < 30
    assert more.provenance.rows > few.provenance.rows
    assert len({row["plan"]["scenario"] + str(row["plan"]["personas"]) for row in _rows(more.out)}) == len(
        _rows(more.out)
    )
    assert more.told["asked"] == {"joy": 30}


def test_a_writer_that_gives_nothing_for_ever_ends_with_an_empty_output(tmp_path: Path) -> None:
    writer = FakeWriter(say=constant(""))
    report = session(tmp_path / "out.jsonl", writer=writer, options={"candidates": 2, "rounds": 2})
    assert report.provenance.rows == 0
    assert sum(len(asks) for asks in writer.calls) == 30 * 2 * 2  # no further rows where nothing came at all
    assert report.told["counts"]["malformed"] == {"empty": 120}
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_progress_tells_rows_and_misses(tmp_path: Path) -> None:
    seen: list[Progress] = []
    session(tmp_path / "out.jsonl", on_progress=seen.append)
    assert [each.rows for each in seen][:3] == [4, 8, 12]
    assert seen[-1].rows == seen[-1].total


def test_train_and_dev_share_no_scenario(tmp_path: Path) -> None:
    report = session(tmp_path / "out.jsonl", counts={"joy": 60, "fear": 60}, dev=0.25)
    rows = _rows(tmp_path / "out.jsonl")
    scenarios = {
        split: {row["plan"]["scenario"] for row in rows if row["split"] == split} for split in ("train", "dev")
    }
    assert not scenarios["train"] & scenarios["dev"]
    assert report.told["dev_scenarios"] == sorted(scenarios["dev"])
    share = sum(row["split"] == "dev" for row in rows) / len(rows)
    assert share == pytest.approx(0.25, abs=0.03)


def test_no_dev_split_is_no_dev_split(tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl", dev=0.0)
    assert {row["split"] for row in _rows(tmp_path / "out.jsonl")} == {"train"}


def test_real_text_is_measured_beside_what_is_kept(tmp_path: Path) -> None:
    real = [f"word{number} other{number} third{number}" for number in range(50)]
    told = session(tmp_path / "out.jsonl", real=real).told["diversity"]
    assert told["real"]["distinct_2"] == 1.0
    assert told["real"]["texts"] == told["kept"]["texts"] == 30
    assert isinstance(told["below_floor"], list)


def test_more_than_there_is_of_real_text_is_compared_as_so_many(tmp_path: Path) -> None:
    told = session(tmp_path / "out.jsonl", real=["word other third", "one more line"]).told["diversity"]
    assert told["kept"]["texts"] == 30
    assert told["as_many_kept"]["texts"] == told["real"]["texts"] == 2
    assert told["below_floor"] == []  # two texts have a Vendi score of two at most; thirty have more


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    session(tmp_path / "out.jsonl")
    session(tmp_path / "other.parquet")
    rows = pq.read_table(tmp_path / "other.parquet").to_pylist()
    for row in rows:
        for name in ("plan", "provenance", "gates"):
            row[name] = json.loads(row[name])
    assert rows == _rows(tmp_path / "out.jsonl")
    assert session(tmp_path / "other.parquet").already_done


def test_a_test_set_in_what_is_written_is_dropped(tmp_path: Path) -> None:
    kept = _rows_of(tmp_path / "first")
    leaked = [row["text"] for row in kept[:5]]
    session(tmp_path / "out.jsonl", compared=Comparisons(tests={"test.csv": leaked}))
    assert not set(leaked) & {row["text"] for row in _rows(tmp_path / "out.jsonl")}
    reasons = {
        row["gates"]["contamination"]["reason"]
        for row in _rows(tmp_path / "out.dropped.jsonl")
        if row["dropped_by"] == "contamination"
    }
    assert reasons == {"13 words of test.csv"}


def _rows_of(folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    session(folder / "out.jsonl")
    return _rows(folder / "out.jsonl")


@pytest.mark.parametrize("name", ["out.txt", "out.csv", "out"])
def test_an_output_of_another_form_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match=r"output must end in .jsonl or .parquet"):
        session(tmp_path / name)


def test_half_a_pair_of_characters_is_written_as_something(tmp_path: Path) -> None:
    report = session(
        tmp_path / "out.jsonl",
        counts={"joy": 1},
        writer=FakeWriter(say=constant("They danced \ud83d until the bells.")),
    )
    assert report.provenance.rows == 1
    assert _rows(tmp_path / "out.jsonl")[0]["text"] == "They danced ? until the bells."
