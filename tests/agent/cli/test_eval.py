"""`thymos eval` from the command line to the files it writes."""

import dataclasses
import hashlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.agent.runs.fakes import HashLabeler
from thymos.adapters.readers import open_corpus
from thymos.agent.cli import app
from thymos.agent.runs.run import run as label_run
from thymos.finetune.calibration_error import if_calibrated
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, TaxonomyError

# id, text, gold label, predicted label ("" abstained), probability of "joy"; the rest is "anger"
ROWS = [
    ("1", "what a day", "joy", "joy", 0.9),
    ("2", "so happy", "joy", "joy", 0.8),
    ("3", "how dare you", "anger", "anger", 0.1),
    ("4", "get out", "anger", "joy", 0.7),
    ("5", "well", "anger", "", 0.5),
]
LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")


def labelled(folder: Path, rows: list[tuple[str, str, str, str, float]] = ROWS, taxonomy: str | None = "ekman") -> Path:
    path = folder / "out.parquet"
    table = pa.Table.from_pylist(
        [
            {
                "id": row,
                "labels": [label] if label else [],
                "probabilities": dict.fromkeys(LABELS, 0.0) | {"joy": joy, "anger": 1 - joy},
                "entropy": 0.5,
                "margin": abs(2 * joy - 1),
                "abstained": not label,
                "emotion": gold,
            }
            for row, _, gold, label, joy in rows
        ],
        schema=pa.schema(
            [
                ("id", pa.string()),
                ("labels", pa.list_(pa.string())),
                ("probabilities", pa.struct([(name, pa.float64()) for name in LABELS])),
                ("entropy", pa.float64()),
                ("margin", pa.float64()),
                ("abstained", pa.bool_()),
                ("emotion", pa.string()),
            ]
        ),
    )
    recorded = {"identity": {"labeler": {"model": "tiny", "taxonomy": taxonomy}}} if taxonomy else {}
    pq.write_table(table.replace_schema_metadata({"thymos": json.dumps(recorded)}), path)
    return path


def corpus(folder: Path, rows: list[tuple[str, str, str, str, float]] = ROWS) -> Path:
    path = folder / "gold.csv"
    path.write_text("id,text,emotion\n" + "".join(f"{r[0]},{r[1]},{r[2]}\n" for r in rows))
    return path


def run(*arguments: object) -> None:
    app(["eval", *map(str, arguments)], exit_on_error=False, result_action="return_value")


