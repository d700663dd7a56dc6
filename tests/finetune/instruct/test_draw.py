"""Variation of the instruction: labels, order and wording change, the gold label is always the right one."""

import random
from collections import Counter

import pytest

from thymos.finetune.instruct.draw import as_asked, synonyms, varied, wordings
from thymos.finetune.recipe import VaryRecipe
from thymos.prompts.catalogue import builtin_taxonomies, load_map, load_taxonomy
from thymos.prompts.template import instruction, load_prompt

GO = load_taxonomy("goemotions")
MAPS = (load_map("goemotions", "ekman"), load_map("goemotions", "dair"))


def draws(count: int = 300, **vary: float) -> list[object]:
    told = VaryRecipe(**({"translate": 0, "reword": 0, "shuffle": 0, "subset": 0, "synonym": 0} | vary))
    return [varied(GO, MAPS, "tuned", told, random.Random(seed)) for seed in range(count)]


def test_as_asked_is_the_prompt_of_the_labeler() -> None:
    draw = as_asked(GO, "tuned")
    assert draw.system == load_prompt("tuned", GO).system
    assert draw.words == GO.words
    assert draw.targets(("joy", "admiration")) == (0, GO.index("joy"))


def test_without_variation_nothing_varies() -> None:
    assert {draw.system for draw in draws(20)} == {load_prompt("tuned", GO).system}  # type: ignore[attr-defined]


def test_every_kind_of_variation_does_something() -> None:
    plain = as_asked(GO, "tuned")
    for name in VaryRecipe.model_fields.keys() - {"share"}:
        changed = [draw for draw in draws(**{name: 1.0}) if draw.system != plain.system]  # type: ignore[attr-defined]
        assert len(changed) > 200, name


def test_a_target_is_where_the_label_is_shown() -> None:
    for draw in draws(translate=0.5, reword=0.5, shuffle=1, subset=0.5, synonym=0.5):
        for gold in GO.names:
            reached = draw.translation.labels((gold,)) if draw.translation else (gold,)  # type: ignore[attr-defined]
            found = draw.targets((gold,))  # type: ignore[attr-defined]
            shown = [draw.labels[place] for place in found]  # type: ignore[attr-defined]
            assert shown == [name for name in reached if name in draw.labels]  # type: ignore[attr-defined]
        assert len(set(draw.words)) == len(draw.words) >= 3  # type: ignore[attr-defined]
        assert all(word in draw.system for word in draw.words)  # type: ignore[attr-defined]


def test_a_gold_label_that_is_not_shown_gives_no_target() -> None:
    partial = next(draw for draw in draws(subset=1) if "joy" not in draw.labels)  # type: ignore[attr-defined]
    assert partial.targets(("joy",)) == ()  # type: ignore[attr-defined]
    assert partial.targets((partial.labels[0], "joy")) == ()  # type: ignore[attr-defined]


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
