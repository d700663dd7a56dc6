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
def test_the_cards_of_what_ships_can_be_written_again(name: str) -> None:
    card = card_of(name)
    assert model_card(card).startswith("---\nlicense: ")
    assert str(card.facts["commit"]) in model_card(card)
    for corpus in card.facts["corpora"]:
        assert corpus["source"] in data_card(card)


def test_a_card_says_which_adapter_its_own_goes_on_from() -> None:
    card = card_of("goemotions")
    assert "goes on from" not in model_card(card)
    recipe = {**card.facts["recipe"], "start_from": "some/other"}
    assert "| goes on from | `some/other`" in model_card(replace(card, facts={**card.facts, "recipe": recipe}))


def test_a_figure_stands_beside_what_was_aimed_at() -> None:
    card = card_of("goemotions")
    first, *_ = card.facts["scores"]
    row = {key: value for key, value in first.items() if key != "aim"}
    told = model_card(replace(card, facts={**card.facts, "scores": [{**row, "aim": "balance"}, row]}))
    assert "| goemotions | balance | 0.529 |" in told
    assert "| goemotions | not noted | 0.529 |" in told
