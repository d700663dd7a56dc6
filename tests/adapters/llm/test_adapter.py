"""Adapters that ship: whole, small, for the base that is there, with filled cards; and cards that are wrong."""

import json
from pathlib import Path

import pytest

from thymos.adapters.llm.adapter import (
    DEFAULT_ADAPTERS,
    WEIGHTS,
    WRITERS,
    adapter_folder,
    default_adapter,
    read_card,
    shipped_adapters,
)
from thymos.adapters.weights import DEFAULT, EMBEDDED
from thymos.finetune.recipe import read_recipe
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import ModelError
from thymos.prompts.template import WRITING
from thymos.retrieval.heard import Heard

LARGEST = 20_000_000  # bytes


@pytest.mark.parametrize("name", shipped_adapters())
def test_a_shipped_adapter_is_whole(name: str) -> None:
    folder = adapter_folder(name)
    card = read_card(folder)
    assert card is not None
    assert card.name == name
    assert card.base_sha256 == EMBEDDED[card.base].sha256
    assert (folder / WEIGHTS).stat().st_size < LARGEST
    assert {path.suffix for path in folder.iterdir()} == {".json", ".md", ".safetensors"}
    model = (folder / "README.md").read_text(encoding="utf-8")
    assert card.prompt == WRITING or "On test splits" in model or "By cross-validation" in model
    assert "AI Act" in model
    for taxonomy in card.confidence:
        assert card.confidence_for(load_taxonomy(taxonomy)) is not None


@pytest.mark.parametrize("name", shipped_adapters())
def test_a_shipped_adapter_was_made_by_the_shipped_recipe(name: str) -> None:
    card = read_card(adapter_folder(name))
    assert card is not None
    recipe = read_recipe(name)
    assert type(recipe).model_validate(card.facts["recipe"]) == recipe


def test_the_writer_of_the_default_model_writes_and_knows_what_it_was_trained_on() -> None:
    folder = adapter_folder(WRITERS[DEFAULT])
    card = read_card(folder)
    assert card is not None
    assert card.prompt == WRITING
    assert "not for commercial use" in (folder / "README.md").read_text(encoding="utf-8")
    heard = Heard.load(folder)
    assert heard is not None
    assert len(heard) > 50_000


def test_the_default_is_there_and_its_licence_is_permissive() -> None:
    assert default_adapter(DEFAULT) in shipped_adapters()
    for base in DEFAULT_ADAPTERS:
        card = read_card(adapter_folder(DEFAULT_ADAPTERS[base]))
        assert card is not None
        assert card.licence == "Apache-2.0"
    assert default_adapter("some/other-model") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "must be whole"),
        ("[]", "must be whole"),
        ('{"version": 1}', "must be whole"),
        ('{"version": 99}', "update Thymos"),
    ],
)
def test_a_damaged_card_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "thymos.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        read_card(tmp_path)


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    card = read_card(adapter_folder(shipped_adapters()[0]))
    assert card is not None
    (tmp_path / "thymos.json").write_text(json.dumps(card.as_json()), encoding="utf-8")
    assert read_card(tmp_path) == card


def test_a_folder_without_a_card_is_no_error(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
