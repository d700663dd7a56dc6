"""Translating label sets and distributions, with arithmetic done by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Label, Taxonomy


def taxonomy(name: str, *names: str) -> Taxonomy:
    """Build a taxonomy of bare labels."""
    return Taxonomy(name, name, Kind.SINGLE, tuple(Label(label, "", label) for label in names))


FINE = taxonomy("fine", "glad", "proud", "cross", "moved")
COARSE = taxonomy("coarse", "bad", "good", "other")
SIGN = taxonomy("sign", "minus", "plus")
TO_COARSE = LabelMap(FINE, COARSE, {"moved": None, "glad": "good", "proud": "good", "cross": "bad"})
TO_SIGN = LabelMap(COARSE, SIGN, {"bad": "minus", "good": "plus", "other": None})


def test_labels_come_in_target_order_each_once_and_unknown_ones_are_dropped() -> None:
    assert TO_COARSE.labels(["glad", "moved", "proud", "cross"]) == ("bad", "good")
    assert TO_COARSE.labels(iter(["moved"])) == ()
    assert TO_COARSE.labels([]) == ()


def test_entries_and_unknowns_are_kept_in_source_order() -> None:
    assert list(TO_COARSE.entries) == ["glad", "proud", "cross", "moved"]
    assert TO_COARSE.unknown == ("moved",)


def test_entries_cannot_be_changed_from_outside() -> None:
    given = {"bad": "minus", "good": "plus", "other": None}
    label_map = LabelMap(COARSE, SIGN, given)
    given["bad"] = "plus"
    assert label_map.entries["bad"] == "minus"
    with pytest.raises(TypeError):
        label_map.entries["bad"] = "plus"  # type: ignore[index]


def test_mass_is_summed_and_what_is_unknown_is_rescaled_away() -> None:
    p = {"glad": 0.3, "proud": 0.1, "cross": 0.4, "moved": 0.2}
    # known mass 0.8: bad 0.4 / 0.8, good (0.3 + 0.1) / 0.8
    mapped = TO_COARSE.probabilities(p)
    assert mapped == pytest.approx({"bad": 0.5, "good": 0.5, "other": 0.0})
    assert list(mapped) == ["bad", "good", "other"]


def test_mass_that_is_all_unknown_leaves_zeros_and_no_guess() -> None:
    p = {"glad": 0.0, "proud": 0.0, "cross": 0.0, "moved": 1.0}
    assert TO_COARSE.probabilities(p) == {"bad": 0.0, "good": 0.0, "other": 0.0}


@pytest.mark.parametrize("wrong", [{"glad": math.nan}, {"glad": -0.1}, {"glad": 1.5}, {"glad": math.inf}])
def test_a_number_that_is_no_probability_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TaxonomyError, match=r"probability of 'glad' must be a number from 0 to 1"):
        TO_COARSE.probabilities({"glad": 0.0, "proud": 0.0, "cross": 0.0, "moved": 1.0} | wrong)


def test_a_distribution_must_cover_the_source_and_nothing_else() -> None:
    with pytest.raises(TaxonomyError, match=r"'proud' must be a number from 0 to 1, got None"):
        TO_COARSE.probabilities({"glad": 1.0})
    with pytest.raises(TaxonomyError, match=r"one of taxonomy 'fine', got 'sad'"):
        TO_COARSE.probabilities({"glad": 0.0, "proud": 0.0, "cross": 0.0, "moved": 0.5, "sad": 0.5})


def test_a_name_that_is_not_a_source_label_is_refused() -> None:
    with pytest.raises(TaxonomyError, match=r"one of taxonomy 'fine', got 'good'"):
        TO_COARSE.labels(["glad", "good"])


def test_a_map_must_be_total_and_stay_in_its_taxonomies() -> None:
    with pytest.raises(TaxonomyError, match=r"must name every label, got none for good, other; .* null"):
        LabelMap(COARSE, SIGN, {"bad": "minus"})
    with pytest.raises(TaxonomyError, match=r"one of taxonomy 'sign', got 'zero'"):
        LabelMap(COARSE, SIGN, {"bad": "minus", "good": "plus", "other": "zero"})
    with pytest.raises(TaxonomyError, match=r"one of taxonomy 'coarse', got 'worse'"):
        LabelMap(COARSE, SIGN, {"bad": "minus", "good": "plus", "other": None, "worse": "minus"})


def test_composing_goes_through_and_says_so() -> None:
    composed = TO_COARSE.then(TO_SIGN)
    assert composed.entries == {"glad": "plus", "proud": "plus", "cross": "minus", "moved": None}
    assert (composed.source, composed.target, composed.via) == (FINE, SIGN, "coarse")
    assert TO_COARSE.via is None


def test_maps_that_do_not_meet_cannot_be_composed() -> None:
    with pytest.raises(TaxonomyError, match=r"must meet in one taxonomy, got 'sign' and 'fine'"):
        TO_SIGN.then(TO_COARSE)


# A mass too small for a double to keep through two divisions is none.
probability = st.floats(0, 1).map(lambda mass: mass if mass > 1e-9 else 0.0)
reached = st.sampled_from([*COARSE.names, None])
maps = st.builds(lambda *to: LabelMap(FINE, COARSE, dict(zip(FINE.names, to, strict=True))), *[reached] * 4)
masses = st.tuples(*[probability] * 4).map(lambda p: dict(zip(FINE.names, p, strict=True)))


@given(label_map=maps, p=masses)
def test_a_translated_distribution_sums_to_one_unless_nothing_is_known(
    label_map: LabelMap, p: dict[str, float]
) -> None:
    known = any(p[name] > 0 for name in p if name not in label_map.unknown)
    assert sum(label_map.probabilities(p).values()) == pytest.approx(1.0 if known else 0.0)


@given(label_map=maps, p=masses)
def test_only_labels_that_are_reached_get_mass(label_map: LabelMap, p: dict[str, float]) -> None:
    carriers = [name for name, mass in p.items() if mass > 0]
    heavy = {name for name, mass in label_map.probabilities(p).items() if mass > 0}
    assert heavy <= set(label_map.labels(carriers))


@given(label_map=maps, names=st.lists(st.sampled_from(FINE.names)), p=masses)
def test_composing_equals_translating_twice(label_map: LabelMap, names: list[str], p: dict[str, float]) -> None:
    composed = label_map.then(TO_SIGN)
    assert composed.labels(names) == TO_SIGN.labels(label_map.labels(names))
    twice = TO_SIGN.probabilities(label_map.probabilities(p))
    assert composed.probabilities(p) == pytest.approx(twice)
