"""Variation of the instruction: labels, order and wording change, the gold label is always the right one."""

import random
from collections import Counter

import pytest

from thymos.finetune.instruct.draw import Draw, as_asked, synonyms, varied, wordings
from thymos.finetune.recipe_parts import VaryRecipe
from thymos.prompts.catalogue import builtin_taxonomies, load_map, load_taxonomy
from thymos.prompts.template import instruction, load_prompt

GO = load_taxonomy("goemotions")
MAPS = (load_map("goemotions", "ekman"), load_map("goemotions", "dair"))


def draws(count: int = 300, /, **vary: float) -> list[Draw]:
    told = VaryRecipe(**({"translate": 0, "reword": 0, "shuffle": 0, "subset": 0, "synonym": 0} | vary))
    return [varied(GO, MAPS, "tuned", told, random.Random(seed)) for seed in range(count)]


def test_as_asked_is_the_prompt_of_the_labeler() -> None:
    draw = as_asked(GO, "tuned")
    assert draw.system == load_prompt("tuned", GO).system
    assert draw.words == GO.words
    assert draw.targets(("joy", "admiration")) == (0, GO.index("joy"))


def test_without_variation_nothing_varies() -> None:
    assert {draw.system for draw in draws(20)} == {load_prompt("tuned", GO).system}


def test_every_kind_of_variation_does_something() -> None:
    plain = as_asked(GO, "tuned")
    for name in VaryRecipe.model_fields.keys() - {"share"}:
        changed = [draw for draw in draws(300, **{name: 1.0}) if draw.system != plain.system]
        assert len(changed) > 200, name


def test_a_target_is_where_the_label_is_shown() -> None:
    for draw in draws(translate=0.5, reword=0.5, shuffle=1, subset=0.5, synonym=0.5):
        for gold in GO.names:
            reached = draw.translation.labels((gold,)) if draw.translation else (gold,)
            found = draw.targets((gold,))
            shown = [draw.labels[place] for place in found]
            assert shown == [name for name in reached if name in draw.labels]
        assert len(set(draw.words)) == len(draw.words) >= 3
        assert all(word in draw.system for word in draw.words)


def test_a_gold_label_that_is_not_shown_gives_no_target() -> None:
    partial = next(draw for draw in draws(subset=1) if "joy" not in draw.labels)
    assert partial.targets(("joy",)) == ()
    assert partial.targets((partial.labels[0], "joy")) == ()


def test_a_synonym_names_no_label() -> None:
    for name in builtin_taxonomies():
        taxonomy = load_taxonomy(name)
        names = {label.word for label in taxonomy} | set(taxonomy.names)
        for label in taxonomy:
            clashes = names.intersection(synonyms().get(label.name, ()))
            assert not clashes - {"no emotion", "neutral"}, (name, label.name)


@pytest.mark.parametrize("wording", wordings())
def test_a_wording_shows_every_label_once(wording: str) -> None:
    words = ("alpha", "beta", "gamma")
    counted = Counter(word for word in words if instruction(wording, words).count(word) == 1)
    assert set(counted) == set(words)
