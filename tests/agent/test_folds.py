"""Cross-validation over texts; over voices it is in `tests/finetune/test_listening.py`."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.finetune.recipes import lines, recipe
from thymos.agent.folds import cross_validate
from thymos.finetune.recipe import Recipe
from thymos.prompts.errors import InputError


def write_folds(folder: Path, names: Sequence[str], step: int = 1) -> None:
    """Eighty texts in two folds, twenty of them to look at."""
    with (folder / "invented-train.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [
            (text, label, names[place // step % 2], "train" if place < 60 else "dev")
            for place, (text, label) in enumerate(lines(80, 5))
        ]
        csv.writer(file).writerows([("text", "emotion", "fold", "part"), *rows])


def told(model: Path, method: str) -> Recipe:
    whole = recipe(model, train={"method": method, "epochs": 1}).model_dump(mode="json")
    whole["corpora"][0] |= {"dev": "invented-train.csv", "train_where": ["part=train"], "dev_where": ["part=dev"]}
    return Recipe.model_validate(whole)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_each_fold_is_labelled_by_what_did_not_learn_from_it_and_folds_dealt_anew_are_not_taken_for_the_same(
    method: str, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folds(tmp_path, ["a", "b"])
    path = cross_validate(told(tiny_model, method), tmp_path, tmp_path / "run", "fold")
    assert len(path.read_text().splitlines()) == 80
    assert all(json.loads(line)["labels"] for line in path.read_text().splitlines())
    monkeypatch.setattr("thymos.agent.folds.tune", lambda *_, **__: pytest.fail("it was trained again"))
    cross_validate(told(tiny_model, method), tmp_path, tmp_path / "run", "fold", aim="balance")
    write_folds(tmp_path, ["a", "b"], step=2)
    with pytest.raises(InputError, match=r"of the same rows, got .*fold-a, which learnt from invented-train.csv when"):
        cross_validate(told(tiny_model, method), tmp_path, tmp_path / "run", "fold", aim="balance")


@pytest.mark.parametrize("name", ["Mary, Ann", " a"])
def test_folds_that_no_condition_can_name_are_told_before_anything_is_learnt(
    name: str, tiny_model: Path, tmp_path: Path
) -> None:
    write_folds(tmp_path, [name, "b"])
    with pytest.raises(InputError, match=f"neither commas nor spaces around them, got '{name}' in 'fold'"):
        cross_validate(told(tiny_model, "lora"), tmp_path, tmp_path / "run", "fold")
    assert not (tmp_path / "run").exists()
