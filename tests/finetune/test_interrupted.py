"""Wherever a training is interrupted, it ends as if it had not been."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.finetune.recipes import recipe, write_corpus
from thymos.adapters.scoring.general import GeneralTuned
from thymos.finetune.instruct import corpora
from thymos.finetune.recipe import Recipe
from thymos.finetune.training.dev import DevSplit
from thymos.finetune.training.history import read
from thymos.finetune.training.loop import State
from thymos.finetune.tune import Tuned, tune
from thymos.prompts.errors import InputError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder, "invented", 120, seed=1)
    return folder


def once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, before: Callable[[], Any]) -> None:
    """Let a function do something and be interrupted at one of its calls."""
    whole = getattr(owner, name)
    calls: list[None] = []

    def interrupted(*args: Any, **options: Any) -> Any:
        calls.append(None)
        if len(calls) == call:
            before()
            raise KeyboardInterrupt
        return whole(*args, **options)

    monkeypatch.setattr(owner, name, interrupted)


def figures(folder: Path) -> list[tuple[Any, ...]]:
    """Every step's loss and every look, in order."""
    return [
        (line["kind"], line["step"], line.get("loss") or line["corpora"]["invented"]["loss"]) for line in read(folder)
    ]


def check_alike(told: Recipe, data: Path, folder: Path, remark: str) -> None:
    """A run that goes on in a folder, and one that never stopped."""
    remarks: list[str] = []
    gone_on, whole = tune(told, data, folder, on_remark=remarks.append), tune(told, data, folder.parent / "whole")
    assert remarks == [remark]
    assert figures(folder) == [
        (*name, pytest.approx(value, rel=1e-4)) for *name, value in figures(folder.parent / "whole")
    ]
    assert gone_on.best_step == whole.best_step
    weights: list[dict[str, Any]] = [each.trainee.trained() for each in (gone_on, whole)]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-5) for name in weights[1])


@pytest.mark.parametrize("call", [1, 2])
def test_a_look_at_dev_that_was_interrupted_is_done_again(
    call: int, tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = recipe(tiny_model, train={"epochs": 2, "average": 0.9})
    once(monkeypatch, DevSplit, "look", call, lambda: None)
    with pytest.raises(KeyboardInterrupt):
        tune(told, data, tmp_path / "run")
    steps = sum(line["kind"] == "step" for line in read(tmp_path / "run"))
    check_alike(told, data, tmp_path / "run", f"goes on after step {steps}")


def test_random_numbers_of_a_step_that_was_interrupted_are_drawn_again(
    tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = recipe(tiny_model, lora={"rank": 4, "dropout": 0.3}, train={"epochs": 2, "engine": "general"})
    once(monkeypatch, GeneralTuned, "forward", 5, lambda: torch.rand(7))
    with pytest.raises(KeyboardInterrupt):
        tune(told, data, tmp_path / "run")
    check_alike(told, data, tmp_path / "run", "goes on after step 4")


def test_an_update_that_was_interrupted_is_not_saved(
    tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = recipe(tiny_model, train={"epochs": 2, "checkpoint_minutes": 1e-6})
    kept: dict[str, Any] = {}
    begun = State.__post_init__

    def seen(state: State) -> None:
        kept.update(state.parameters)
        begun(state)

    @torch.no_grad()
    def half() -> None:
        next(iter(kept.values())).add_(1)

    monkeypatch.setattr(State, "__post_init__", seen)
    once(monkeypatch, torch.optim.AdamW, "step", 5, half)
    with pytest.raises(KeyboardInterrupt):
        tune(told, data, tmp_path / "run")
    check_alike(told, data, tmp_path / "run", "goes on after step 4")


def test_a_run_that_stopped_early_has_stopped_for_good(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model, train={"epochs": 4, "learning_rate": 1e-9, "evaluations": 8, "patience": 1})

    def run() -> tuple[Tuned, list[tuple[Any, ...]]]:
        return tune(told, data, tmp_path), figures(tmp_path)

    (first, history), (again, same) = run(), run()
    assert (first.steps, again.steps) == (2 * first.best_step, 2 * first.best_step)  # two of eight looks
    assert (again.best_step, same) == (first.best_step, history)


def test_a_label_set_that_was_edited_meanwhile_makes_another_run(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    moods = tmp_path / "mood.yaml"
    told = recipe(tiny_model).model_dump(mode="json")
    told["corpora"][0] |= {"taxonomy": str(moods), "also_as": []}
    moods.write_text("name: mood\nlabels: [joy, sadness, anger, fear]\n", encoding="utf-8")
    first = tune(Recipe.model_validate(told), data, tmp_path / "run").fingerprint
    assert tune(Recipe.model_validate(told), data, tmp_path / "run").fingerprint == first
    moods.write_text("name: mood\nlabels: [fear, joy, sadness, anger]\n", encoding="utf-8")
    with pytest.raises(InputError, match="another recipe, data, label set or model"):
        tune(Recipe.model_validate(told), data, tmp_path / "run")


def test_a_version_that_keeps_other_rows_makes_another_run(
    tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = recipe(tiny_model, train={"epochs": 1})
    tune(told, data, tmp_path)
    kept = corpora._without_repeats
    monkeypatch.setattr(corpora, "_without_repeats", lambda samples: kept(samples)[1:])
    with pytest.raises(InputError, match="another recipe, data, label set or model"):
        tune(told, data, tmp_path)
