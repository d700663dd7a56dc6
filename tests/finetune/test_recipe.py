"""Recipes: every shipped one is whole, every wrong one is told."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from thymos.adapters.llm.adapter import adapter_folder, shipped_adapters
from thymos.finetune.recipe import Recipe, load_recipe, read_recipe, shipped_recipes, without
from thymos.finetune.recipe_parts import deciding
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_shipped_recipe_names_what_there_is(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    for corpus in recipe.corpora:
        assert corpus.held_out or corpus.train_where, "a published test split must never be learnt from"
        load_taxonomy(corpus.taxonomy)
        for target in corpus.also_as:
            load_map(corpus.taxonomy, target)
    if recipe.start_from in shipped_adapters():
        start = json.loads((adapter_folder(recipe.start_from) / "adapter_config.json").read_text())
        assert (start["r"], start["lora_alpha"]) == (recipe.lora.rank, recipe.lora.alpha)
        assert min(start["layers_to_transform"]) == recipe.train.freeze_layers


def test_the_default_adapter_learns_from_permissive_data_only() -> None:
    recipe = load_recipe("goemotions")
    assert recipe.licence == "Apache-2.0"
    assert [corpus.name for corpus in recipe.corpora] == ["goemotions"]


def test_a_change_on_the_command_line_wins() -> None:
    changed = load_recipe("goemotions", {"train.epochs": 0.5, "lora.rank": 4, "corpora.0.also_as": ["ekman"]})
    assert (changed.train.epochs, changed.lora.rank, changed.corpora[0].also_as) == (0.5, 4, ("ekman",))
    assert changed.train.learning_rate == load_recipe("goemotions").train.learning_rate


@pytest.mark.parametrize(("changes", "asked"), [({}, 4), ({"vary.share": 0}, 0), ({"vary.translate": 0}, 0)])
def test_rows_are_asked_in_other_label_sets_only_where_anything_varies(changes: dict[str, Any], asked: int) -> None:
    recipe = load_recipe("goemotions", changes)
    assert len(recipe.asked_as(recipe.corpora[0])) == asked


def test_a_recipe_can_do_without_some_of_its_corpora() -> None:
    whole = load_recipe("all", {"corpora.0.weight": 3})
    left = without(whole, ["dair", "meld"])
    assert [corpus.name for corpus in left.corpora] == ["goemotions", "dailydialog", "empathetic"]
    assert left.corpora[0].weight == 3
    asked = {name for corpus in left.corpora for name in (corpus.taxonomy, *corpus.also_as)}
    assert asked == {
        "goemotions",
        "dailydialog",
        "empathetic",
        "ekman",
        "plutchik",
        "sentiment",
    }  # no other asks in theirs
    assert left.description == f"{whole.description} Tuned without meld, dair."
    assert left.name == "all-without-meld-dair"
    assert without(whole, ["meld", "dair", "meld"]) == left
    assert without(whole, []) == whole
    alone = without(whole, ["dair", "meld", "dailydialog", "empathetic"])
    assert (alone.corpora[0].name, alone.corpora[0].weight) == ("goemotions", 1)
    assert Recipe.model_validate(alone.model_dump()) == alone


@pytest.mark.parametrize(
    ("recipe", "names", "said"),
    [("all", ["dialy"], "must be one of goemotions, .*'dialy'"), ("meld", ["meld"], "a corpus must be left")],
)
def test_leaving_out_what_is_not_there_or_all_is_told(recipe: str, names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        without(load_recipe(recipe), names)


def broken(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load(yaml.safe_dump(load_recipe("goemotions").model_dump(mode="json"))) | changes  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (broken(trian={}), "did you mean 'train'"),
        (broken(train={"learning_rat": 1}), r"train\.learning_rat.*learning_rate"),
        (broken(train={"epochs": -1}), r"train\.epochs.*got -1"),
        (broken(corpora=[]), "corpora"),
        (broken(corpora=[{"name": "x"}]), r"corpora\.0\.train.*must be there"),
        (broken(corpora=[*broken()["corpora"], *broken()["corpora"]]), "must differ"),
        (broken(name="../evil"), "name"),
        ([1, 2], "keys with values"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(content: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(str(path))
    assert "\n" not in str(caught.value)


def test_what_is_no_yaml_or_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "run.yaml").write_text("!!python/object/apply:os.system [ls]", encoding="utf-8")
    for name, said in (("bad.yaml", "must be YAML"), ("run.yaml", "must be YAML"), ("absent.yaml", "goemotions")):
        with pytest.raises(InputError, match=said):
            load_recipe(str(tmp_path / name))
    with pytest.raises(InputError, match="did you mean 'goemotions'"):
        load_recipe("goemotion")


@pytest.mark.parametrize("key", ["train.epochs.more", "corpora.7.name", "corpora.x.name"])
def test_a_change_of_no_key_is_told(key: str) -> None:
    with pytest.raises(InputError):
        load_recipe("goemotions", {key: 1})


def test_every_key_is_documented() -> None:
    def check(model: Any) -> None:
        for name, field in model.model_fields.items():
            assert f"    {name}:" in (model.__doc__ or ""), f"{model.__name__}.{name}"
            for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if hasattr(inner, "model_fields"):
                    check(inner)

    check(Recipe)


@pytest.mark.parametrize("name", ["goemotions", "writer", "explain", "voice"])
def test_keys_that_change_nothing_do_not_tell_runs_apart(name: str) -> None:
    """A run from before there were such keys must go on."""
    recipe = read_recipe(name)
    told = deciding(recipe)
    assert "align_cues" not in told["train"] and "engine" not in told["train"] and "learning_rate" in told["train"]
    assert all("weight" not in each for part in told.values() if isinstance(part, list) for each in part)


def test_keys_that_change_something_do() -> None:
    changed = deciding(load_recipe("all", {"corpora.4.weight": 3}))
    assert [each.get("weight") for each in changed["corpora"]] == [None, None, None, None, 3]
    cued = {"streams.0.baseline": "none", "train.align_cues": 0.5}
    assert deciding(load_recipe("voice", cued))["train"]["align_cues"] == 0.5


@pytest.mark.parametrize(
    ("name", "changes", "wrong"),
    [
        ("dair", {"corpora.0.weight": 2}, "weight must be left out with one corpus"),
        ("all", {"corpora.4.weight": 0}, "greater than 0"),
        ("all", {"corpora.4.weight": float("inf")}, "finite"),
        ("writer", {"corpora.0.weight": 2}, "weight must be left out of a model that writes"),
        ("explain", {"causes.0.weight": 2}, "weight must be left out of a model that writes"),
        ("writer", {"train.align_cues": 0.5}, "align_cues must be left out of a model that writes"),
        ("voice", {"train.align_cues": 0.5}, "baseline is speaker"),
        ("stress", {"train.align_cues": 0.5, "train.align_epochs": 0}, "align_cues must go with align_epochs"),
    ],
)
def test_what_would_be_ignored_or_mean_nothing_is_refused(name: str, changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        read_recipe(name, changes)
