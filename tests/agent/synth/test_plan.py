"""Plans: seeded, never the same row twice, every situation equally often, and refusals that say what there is."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.agent.synth.fakes import EKMAN, plan_of
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.plan import Plan, Wish, _walk
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

SMALL = """
- domain: work
  pairs: [colleagues]
  situations:
    - {name: one, text: "A is late."}
    - {name: two, text: "A is early.", fits: pleasant}
"""


def _small(tmp_path: Path) -> Path:
    (tmp_path / "scenarios.yaml").write_text(SMALL)
    (tmp_path / "personas.yaml").write_text("[{name: calm, text: is calm}, {name: loud, text: is loud}]")
    (tmp_path / "styles.yaml").write_text("[{name: spoken, text: spoken}]")
    (tmp_path / "arcs.yaml").write_text("[{name: steady, text: stays, path: [target]}]")
    return tmp_path


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 17, 100, 1000])
def test_the_walk_is_a_permutation(size: int) -> None:
    assert sorted(_walk(place, size, 7) for place in range(size)) == list(range(size))


def test_two_keys_walk_differently() -> None:
    assert [_walk(place, 100, 1) for place in range(100)] != [_walk(place, 100, 2) for place in range(100)]


def test_the_shipped_grid_is_as_large_as_promised() -> None:
    grid = load_grid()
    assert len(grid.situations) >= 120
    assert len(grid.personas) >= 60
    assert all(situation.pairs for situation in grid.situations)


def test_no_two_rows_of_a_plan_are_about_the_same() -> None:
    rows = list(plan_of({"joy": 700, "fear": 700}, (2, 6)))
    assert len(rows) == 1400
    assert len({row.key() for row in rows}) == 1400
    assert len({row.id for row in rows}) == 1400


def test_nobody_talks_to_a_person_of_the_same_ways() -> None:
    rows = list(plan_of({"joy": 600}))
    assert all(first != second for first, second in (row.personas for row in rows))
    assert {first for first, _ in (row.personas for row in rows)} == {each.name for each in load_grid().personas}


def test_situations_are_used_equally_often() -> None:
    plan = plan_of({"joy": 300})
    uses = Counter(row.scenario for row in plan)
    assert set(uses) == {situation.name for situation in plan.situations("joy")}
    assert max(uses.values()) - min(uses.values()) <= 1


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    first, again, other = (list(plan_of({"joy": 50}, (2, 8), seed)) for seed in (3, 3, 4))
    assert first == again
    assert {row.key() for row in first} != {row.key() for row in other}


def test_what_decides_the_situations_of_a_label_is_part_of_the_plans_identity() -> None:
    def named(valence: float, neutral: str | None) -> dict[str, object]:
        told = {"up": valence, "down": -0.5, "flat": 0.0}
        labels = tuple(Label(name, name, name, valence=each) for name, each in told.items())
        own = Taxonomy(name="own", kind=Kind.SINGLE, labels=labels, title="", source="", neutral=neutral)
        return Plan(Wish({"up": 3}), own, load_grid()).identity()

    assert named(0.5, "flat") != named(0.1, "flat")
    assert named(0.5, "flat") != named(0.5, None)


def test_more_rows_go_on_where_fewer_ended() -> None:
    assert list(plan_of({"joy": 40}))[:10] == list(plan_of({"joy": 10}))


def test_a_small_grid_is_walked_to_its_end_and_a_larger_wish_refused_with_its_size(tmp_path: Path) -> None:
    grid = load_grid(_small(tmp_path))
    full = Plan(Wish({"joy": 4}), EKMAN, grid)  # 2 situations x 2 ordered pairs of people x 1 arc x 1 style
    assert len({row.key() for row in full}) == 4
    assert Plan(Wish({"anger": 2}), EKMAN, grid).size("anger") == 2  # a pleasant situation is not for anger
    with pytest.raises(InputError, match="count of 'joy' must be at most 4, which the grid has, got 5"):
        Plan(Wish({"joy": 5}), EKMAN, grid)


def test_unpleasant_situations_are_not_for_joy_nor_pleasant_ones_for_sadness() -> None:
    plan = plan_of({"joy": 1, "sadness": 1, "surprise": 1, "neutral": 1})
    fits = {label: {each.fits for each in plan.situations(label)} for label in plan.wish.counts}
    assert fits["joy"] == {None, "pleasant"}
    assert fits["sadness"] == {None, "unpleasant"}
    assert fits["surprise"] == {None, "pleasant", "unpleasant"}
    assert fits["neutral"] == {None}


def test_the_last_turn_of_the_first_speaker_carries_the_label() -> None:
    for row in plan_of({"fear": 60}, (2, 7)):
        assert 2 <= len(row.turns) <= 7
        assert row.turns[(len(row.turns) - 1) // 2 * 2] == "fear"
        assert row.kind == "dialogue"


def test_arcs_name_turns_by_their_stages() -> None:
    rows = {row.arc: row for row in plan_of({"joy": 200}, (5, 5))}
    assert rows["rising"].turns == ("neutral", None, "joy", None, "joy")
    assert rows["rising"].milder == (2,)
    assert rows["steady"].turns[::2] == ("joy", "joy", "joy")
    assert rows["shared"].turns[1] == "joy"
    assert rows["turning"].turns[0] in ("anger", "disgust", "fear", "sadness")  # of the other valence


@pytest.mark.parametrize("name", ["intensities", "lengths"])
def test_intensities_and_lengths_are_those_that_are_wished(name: str) -> None:
    attribute, value = {"intensities": ("intensity", "mild"), "lengths": ("length", "long")}[name]
    wished: dict[str, Any] = {name: (value,)}
    rows = list(plan_of({"joy": 30}, **wished))
    assert {getattr(row, attribute) for row in rows} == {value}
    assert len({getattr(row, attribute) for row in plan_of({"joy": 30})}) == 3


def test_labels_come_in_turn() -> None:
    assert [row.label for row in plan_of({"joy": 3, "fear": 1})] == ["joy", "fear", "joy", "joy"]


def test_the_language_is_in_every_row() -> None:
    assert {row.language for row in plan_of({"joy": 3}, language="German")} == {"German"}


def test_a_taxonomy_of_one_label_is_refused() -> None:
    one = Taxonomy("one", "One", Kind.SINGLE, (Label("joy", "", "joy"),))
    with pytest.raises(InputError, match="taxonomy must have at least two labels, got 1 in 'one'"):
        Plan(Wish({"joy": 1}), one, load_grid())


@pytest.mark.parametrize(
    ("counts", "turns", "told"),
    [
        ({"joy": 0}, (1, 1), "count of 'joy' must be at least 1, got 0"),
        ({}, (1, 1), "count must be given"),
        ({"bliss": 1}, (1, 1), "label must be one of anger, .*got 'bliss'"),
        ({"joy": 1}, (0, 0), "turns must be 1, or 2 to 20"),
        ({"joy": 1}, (6, 4), "turns must be 1, or 2 to 20"),
        ({"joy": 1}, (1, 4), "turns must be 1, or 2 to 20"),
        ({"joy": 1}, (2, 21), "turns must be 1, or 2 to 20"),
    ],
)
def test_a_wish_that_cant_be_met_is_refused(counts: dict[str, int], turns: tuple[int, int], told: str) -> None:
    with pytest.raises(InputError, match=told):
        plan_of(counts, turns)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("scenarios.yaml", "[{domain: x, pairs: [y], situations: []}]", "scenarios.yaml must be in the form"),
        ("scenarios.yaml", "- {domain: x, situations: [{name: a, text: b}]}", "scenarios.yaml must be in the form"),
        ("personas.yaml", "[{name: a, text: b}, {name: a, text: c}]", "'a' twice"),
        ("personas.yaml", "[{name: a, text: b}]", "personas must be at least two"),
        ("arcs.yaml", "[{name: a, text: b, path: [target, neutral]}]", "arc must end on target, got 'a'"),
        ("arcs.yaml", "[{name: a, text: b, path: [bliss]}]", "arcs.yaml must be in the form"),
        ("styles.yaml", "[{name: a, text: b, colour: red}]", "styles.yaml must be in the form"),
        ("styles.yaml", "[*x]", "styles.yaml"),
        ("styles.yaml", "\t[", "must be valid YAML"),
    ],
)
def test_a_grid_that_is_not_in_form_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    _small(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=told):
        load_grid(tmp_path)


def test_a_folder_without_any_grid_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="grid must be a folder with one of scenarios"):
        load_grid(tmp_path)


def test_what_a_users_grid_lacks_is_ours(tmp_path: Path) -> None:
    (tmp_path / "styles.yaml").write_text("[{name: sung, text: sung}]")
    grid = load_grid(tmp_path)
    assert [style.name for style in grid.styles] == ["sung"]
    assert len(grid.situations) == len(load_grid().situations)
    assert grid.sha256 != load_grid().sha256
