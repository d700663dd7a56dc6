"""`thymos adapters` with every kind of folder that Thymos writes: adapters, whole models, merged ones, encoders."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.recipes import dialogues, lines, recipe, write_corpus, write_dialogues
from thymos.adapters.llm.adapter import read_card
from thymos.adapters.llm.files import CARD
from thymos.agent.cli import app
from thymos.agent.cli.adapters import command
from thymos.agent.cli.label import usual_turns
from thymos.agent.labeler import Labeler
from thymos.finetune.merge import merge_adapter
from thymos.finetune.publish import publish
from thymos.finetune.tune import tune
from thymos.prompts.errors import InputError, ModelError, OutputError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder, "invented", 120, seed=1)
    return folder


@pytest.fixture(scope="module")
def tuned(tiny_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders by kind."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for method in ("lora", "full"):
        told = recipe(tiny_model, train={"method": method, "epochs": 1})
        made[method] = publish(tune(told, data, folder / method), told, folder / method)
    made["merged"] = folder / "merged"
    merge_adapter(str(made["lora"]), made["merged"])
    return made


def call(*words: object) -> None:
    command([str(word) for word in words], result_action="return_value")


def scored(folder: Path, model: Path, data: Path, out: Path, kind: str) -> Path:
    """Label dev and score it; return the score file."""
    dev = str(data / "invented-dev.csv")
    which = ["--model", str(model), "--adapter", str(folder)] if kind == "lora" else ["--model", str(folder)]
    app(["label", dev, "-o", str(out), *which, "--taxonomy", "ekman", "--quiet"], result_action="return_value")
    app(["eval", str(out), "--gold", dev, "--label-column", "emotion", "--no-plots"], result_action="return_value")
    return out.with_suffix(".scores.json")


@pytest.mark.parametrize("kind", ["lora", "full", "merged"])
def test_what_was_tuned_can_be_shown_scored_and_calibrated_again(
    kind: str, tuned: dict[str, Path], tiny_model: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tuned[kind]
    call("info", folder)
    call("push-folder", folder, "me/mine", "--dry-run")
    said = " ".join(capsys.readouterr().out.split())
    assert {"lora": "--adapter tiny", "full": "--model tiny", "merged": "--model tiny"}[kind] in said
    assert {"lora": "A LoRA", "full": "A fully tuned", "merged": "merged into its base model"}[kind] in said
    scores = scored(folder, tiny_model, data, tmp_path / "out.parquet", kind)
    call("describe", folder, "--scores", scores)
    card = read_card(folder)
    assert card is not None
    assert [each["rows"] for each in card.facts["scores"]] == [40]
    call("calibrate", folder, "-o", tmp_path / "again", "--data", data)
    texts = [text for text, _ in lines(9, seed=8)]
    again = Labeler.from_pretrained(
        str(tiny_model) if kind == "lora" else str(tmp_path / "again"),
        taxonomy="ekman",
        adapter=str(tmp_path / "again") if kind == "lora" else None,
    )
    assert again.identity()["calibration"] == "fitted"
    assert len(list(again.label(texts))) == 9
    with pytest.raises(InputError, match="new folder"):
        call("calibrate", folder, "-o", tmp_path / "again", "--data", data)


def test_scores_of_an_earlier_calibration_or_of_rows_that_were_changed_do_not_get_into_a_card(
    tuned: dict[str, Path], tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    scores = scored(tuned["lora"], tiny_model, data, tmp_path / "out.parquet", "lora")
    before = json.loads(scores.read_text())
    for change, said in (("temperature", "an earlier calibration"), ("as_written", "were changed since")):
        told = json.loads(scores.read_text())
        if change == "temperature":
            told["predictions"]["provenance"]["identity"]["labeler"]["temperature"] += 0.25
        else:
            told["predictions"]["as_written"] = False
        (tmp_path / "other.scores.json").write_text(json.dumps(told))
        with pytest.raises(InputError, match=said):
            call("describe", tuned["lora"], "--scores", tmp_path / "other.scores.json")
    assert before["predictions"]["as_written"] is True


def test_cards_stay_whole_where_the_disk_is_full(
    tuned: dict[str, Path], tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = scored(tuned["lora"], tiny_model, data, tmp_path / "out.parquet", "lora")
    before = {path.name: path.read_bytes() for path in tuned["lora"].iterdir()}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="what was saved before stays"):
        call("describe", tuned["lora"], "--scores", scores)
    assert {path.name: path.read_bytes() for path in tuned["lora"].iterdir()} == before


def test_a_whole_model_is_no_adapter(tuned: dict[str, Path], tiny_model: Path) -> None:
    with pytest.raises(ModelError, match=r"got the whole model .*; it needs none"):
        Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(tuned["full"]))


def test_cards_that_are_of_no_adapter_do_not_keep_the_others_from_the_list(
    tuned: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / CARD).write_text('{"kind": "face"}', encoding="utf-8")
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / CARD).write_bytes((tuned["lora"] / CARD).read_bytes())
    call("list", tmp_path)
    told = capsys.readouterr()
    assert "ekman" in told.out
    assert "not listed" in told.err
    assert "encoder" in told.err.replace("\n", "")


def test_a_merged_model_shows_the_turns_that_its_adapter_was_tuned_with(tiny_model: Path, tmp_path: Path) -> None:
    write_dialogues(tmp_path)
    told = recipe(tiny_model, corpora=[dialogues()], train={"epochs": 1})
    folder = publish(tune(told, tmp_path, tmp_path / "run"), told, tmp_path / "run")
    merge_adapter(str(folder), tmp_path / "merged")
    assert usual_turns(str(tiny_model), str(folder), "ekman") == 100
    assert usual_turns(str(tmp_path / "merged"), "none", "ekman") == 100
    assert usual_turns(str(tiny_model), "none", "ekman") != 100
