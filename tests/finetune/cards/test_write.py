"""Cards: every adapter's can be written again, whichever version made it."""

from dataclasses import replace

import pytest

from thymos.adapters.llm.adapter import AdapterCard, adapter_folder, read_card, shipped_adapters
from thymos.finetune.cards.write import data_card, model_card


def card_of(name: str) -> AdapterCard:
    card = read_card(adapter_folder(name))
    assert card is not None
    return card


@pytest.mark.parametrize("name", shipped_adapters())
def test_the_cards_of_what_ships_are_what_would_be_written(name: str) -> None:
    card, folder = card_of(name), adapter_folder(name)
    assert model_card(card) == (folder / "README.md").read_text(encoding="utf-8")
    assert data_card(card) == (folder / "DATA.md").read_text(encoding="utf-8")
    assert str(card.facts["commit"]) in model_card(card)


def test_a_card_says_which_adapter_its_own_goes_on_from() -> None:
    card = card_of("goemotions")
    assert "goes on from" not in model_card(card)
    recipe = {**card.facts["recipe"], "start_from": "some/other"}
    assert "| goes on from | `some/other`" in model_card(replace(card, facts={**card.facts, "recipe": recipe}))


def test_the_data_card_names_what_was_learnt_before() -> None:
    card = card_of("meld")
    assert "## goemotions, through `goemotions`, which it goes on from" in data_card(card)
    assert "CC BY 4.0 (data)" in data_card(card)
    assert "datasets:\n- meld\n- goemotions\n" in model_card(card)
    twice = {**card_of("meld").facts, "through": [*card.facts["through"], *card.facts["through"]]}
    assert model_card(replace(card, facts=twice)).count("- goemotions\n") == 1
    assert "through" not in data_card(card_of("goemotions"))


def test_a_figure_stands_beside_what_was_aimed_at() -> None:
    card = card_of("goemotions")
    first, *_ = card.facts["scores"]
    row = {key: value for key, value in first.items() if key != "aim"}
    told = model_card(replace(card, facts={**card.facts, "scores": [{**row, "aim": "balance"}, row]}))
    assert "| goemotions | balance | 0.529 |" in told
    assert "| goemotions | not noted | 0.529 |" in told
