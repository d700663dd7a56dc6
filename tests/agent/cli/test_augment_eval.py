"""`thymos augment-eval` as a user meets it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.recipes import lines
from thymos.agent.cli import app
from thymos.prompts.errors import InputError, RunError, TaxonomyError


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, count, seed in (("train", 160, 1), ("test", 60, 2)):
        write(
            tmp_path / f"{name}.csv",
            [(f"{text} {name} {n}", label) for n, (text, label) in enumerate(lines(count, seed))],
        )
    made = [
        {"id": f"s{n}", "kind": "utterance", "labels": [label], "turns": [], "text": f"{text} made {n}"}
        for n, (text, label) in enumerate(lines(80, 3))
    ]
    (tmp_path / "made.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(
        "name: invented\ntitle: Invented\nkind: single\nsource: user\nlabels:\n"
        + "".join(f"  - {{name: {name}, description: it}}\n" for name in ("joy", "sadness", "anger", "fear")),
        encoding="utf-8",
    )
    return tmp_path


def told(data: Path, *more: str, made: bool = True, output: str = "gain.json") -> dict[str, Any]:
    given = [str(data / "made.jsonl")] if made else []
    given += [
        "--real",
        str(data / "train.csv"),
        "--test",
        str(data / "test.csv"),
        "--taxonomy",
        str(data / "mine.yaml"),
    ]
    given += ["-o", str(data / output), "--bootstrap", "50", "--quiet", *more]
    given += [] if "--classifier" in more else ["--classifier", "tfidf"]
    app(["augment-eval", *given], result_action="return_value")
    found: dict[str, Any] = json.loads((data / output).read_text(encoding="utf-8"))
    return found


def test_a_run_writes_score_file_picture_and_results_and_prints_a_verdict(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(data, "--size", "4", "--size", "8", "--seeds", "2", "--edits", "2")
    assert found["schema"] == "thymos.augment/1"
    assert found["sizes"] == ["4", "8"]
    assert found["seeds"] == [0, 1]
    assert set(found["arms"]) == {"real", "synthetic", "oversample", "eda"}
    assert found["outcomes"][0]["arms"]["eda"]["added"] == 2 * 4 * 4
    assert found["intervals"]["resamples"] == 50
    assert (data / "gain.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((data / "gain.cells").glob("tfidf-*.json"))) == 2 * 2 * 4
    out, err = capsys.readouterr()
    assert "rare labels" in out
    assert " ".join(found["conclusion"].split()) in " ".join(out.split())
    assert all(len(line) <= 80 for line in out.splitlines())
    assert f"wrote {data / 'gain.json'}" in err


def test_the_same_command_again_trains_nothing_and_gives_the_same_figures(data: Path) -> None:
    first = told(data, "--size", "4", "--seeds", "2")
    marks = {path: path.stat().st_mtime_ns for path in (data / "gain.cells").iterdir()}
    again = told(data, "--size", "4", "--seeds", "2")
    assert again["outcomes"] == first["outcomes"]
    assert {path: path.stat().st_mtime_ns for path in (data / "gain.cells").iterdir()} == marks


def test_flags_change_what_is_done(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(
        data, "--size", "all", "--seeds", "1", "--seed", "5", "--plot", str(data / "p.png"), "--json", made=False
    )
    assert json.loads(capsys.readouterr().out) == found
    assert (found["seeds"], found["seed"], found["sizes"]) == ([5], 5, ["all"])
    assert found["outcomes"][0]["arms"]["real"]["real"] == 160
    assert "synthetic" not in found["arms"]
    assert (data / "p.png").exists()
    assert not (data / "gain.png").exists()


def test_an_arm_that_is_left_out_is_not_run_and_that_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(data, "--size", "4", "--seeds", "1", "--without", "eda")
    assert set(found["arms"]) == {"real", "synthetic", "oversample"}
    run = {arm for arm in ("real", "synthetic", "oversample", "eda") if list((data / "gain.cells").glob(f"*{arm}*"))}
    assert run == set(found["arms"])
    assert "not compared: EDA word edits" in capsys.readouterr().err
    assert found["options"]["remarks"] == ["not compared: EDA word edits"]
    assert found["outcomes"][0]["best_cheap"] == "oversample"
    alone = told(data, "--size", "4", "--seeds", "1", "--without", "eda", "--without", "oversample")
    assert set(alone["arms"]) == {"real", "synthetic"}
    assert "best cheap" not in alone["conclusion"] and alone["outcomes"][0]["best_cheap"] is None


def test_other_data_in_the_same_place_are_refused(data: Path) -> None:
    told(data, "--size", "4", "--seeds", "1")
    write(data / "test.csv", [(f"{text} other {n}", label) for n, (text, label) in enumerate(lines(30, 7))])
    with pytest.raises(RunError, match="test differs"):
        told(data, "--size", "4", "--seeds", "1")


def test_a_synthetic_row_of_the_test_set_is_refused_before_any_work(data: Path) -> None:
    copy = (data / "test.csv").read_text(encoding="utf-8").splitlines()[1].rpartition(",")[0].upper()
    with (data / "made.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "bad", "kind": "utterance", "labels": ["joy"], "text": copy}) + "\n")
    with pytest.raises(InputError, match=r"got 1 that do \(bad\)"):
        told(data)
    assert not (data / "gain.cells").exists()


def test_rows_in_both_real_sets_and_copies_of_real_rows_are_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (data / "train.csv").read_text(encoding="utf-8").splitlines()[1:3]
    with (data / "test.csv").open("a", encoding="utf-8") as file:
        file.write(first + "\n")
    text, _, label = second.rpartition(",")
    with (data / "made.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "c", "kind": "utterance", "labels": [label], "text": text}) + "\n")
    found = told(data, "--size", "4", "--seeds", "1")
    assert found["data"]["real"]["rows"] == 159
    said = capsys.readouterr().err
    assert "left out: 1 real rows that stand in the test set too" in said
    assert "1 synthetic rows are copies of real rows" in said
    assert len(found["options"]["remarks"]) == 2


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        (["--size", "many"], InputError, "size must be a number from 2, or all, got 'many'"),
        (["--size", "1"], InputError, "size must be a number"),
        (["--classifier", "oracle"], InputError, "classifier must be tfidf, minilm or recipe:NAME, got 'oracle'"),
        (["--size", "4", "--size", "4"], InputError, "sizes must differ"),
        (["--at", "no-such-set"], TaxonomyError, "no-such-set"),
        (["--without", "real"], InputError, "--without must be oversample or eda, got 'real'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(data: Path, more: list[str], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        told(data, *more)


def test_an_input_is_never_overwritten(data: Path) -> None:
    with pytest.raises(InputError, match="must not overwrite an input"):
        told(data, "--plot", str(data / "train.csv"))
    with pytest.raises(InputError, match=r"folder of gain\.json must exist"):
        told(data, output="absent/gain.json")


def test_labels_are_mapped_where_another_label_set_is_scored_in(tmp_path: Path) -> None:
    fine = {"joy": "gratitude", "sadness": "grief", "anger": "annoyance", "fear": "nervousness"}
    extra = [(f"yuck {n}", "disgust") for n in range(9)] + [(f"oh {n}", "surprise") for n in range(9)]
    extra += [(f"table {n}", "neutral") for n in range(9)]
    for name, seed in (("train", 1), ("test", 2)):
        rows = [(f"{text} {name}", fine[label]) for text, label in lines(80, seed)]
        write(tmp_path / f"{name}.csv", [*rows, *((f"{text} {name}", label) for text, label in extra)])
    given = ["--real", str(tmp_path / "train.csv"), "--test", str(tmp_path / "test.csv"), "--taxonomy", "goemotions"]
    given += ["--at", "ekman", "-o", str(tmp_path / "g.json"), "--size", "4", "--seeds", "1", "--classifier", "tfidf"]
    app(["augment-eval", *given, "--bootstrap", "0"], result_action="return_value")
    found = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    assert found["taxonomy"]["name"] == "ekman"
    assert found["data"]["test"]["per_label"]["disgust"] == 9
    assert found["outcomes"][0]["arms"]["eda"]["gain"]["interval"] is None