def scores(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out.scores.json").read_text())
    return found


def test_a_labelled_file_is_scored_against_its_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(labelled(tmp_path), "--gold", corpus(tmp_path))
    found = scores(tmp_path)
    # joy: 2 hits, 3 predicted, 2 gold -> F1 0.8; anger: 1 hit, 1 predicted, 3 gold -> 0.5; five labels 0
    assert found["metrics"]["accuracy"] == pytest.approx(3 / 5)
    assert found["metrics"]["answered_accuracy"] == pytest.approx(3 / 4)
    assert found["metrics"]["macro_f1"] == pytest.approx(1.3 / 7)
    assert found["metrics"]["micro_f1"] == pytest.approx(6 / 9)
    assert found["metrics"]["weighted_f1"] == pytest.approx((2 * 0.8 + 3 * 0.5) / 5)
    assert found["rows"]["abstained"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gold.csv",
        "out.confusion.png",
        "out.parquet",
        "out.reliability.png",
        "out.scores.json",
    ]
    printed = capsys.readouterr()
    assert re.search(r"macro F1 +0\.1857 +95 % 0\.\d+ to 0\.\d+", printed.out)
    assert re.search(r"anger +3 +1 +1\.000 +0\.333 +0\.500 █", printed.out)
    assert re.search(r"the same, if perfectly calibrated +0\.\d{4} +95th percentile 0\.\d{4}", printed.out)
    assert printed.out.index("anger") < printed.out.index("joy")  # by gold rows
    assert "5 labels have no gold row and count as 0 in macro F1: disgust, fear" in printed.err
    assert "wrote" in printed.err


def test_the_score_file_holds_all_that_is_needed_to_get_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, gold = labelled(tmp_path), corpus(tmp_path)
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/thymos", "eval", "my out.parquet"])
    run(path, "--gold", gold, "--seed", 7, "--bootstrap", 20, "--ignore", "neutral", "--no-plots")
    found = scores(tmp_path)
    assert shlex.split(found["command"]) == ["thymos", "eval", "my out.parquet"]
    assert (found["seed"], found["intervals"]["seed"], found["intervals"]["resamples"]) == (7, 7, 20)
    assert found["predictions"]["file"] == "out.parquet"
    assert found["predictions"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["predictions"]["provenance"]["identity"]["labeler"]["model"] == "tiny"
    split = "".join(f'["{r[0]}",["{r[2]}"]]\n' for r in ROWS)
    assert found["split_sha256"] == hashlib.sha256(split.encode()).hexdigest()
    assert found["gold"]["source"] == "gold.csv"
    assert hashlib.sha256(gold.read_bytes()).hexdigest() in json.dumps(found["gold"]["identity"])
    assert found["taxonomy"] == {"name": "ekman", "kind": "single", "labels": list(LABELS)}
    assert found["ignored_labels"] == ["neutral"]
    assert found["confusion"]["columns"] == [*LABELS, "(no label)"]
    assert sum(map(sum, found["confusion"]["counts"])) == 5
    assert len(found["calibration"]["bins"]) == 15
    perfect = if_calibrated(np.array([max(joy, 1 - joy) for *_, joy in ROWS]), seed=7)
    assert found["calibration"]["if_calibrated"] == dataclasses.asdict(perfect)
    assert found["hardware"]["memory_bytes"] > 0
    assert found["versions"]["thymos"]


def test_a_kept_column_gives_the_same_scores_as_the_corpus(tmp_path: Path) -> None:
    path = labelled(tmp_path)
    run(path, "--gold", corpus(tmp_path), "--no-plots")
    first = scores(tmp_path)
    run(path, "--gold-column", "emotion", "--no-plots")
    second = scores(tmp_path)
    for part in ("metrics", "per_label", "confusion", "calibration", "intervals", "split_sha256"):
        assert second[part] == first[part]
    assert second["gold"] == {"source": "column emotion", "identity": None}


def test_columns_and_separator_of_the_gold_corpus_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text('{"id": "x1", "labels": ["joy", "love"]}\n')
    (tmp_path / "gold.tsv").write_text("key\twords\tfeeling\ttext\nx1\tso glad\tlove / joy\t\n")
    named = ("--id-column", "key", "--text-column", "words", "--label-column", "feeling")
    run(
        tmp_path / "out.jsonl",
        *("--gold", tmp_path / "gold.tsv", *named, "--label-separator", " / ", "--taxonomy", "goemotions"),
    )
    assert scores(tmp_path)["metrics"]["accuracy"] == 1.0


def test_json_on_standard_output_is_the_score_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(labelled(tmp_path), "--gold-column", "emotion", "--json", "--no-plots")
    assert json.loads(capsys.readouterr().out) == scores(tmp_path)


def test_output_and_plots_go_where_they_are_sent(tmp_path: Path) -> None:
    run(
        labelled(tmp_path),
        *("--gold-column", "emotion", "-o", tmp_path / "first.json", "--plots", tmp_path / "a" / "pictures"),
    )
    assert (tmp_path / "first.json").is_file()
    assert sorted(path.name for path in (tmp_path / "a" / "pictures").iterdir()) == [
        "first.confusion.png",
        "first.reliability.png",
    ]
    assert not (tmp_path / "out.scores.json").exists()


def test_scoring_at_another_taxonomy_maps_both_sides(tmp_path: Path) -> None:
    run(labelled(tmp_path), "--gold-column", "emotion", "--at", "sentiment", "--no-plots")
    found = scores(tmp_path)
    assert found["taxonomy"]["name"] == "sentiment"
    assert found["metrics"]["accuracy"] == pytest.approx(3 / 5)  # joy and anger stay apart as valences
    assert found["options"]["at"] == "sentiment"


def test_gold_in_another_taxonomy_is_met_there(tmp_path: Path) -> None:
    rows = [("1", "what a day", "happiness", "joy", 0.9), ("2", "get out", "anger", "anger", 0.1)]
    run(labelled(tmp_path, rows), "--gold-column", "emotion", "--gold-taxonomy", "dailydialog", "--no-plots")
    found = scores(tmp_path)
    assert found["taxonomy"]["name"] == "dailydialog"
    assert found["metrics"]["accuracy"] == 1.0


def test_rows_on_one_side_only_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(labelled(tmp_path, ROWS[1:]), "--gold", corpus(tmp_path, ROWS[:4]), "--no-plots")
    printed = capsys.readouterr().err
    assert "not scored: 1 gold rows have no prediction ('1')" in printed
    assert "not scored: 1 predictions have no gold row ('5')" in printed
    left_out = scores(tmp_path)["rows"]["left_out"]
    assert left_out["gold_without_prediction"] == {"rows": 1, "first_ids": ["1"]}
    assert scores(tmp_path)["rows"]["scored"] == 3


def test_a_labelled_file_that_was_changed_since_is_remarked_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = labelled(tmp_path)
    table = pq.read_table(path)
    for rows, as_written in ((len(ROWS), True), (len(ROWS) + 1, False)):
        recorded = json.dumps({"taxonomy": "ekman", "rows": rows})
        pq.write_table(table.replace_schema_metadata({"thymos": recorded}), path)
        run(path, "--gold-column", "emotion", "--no-plots")
        assert ("was changed since its run wrote it" in capsys.readouterr().err) is not as_written
        assert scores(tmp_path)["predictions"]["as_written"] is as_written


def test_unknown_gold_is_an_error_until_it_is_dropped(tmp_path: Path) -> None:
    path = labelled(tmp_path, [*ROWS, ("6", "hm", "love", "joy", 0.9)])
    with pytest.raises(InputError, match=r"got 'love' \(1 times\)"):
        run(path, "--gold-column", "emotion")
    run(path, "--gold-column", "emotion", "--drop-unknown-gold", "--no-plots")
    assert scores(tmp_path)["rows"]["left_out"]["gold_unknown"]["first_ids"] == ["6"]


def test_goemotions_scored_against_itself_is_perfect(shared: Path, tmp_path: Path) -> None:
    gold = shared / "data" / "text" / "goemotions" / "test.tsv"
    names = (gold.parent / "emotions.txt").read_text().split()
    with gold.open(encoding="utf-8") as source, (tmp_path / "out.jsonl").open("w") as out:
        for line in source:
            _, ids, row = line.rstrip("\n").split("\t")
            out.write(json.dumps({"id": row, "labels": [names[int(i)] for i in ids.split(",")]}) + "\n")
    run(tmp_path / "out.jsonl", "--gold", gold, "--format", "goemotions", "--taxonomy", "goemotions", "--no-plots")
    found = scores(tmp_path)
    assert found["rows"]["scored"] == 5427  # test rows, Demszky et al. (2020), table 1
    assert set(found["metrics"].values()) == {1.0, None}
    assert min(label["support"] for label in found["per_label"]) == 6  # grief


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "gold labels must come from one place, got none; give either --gold"),
        (("--gold", "gold.csv", "--gold-column", "emotion"), "got two"),
        (("--gold-column", "feeling"), "must have a column 'feeling'"),
        (("--gold-column", "emotion", "--plots", "x", "--no-plots"), "give one of them"),
        (("--gold-column", "emotion", "-o", "out.parquet"), "score file must not overwrite an input"),
        (
            ("--gold-column", "emotion", "-o", "nowhere/s.json"),
            "folder of the score file must exist, got 'nowhere'",
        ),
        (("--gold-column", "emotion", "--plots", "gold.csv"), "picture folder must be a folder"),
        (
            ("--gold-column", "emotion", "--taxonomy", "dailydialog", "--gold-taxonomy", "ekman"),
            "predicted label of row '1' must be of taxonomy 'dailydialog' .* got 'joy'",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    labelled(tmp_path)
    corpus(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / "out.parquet").read_bytes()
    with pytest.raises(InputError, match=sentence):
        run("out.parquet", *arguments)
    assert (tmp_path / "out.parquet").read_bytes() == before


def test_an_unknown_taxonomy_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="ekmann"):
        run(labelled(tmp_path), "--gold-column", "emotion", "--taxonomy", "ekmann")
    with pytest.raises(InputError, match="taxonomy must be known, got none recorded with"):
        run(labelled(tmp_path, taxonomy=None), "--gold-column", "emotion")


def test_excluded_ids_are_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leaked.tsv").write_text(f"id\tfound in\n{ROWS[0][0]}\ttrain-3\n")
    run(labelled(tmp_path), "--gold", corpus(tmp_path), "--exclude", tmp_path / "leaked.tsv")
    assert scores(tmp_path)["rows"]["scored"] == len(ROWS) - 1
    assert "1 gold rows were excluded" in capsys.readouterr().err
    (tmp_path / "leaked.csv").write_text(f'\ufeff"x",a "b\n"{ROWS[0][0]}",c" d\n\n', encoding="utf-8")
    run(labelled(tmp_path), "--gold", corpus(tmp_path), "--exclude", tmp_path / "leaked.csv")
    assert scores(tmp_path)["rows"]["scored"] == len(ROWS) - 1
    with pytest.raises(InputError, match="excluded ids"):
        run(labelled(tmp_path), "--gold", corpus(tmp_path), "--exclude", tmp_path / "absent.tsv")


def test_gold_is_read_as_it_was_written_and_nothing_else_spoils_it(tmp_path: Path) -> None:
    lines = [f"{row[0]},caf\u00e9,gone.wav,no-number,{row[2]}" for row in ROWS]
    text = "\n".join(["id,text,speech,turn,emotion", *lines])
    (tmp_path / "gold.csv").write_bytes(text.encode("latin-1"))
    run(labelled(tmp_path), "--gold", tmp_path / "gold.csv", "--label-column", "emotion", "--encoding", "latin-1")
    assert scores(tmp_path)["rows"]["scored"] == len(ROWS)


def test_rows_of_another_file_joined_by_number_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"text,emotion\nso,joy\n{name},joy\n")
    label_run(open_corpus(tmp_path / "a.csv"), HashLabeler(load_taxonomy("ekman")), out := tmp_path / "out.jsonl")
    for name in ("a", "b"):
        run(out, "--gold", tmp_path / f"{name}.csv", "--label-column", "emotion", "--taxonomy", "ekman")
        assert ("joined by their number" in capsys.readouterr().err) == (name == "b")
