"""The built-in maps as data: total, reasoned, consistent, and as published where they are published."""

import json
import re
from pathlib import Path

import pytest

from thymos.prompts import catalogue
from thymos.prompts.catalogue import builtin_taxonomies, load_map, load_taxonomy, maps_from
from thymos.prompts.errors import TaxonomyError

FOLDER = Path(catalogue.__file__).parent / "maps"
EVERY = [(source, target) for source in builtin_taxonomies() for target in maps_from(source)]


def test_the_needed_maps_are_there_and_tell_their_way() -> None:
    every_corpus = {
        "meld",
        "dailydialog",
        "dair",
        "plutchik",
        "empathetic",
        "goemotions",
        "ravdess",
        "fer2013",
        "ferplus",
    }
    assert {source for source, target in EVERY if target == "ekman"} == every_corpus
    assert {source for source, target in EVERY if target == "sentiment"} == every_corpus | {"ekman"}
    assert maps_from("goemotions") == {
        "ekman": None,
        "plutchik": None,
        "meld": "ekman",
        "dailydialog": "ekman",
        "dair": None,
        "sentiment": None,
    }
    assert maps_from("sentiment") == {}


def test_every_map_file_is_reached_by_its_name() -> None:
    named = {f"{source}-to-{target}" for source, target in EVERY if maps_from(source)[target] is None}
    assert named == {path.stem for path in FOLDER.iterdir()}


@pytest.mark.parametrize(("source", "target"), EVERY)
def test_a_map_is_total_and_ends_in_its_target(source: str, target: str) -> None:
    label_map = load_map(source, target)
    assert tuple(label_map.entries) == load_taxonomy(source).names
    assert set(label_map.entries.values()) <= {*load_taxonomy(target).names, None}
    assert label_map.via == maps_from(source)[target]


@pytest.mark.parametrize(("source", "target"), EVERY)
def test_a_label_that_the_target_also_has_maps_to_itself(source: str, target: str) -> None:
    label_map = load_map(source, target)
    for name in set(label_map.source.names) & set(label_map.target.names):
        assert label_map.entries[name] == name


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_every_unknown_has_its_reason_beside_it(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if re.search(r": null\b", line)]
    assert [line for line in lines if not re.search(r": null  # \w+", line)] == []


def test_the_ekman_grouping_of_goemotions_is_the_published_one(text_corpora: Path) -> None:
    published = json.loads((text_corpora / "goemotions" / "ekman_mapping.json").read_text(encoding="utf-8"))
    expected = {name: group for group, names in published.items() for name in names} | {"neutral": "neutral"}
    assert load_map("goemotions", "ekman").entries == expected


def test_the_sentiment_grouping_of_goemotions_is_the_published_one_with_ambiguous_unknown(
    text_corpora: Path,
) -> None:
    published = json.loads((text_corpora / "goemotions" / "sentiment_mapping.json").read_text(encoding="utf-8"))
    expected = {name: None if group == "ambiguous" else group for group, names in published.items() for name in names}
    assert load_map("goemotions", "sentiment").entries == expected | {"neutral": "neutral"}


@pytest.mark.parametrize("other", ["meld", "dailydialog"])
def test_the_sets_of_seven_go_to_ekman_and_back_unchanged(other: str) -> None:
    there_and_back = load_map(other, "ekman").then(load_map("ekman", other))
    assert there_and_back.entries == {name: name for name in load_taxonomy(other).names}
    back_and_there = load_map("ekman", other).then(load_map(other, "ekman"))
    assert back_and_there.entries == {name: name for name in load_taxonomy("ekman").names}


@pytest.mark.parametrize("source", ["meld", "dailydialog", "dair"])
def test_sentiment_is_the_same_by_its_own_file_and_through_ekman(source: str) -> None:
    through = load_map(source, "ekman").then(load_map("ekman", "sentiment"))
    assert load_map(source, "sentiment").entries == through.entries


def test_meld_reaches_dailydialog_through_ekman() -> None:
    label_map = load_map("meld", "dailydialog")
    assert label_map.via == "ekman"
    assert label_map.labels(["joy", "neutral"]) == ("no emotion", "happiness")


def test_a_map_to_itself_changes_nothing() -> None:
    label_map = load_map("dair", "dair")
    assert label_map.entries == {name: name for name in load_taxonomy("dair").names}
    assert label_map.via is None


def test_a_map_that_does_not_exist_says_which_do() -> None:
    with pytest.raises(TaxonomyError) as raised:
        load_map("sentiment", "ekman")
    assert str(raised.value) == (
        "map must be one that exists, got 'sentiment' to 'ekman'; maps from 'sentiment': none; "
        "maps to 'ekman': goemotions, plutchik, meld, dailydialog, empathetic, dair, ravdess, fer2013, ferplus"
    )
    with pytest.raises(TaxonomyError, match=r"maps from 'dair': ekman, plutchik, .*; maps to 'empathetic': none"):
        load_map("dair", "empathetic")


@pytest.mark.parametrize(("source", "target"), [("ekmen", "meld"), ("meld", "ekmen")])
def test_a_map_of_an_unknown_taxonomy_is_refused(source: str, target: str) -> None:
    with pytest.raises(TaxonomyError, match=r"two of the built-in .* got 'ekmen'; did you mean 'ekman'\?"):
        load_map(source, target)
