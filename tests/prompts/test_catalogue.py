"""Finding a taxonomy by name or path, and what its identity holds."""

import json
from pathlib import Path

import pytest

from thymos.prompts import catalogue
from thymos.prompts.catalogue import load_taxonomy, taxonomy_identity
from thymos.prompts.errors import TaxonomyError

FOLDER = Path(catalogue.__file__).parent / "taxonomies"


def test_an_unknown_name_suggests_the_nearest_and_says_that_a_path_will_do() -> None:
    with pytest.raises(TaxonomyError, match=r"or the path of a YAML file, got 'ekmen'; did you mean 'ekman'\?"):
        load_taxonomy("ekmen")
    with pytest.raises(TaxonomyError, match=r"got 'zzz'; built in are goemotions, ekman, plutchik"):
        load_taxonomy("zzz")
    with pytest.raises(TaxonomyError, match=r"or the path of a YAML file, got 'joy,"):
        load_taxonomy("joy," * 200)  # longer than a file name may be


@pytest.mark.parametrize("given", ["moods.yaml", "moods.YML", "folder/moods"])
def test_what_looks_like_a_path_is_looked_for_as_a_file(given: str) -> None:
    with pytest.raises(TaxonomyError, match=rf"^{given} must be a YAML file, got no such file"):
        load_taxonomy(given)


def test_a_file_is_loaded_by_str_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "moods").write_text("labels: [up, down]")
    monkeypatch.chdir(tmp_path)
    assert load_taxonomy("moods") == load_taxonomy(tmp_path / "moods")
    assert load_taxonomy("moods").names == ("up", "down")


def test_a_builtin_name_wins_over_a_file_and_a_path_over_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ekman").write_text("name: mine\nlabels: [up, down]")
    monkeypatch.chdir(tmp_path)
    assert len(load_taxonomy("ekman")) == 7
    assert load_taxonomy(Path("ekman")).name == "mine"


def test_a_file_may_not_pass_for_a_builtin_unless_it_is_equal_to_it(tmp_path: Path) -> None:
    (tmp_path / "ekman.yaml").write_text("labels: [up, down]")
    with pytest.raises(TaxonomyError, match=r"must not be a built-in's, got 'ekman'; .* `name: my-ekman`"):
        load_taxonomy(tmp_path / "ekman.yaml")
    assert load_taxonomy(FOLDER / "ekman.yaml") == load_taxonomy("ekman")


LABELS = "labels:\n- {name: up, word: good, description: x y, valence: 0.5, arousal: 0}\n- down\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: up", "name: upper"),
        ("word: good", "word: fine"),
        ("x y", "x z"),
        ("- down", "- {name: down, word: bad}"),
        ("labels:\n", "kind: multi\nlabels:\n"),
        ("- down\n", "- down\n- level\n"),
    ],
)
def test_identity_changes_with_all_that_can_change_a_probability(old: str, new: str, tmp_path: Path) -> None:
    changed = LABELS.replace(old, new)
    assert changed != LABELS
    assert identity(tmp_path, changed) != identity(tmp_path, LABELS)


def test_identity_changes_with_the_order_of_the_labels(tmp_path: Path) -> None:
    assert identity(tmp_path, "labels: [a, b]") != identity(tmp_path, "labels: [b, a]")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("valence: 0.5", "valence: 0.6"),
        (", arousal: 0", ""),
        ("labels:", "neutral: down\nsource: me\ntitle: T\nname: n\nlabels:"),
        ("- down", "- name: down  # a comment"),
    ],
)
def test_identity_stays_with_what_no_prompt_shows(old: str, new: str, tmp_path: Path) -> None:
    changed = LABELS.replace(old, new)
    assert changed != LABELS
    assert identity(tmp_path, changed) == identity(tmp_path, LABELS)


def identity(folder: Path, text: str) -> str:
    """Return the identity of a taxonomy file as canonical JSON."""
    path = folder / "mine.yaml"
    path.write_text(text)
    return json.dumps(taxonomy_identity(load_taxonomy(path)), sort_keys=True)
