"""Lineage: what an adapter and those before it have learnt from."""

import json
from pathlib import Path

import pytest

from thymos.adapters.llm.adapter import WEIGHTS
from thymos.adapters.llm.files import CARD
from thymos.finetune.lineage import learnt
from thymos.prompts.errors import ModelError


def test_what_ships_names_all_that_it_has_learnt_from() -> None:
    assert [(each.adapter, each.corpus) for each in learnt("voice")] == [
        ("voice", "ravdess"),
        ("face", "fer2013"),
        ("goemotions", "goemotions"),
    ]
    (own,) = learnt("goemotions")
    assert own.label_sets == ("goemotions", "ekman", "plutchik", "dair", "sentiment")
    assert "CC BY 4.0" in own.licence


def test_nothing_to_start_from_has_learnt_nothing() -> None:
    assert learnt(None) == ()
    with pytest.raises(ModelError, match="adapter must be"):
        learnt("no-such-adapter")


def test_the_line_ends_where_a_card_is_absent_names_itself_or_another_machine(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"")
    assert learnt(str(tmp_path)) == ()
    card = json.loads((Path(__file__).parents[2] / "adapters" / "shipped" / "meld" / CARD).read_text())
    card["facts"]["recipe"]["start_from"] = "runs/gone/adapter"
    (tmp_path / CARD).write_text(json.dumps(card))
    assert [each.corpus for each in learnt(str(tmp_path))] == ["meld", "goemotions"]  # its own card tells
    del card["facts"]["through"]
    for start, before in (("runs/gone/adapter", []), (str(tmp_path), ["meld"] * 20), ("goemotions", ["goemotions"])):
        card["facts"]["recipe"]["start_from"] = start
        (tmp_path / CARD).write_text(json.dumps(card))
        assert [each.corpus for each in learnt(str(tmp_path))] == ["meld", *before]
