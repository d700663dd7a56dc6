"""The built-in label sets as data, held against the literature and, where they are there, the corpora."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from thymos.prompts import catalogue
from thymos.prompts.catalogue import builtin_taxonomies, load_map, load_taxonomy, maps_from
from thymos.prompts.taxonomy import Kind

FOLDER = Path(catalogue.__file__).parent / "taxonomies"
CORPORA = {
    "goemotions": "goemotions",
    "meld": "meld",
    "dailydialog": "dailydialog",
    "empathetic": "empatheticdialogues",
    "dair": "dair_ai_emotion",
}  # taxonomy -> folder of its corpus


def test_the_registry_names_exactly_the_files_in_the_folder() -> None:
    assert {*builtin_taxonomies(), "cause", "stress", "stressor"} == {path.stem for path in FOLDER.iterdir()}
    assert load_taxonomy("cause").name == "cause", "no emotions, so not listed, and yet found by name"


@pytest.mark.parametrize(
    ("name", "kind", "count", "neutral"),
    [
        ("goemotions", Kind.MULTI, 28, "neutral"),
        ("ekman", Kind.SINGLE, 7, "neutral"),
        ("plutchik", Kind.SINGLE, 8, None),
        ("meld", Kind.SINGLE, 7, "neutral"),
        ("dailydialog", Kind.SINGLE, 7, "no emotion"),
        ("empathetic", Kind.SINGLE, 32, None),
        ("dair", Kind.SINGLE, 6, None),
        ("sentiment", Kind.SINGLE, 3, "neutral"),
        ("ravdess", Kind.SINGLE, 8, "neutral"),
        ("fer2013", Kind.SINGLE, 7, "neutral"),
        ("ferplus", Kind.SINGLE, 8, "neutral"),
    ],
)
def test_a_builtin_has_the_published_size_kind_and_neutral(
    name: str, kind: Kind, count: int, neutral: str | None
) -> None:
    taxonomy = load_taxonomy(name)
    assert (taxonomy.name, taxonomy.kind, len(taxonomy), taxonomy.neutral) == (name, kind, count, neutral)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("ekman", "anger disgust fear joy sadness surprise neutral"),
        ("plutchik", "joy trust fear surprise sadness disgust anger anticipation"),
        ("meld", "neutral surprise fear sadness joy disgust anger"),  # ids of the MELD repository
        ("dailydialog", "no_emotion anger disgust fear happiness sadness surprise"),  # ids of its readme
        ("dair", "sadness joy love anger fear surprise"),
        ("sentiment", "negative neutral positive"),
        ("ravdess", "neutral calm happiness sadness anger fear disgust surprise"),  # codes 01 to 08 of its file names
        ("fer2013", "anger disgust fear happiness sadness surprise neutral"),  # ids 0 to 6
        ("ferplus", "neutral happiness surprise sadness anger disgust fear contempt"),  # columns of its table
        (
            "goemotions",
            "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment "
            "disapproval disgust embarrassment excitement fear gratitude grief joy love nervousness optimism "
            "pride realization relief remorse sadness surprise neutral",
        ),
    ],
)
def test_labels_are_in_the_published_order(name: str, names: str) -> None:
    assert load_taxonomy(name).names == tuple(label.replace("_", " ") for label in names.split())


@pytest.mark.parametrize(
    ("taxonomy", "file", "order_in"),
    [
        ("goemotions", "emotions.txt", str.split),
        ("dair", "SOURCE.md", lambda text: re.findall(r"\b\d (\w+)[,)]", text)),
        ("empathetic", "SOURCE.md", lambda text: text.split("Emotions (32):")[1].split("\nThe")[0].split()),
    ],
)
def test_labels_are_in_the_order_of_the_corpus(
    taxonomy: str, file: str, order_in: Callable[[str], list[str]], text_corpora: Path
) -> None:
    text = (text_corpora / CORPORA[taxonomy] / file).read_text(encoding="utf-8")
    assert list(load_taxonomy(taxonomy).names) == order_in(text)


@pytest.mark.parametrize("taxonomy", CORPORA)
def test_labels_are_spelt_as_in_the_corpus(taxonomy: str, text_corpora: Path) -> None:
    counts = (text_corpora / CORPORA[taxonomy] / "LABEL_COUNTS.tsv").read_text(encoding="utf-8")
    rows = counts.splitlines()[2:]  # after the header and the totals
    assert sorted(load_taxonomy(taxonomy).names) == sorted(row.split("\t")[0] for row in rows)


@pytest.mark.parametrize("name", builtin_taxonomies())
def test_descriptions_are_short_distinct_and_do_not_repeat_their_label(name: str) -> None:
    taxonomy = load_taxonomy(name)
    assert len({label.description for label in taxonomy}) == len(taxonomy)
    for label in taxonomy:
        assert 4 <= len(label.description.split()) <= 9, label
        assert re.fullmatch(r"[a-z',\- ]+[a-z]", label.description), label
        assert label.name not in label.description, label


@pytest.mark.parametrize("name", builtin_taxonomies())
def test_every_label_lies_on_the_circumplex_in_steps_of_a_twentieth(name: str) -> None:
    for label in load_taxonomy(name):
        for value in (label.valence, label.arousal):
            assert value is not None
            assert value * 20 == pytest.approx(round(value * 20))


def test_valence_and_arousal_agree_with_the_mapped_sentiment() -> None:
    for source in builtin_taxonomies():
        if "sentiment" in maps_from(source):
            entries = load_map(source, "sentiment").entries
            for label in load_taxonomy(source):
                assert label.valence is not None
                side = {
                    "positive": label.valence > 0,
                    "negative": label.valence < 0,
                    "neutral": not label.valence,
                }
                assert side.get(entries[label.name] or "", True), label


def test_words_are_the_names_but_for_no_emotion() -> None:
    differing = {
        (name, label.name, label.word)
        for name in builtin_taxonomies()
        for label in load_taxonomy(name)
        if label.word != label.name
    }
    assert differing == {("dailydialog", "no emotion", "neutral")}
