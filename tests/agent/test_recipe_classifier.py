"""A recipe as a classifier: it learns from what it is given, without what was made of its dev rows."""

from pathlib import Path

import pytest
import yaml

from tests.finetune.recipes import lines, recipe
from thymos.agent.recipe_classifier import RecipeClassifier
from thymos.finetune.augment.values import Added, Row, Training
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError


@pytest.fixture
def told(tiny_model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(recipe(tiny_model).model_dump(mode="json")), encoding="utf-8")
    return path


def test_a_recipe_learns_labels_and_leaves_nothing_behind(told: Path, tmp_path: Path) -> None:
    real = tuple(Row(str(n), text, (label,)) for n, (text, label) in enumerate(lines(60, 1)))
    added = (Added(*((text := lines(1, 9)[0])[0], (text[1],)), None, 3), Added("made of the first", real[0].labels, 0))
    classifier = RecipeClassifier(str(told), "ekman", tmp_path / "work")
    texts = [text for text, _ in lines(20, 5)]
    found, chosen = classifier.label(Training(real, added), texts, 0)
    assert found.shape == (20, len(load_taxonomy("ekman")))
    assert (found.sum(axis=1) == 1).all()
    assert chosen == {}
    assert not (tmp_path / "work").exists()
    again, _ = classifier.label(Training(real, added), texts, 0)
    assert (again == found).all()


def test_another_recipe_has_another_fingerprint(told: Path, tiny_model: Path, tmp_path: Path) -> None:
    first = RecipeClassifier(str(told), "ekman", tmp_path / "work").fingerprint
    assert RecipeClassifier(str(told), "ekman", tmp_path / "work").fingerprint == first
    other = recipe(tiny_model, train={"epochs": 3}).model_dump(mode="json")
    told.write_text(yaml.safe_dump(other), encoding="utf-8")
    assert RecipeClassifier(str(told), "ekman", tmp_path / "work").fingerprint != first


def test_no_recipe_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="recipe"):
        RecipeClassifier("no-such-recipe", "ekman", tmp_path)
