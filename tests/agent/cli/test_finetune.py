"""`thymos finetune` and `thymos adapters` as a user meets them."""

import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from tests.finetune.recipes import recipe, write_corpus
from thymos.adapters.llm.files import files_digest
from thymos.agent.cli import app
from thymos.agent.cli.adapters import command
from thymos.agent.cli.finetune import say_if_met
from thymos.agent.labeler import Labeler
from thymos.finetune.recipe import load_recipe
from thymos.prompts.errors import InputError, ModelError, OutputError


@pytest.fixture(scope="module")
def run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `thymos finetune` leaves behind."""
    folder = tmp_path_factory.mktemp("finetune")
    write_corpus(folder, "invented", 60, seed=1)
    (folder / "mine.yaml").write_text(yaml.safe_dump(recipe(tiny_model).model_dump(mode="json")), encoding="utf-8")
    told = [str(folder / "mine.yaml"), "-o", str(folder / "run"), "--data", str(folder), "--set", "train.epochs=1"]
    app(["finetune", *told, "--quiet"], result_action="return_value")
    return folder / "run"


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    command(arguments, result_action="return_value")
    return capsys.readouterr().out


def test_a_run_leaves_adapter_history_and_curves(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {
        "adapter",
        "checkpoints",
        "curves.png",
        "history.jsonl",
        "tensorboard",
    }
    assert {path.name for path in (run / "adapter").iterdir()} == {
        "README.md",
        "DATA.md",
        "thymos.json",
        "adapter_config.json",
        "adapter_model.safetensors",
    }


def test_adapters_of_a_folder_are_listed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = said(["list", str(run)], capsys)
    assert "ekman" in listed
    assert "CC0-1.0" in listed
    with pytest.raises(InputError, match="folder must be there"):
        command(["list", str(run / "absent")], result_action="return_value")


def test_the_card_is_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(["info", str(run / "adapter")], capsys)
    assert "Intended use and limits" in shown
    assert "base_model:" not in shown


def test_a_merged_folder_is_a_model(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "wrote" in said(["merge", str(run / "adapter"), "-o", str(tmp_path / "merged")], capsys)
    assert Labeler.from_pretrained(str(tmp_path / "merged"), taxonomy="ekman").label(["so"])


def test_a_dry_push_says_what_would_be_sent(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(["push-folder", str(run / "adapter"), "me/mine", "--dry-run"], capsys)
    assert "adapter_model.safetensors" in shown
    assert "sent" not in shown


def test_a_push_without_a_network_is_one_sentence(run: Path) -> None:
    with pytest.raises(OutputError, match="hub must take the folder"):
        command(["push-folder", str(run / "adapter"), "me/mine"], result_action="return_value")


@pytest.mark.parametrize("name", ["no-such-adapter", "."])
def test_what_is_no_adapter_is_told(name: str) -> None:
    with pytest.raises(ModelError, match="adapter must be"):
        command(["info", name], result_action="return_value")


def test_a_change_without_a_value_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key=value"):
        app(["finetune", "goemotions", "-o", str(tmp_path), "--set", "train.epochs"], result_action="return_value")


@pytest.mark.parametrize(("recipe", "said"), [("goemotions", "must be one of goemotions"), ("writer", "that labels")])
def test_what_can_not_be_left_out_is_told(recipe: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        app(["finetune", recipe, "-o", str(tmp_path), "--leave-out", "dair"], result_action="return_value")


def test_what_a_recipe_starts_from_may_know_what_is_left_out() -> None:
    told = Console(record=True, width=200)
    say_if_met(load_recipe("all"), ["dair"], told)
    assert "starts from goemotions: goemotions has learnt from goemotions and was asked in the label set dair" in (
        said := told.export_text()
    )
    assert "--set start_from=null" in said
    say_if_met(load_recipe("all"), ["empathetic"], told)
    say_if_met(load_recipe("all", {"start_from": None}), ["dair", "goemotions"], told)
    say_if_met(load_recipe("all"), [], told)
    assert told.export_text() == ""
    say_if_met(load_recipe("all"), ["goemotions"], told)
    assert "has learnt from goemotions and was asked in the label set goemotions" in told.export_text()


@pytest.mark.parametrize("rank", ["0", "1"])
def test_one_of_several_processes_says_it_for_all(
    rank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", rank)
    with pytest.raises(InputError):  # there is no data
        app(
            ["finetune", "all", "-o", str(tmp_path), "--data", str(tmp_path), "--leave-out", "dair"],
            result_action="return_value",
        )
    assert ("starts from goemotions" in capsys.readouterr().err) == (rank == "0")


def test_figures_of_this_adapter_get_into_its_card_and_change_no_answer(run: Path, tiny_model: Path) -> None:
    folder, adapter = run.parent, str(run / "adapter")
    digest = files_digest(run / "adapter")
    out = str(folder / "out.parquet")
    dev = str(folder / "invented-dev.csv")
    told = ["--model", str(tiny_model), "--taxonomy", "ekman", "--coverage", "0.9", "--quiet"]
    app(["label", dev, "-o", out, "--adapter", adapter, *told], result_action="return_value")
    app(["eval", out, "--gold", dev, "--label-column", "emotion", "--no-plots"], result_action="return_value")
    scores = json.loads((folder / "out.scores.json").read_text())
    assert 0.8 < scores["label_sets"]["covered"] <= 1
    command(["describe", adapter, "--scores", str(folder / "out.scores.json")], result_action="return_value")
    assert f"| likeliest | {scores['metrics']['macro_f1']:.3f} |" in (run / "adapter" / "README.md").read_text()
    assert files_digest(run / "adapter") == digest
    for aim in ("balance", "emotions"):
        other = str(folder / f"{aim}.parquet")
        app(["label", dev, "-o", other, "--adapter", adapter, *told, "--aim", aim], result_action="return_value")
        app(["eval", other, "--gold", dev, "--label-column", "emotion", "--no-plots"], result_action="return_value")
        command(
            ["describe", adapter, "--scores", other.replace(".parquet", ".scores.json")], result_action="return_value"
        )
        told_now = (run / "adapter" / "README.md").read_text()
        assert [name for name in ("likeliest", "balance", "emotions") if f"| {name} |" in told_now] == [aim]


def test_scores_of_another_model_do_not_get_into_the_card(run: Path, tmp_path: Path) -> None:
    (tmp_path / "a.scores.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="thymos eval"):
        command(
            ["describe", str(run / "adapter"), "--scores", str(tmp_path / "a.scores.json")],
            result_action="return_value",
        )
