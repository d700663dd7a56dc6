"""Corpora that share a label set are calibrated together, none of them forgotten."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.recipes import lines, recipe, write_corpus
from thymos.adapters.llm.adapter import read_card
from thymos.finetune.publish import publish
from thymos.finetune.recalibrate import recalibrate
from thymos.finetune.recipe import Recipe
from thymos.finetune.tune import tune
from thymos.prompts.errors import InputError
from thymos.retrieval.votes import load_votes, votes_file


def two(model: Path, **other: Any) -> Recipe:
    """A recipe over two corpora; `other` is told of the second."""
    told = recipe(model).model_dump(mode="json")
    (one,) = told["corpora"]
    more = one | {"name": "other", "train": "other-train.csv", "dev": "other-dev.csv", "context_turns": 3} | other
    return Recipe.model_validate(told | {"corpora": [one, more]})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder, "invented", 60, seed=1)
    write_corpus(folder, "other", 90, seed=7)
    with (folder / "other-train.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines(20, 3))
    return folder


def test_corpora_of_one_label_set_are_calibrated_together(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = two(tiny_model, votes=True)
    folder = publish(tune(told, data, tmp_path), told, tmp_path)
    card = read_card(folder)
    assert card is not None
    assert card.confidence["ekman"].rows == 20 + 30
    assert card.context_turns == {"ekman": 3}
    assert list(card.facts["dev"]) == ["invented, other"]
    assert card.facts["dev"]["invented, other"]["rows"] == 50
    assert "| invented, other | 50 |" in (folder / "README.md").read_text()
    assert card.facts["dev"]["invented, other"]["votes_weight"] > 0
    assert (
        load_votes(folder / votes_file("ekman"))[0].votes.examples
        == 110 - card.facts["corpora"][1]["left"]["repeated"] - card.facts["corpora"][1]["left"]["held_out"]
    )
    again = recalibrate(str(folder), tmp_path / "again", data)
    assert again["invented, other"] == pytest.approx(card.facts["dev"]["invented, other"], abs=0.02)


def test_label_sets_of_one_name_that_differ_are_told_before_anything_is_learnt(
    tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    for name, labels in (("one", "joy, sadness, anger, fear"), ("two", "fear, joy, sadness, anger")):
        (tmp_path / f"{name}.yaml").write_text(f"name: mood\nlabels: [{labels}]\n", encoding="utf-8")
    told = two(tiny_model, taxonomy=str(tmp_path / "two.yaml"), also_as=[]).model_dump(mode="json")
    told["corpora"][0] |= {"taxonomy": str(tmp_path / "one.yaml"), "also_as": []}
    with pytest.raises(InputError, match="got 'mood' twice with other labels or words; rename that of other"):
        tune(Recipe.model_validate(told), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()
