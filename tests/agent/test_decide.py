"""From distributions to decisions, by arithmetic."""

import math
from typing import Any

import numpy as np
import pytest

from thymos.agent.decide import Rule, decide
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy


def taxonomy(kind: Kind) -> Taxonomy:
    labels = tuple(Label(name=name, description=name, word=name) for name in ("joy", "fear", "calm"))
    return Taxonomy(name="three", title="Three", kind=kind, labels=labels)


def logs(*rows: tuple[float, ...]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    with np.errstate(divide="ignore"):  # a probability of 0 is a logarithm of -inf
        return np.log(np.array(rows, dtype=np.float32))


def test_a_single_label_row_gets_the_likeliest_label() -> None:
    [first, second] = decide(["a", "b"], logs((0.2, 0.5, 0.3), (0.6, 0.1, 0.3)), taxonomy(Kind.SINGLE), Rule())
    assert (first.id, first.labels) == ("a", ("fear",))
    assert (second.id, second.labels) == ("b", ("joy",))
    assert first.margin == pytest.approx(0.2, abs=1e-6)
    assert first.probabilities == {"joy": 0.2, "fear": 0.5, "calm": 0.3}


def test_entropy_is_in_nats() -> None:
    [even, sure] = decide(["a", "b"], logs((0.5, 0.5, 0.0), (1.0, 0.0, 0.0)), taxonomy(Kind.SINGLE), Rule())
    assert even.entropy == pytest.approx(math.log(2), abs=1e-6)
    assert sure.entropy == 0.0


def test_a_multi_label_row_gets_every_label_at_the_threshold_likeliest_first() -> None:
    [row] = decide(["a"], logs((0.3, 0.5, 0.2)), taxonomy(Kind.MULTI), Rule(threshold=0.29))
    assert row.labels == ("fear", "joy")


def test_a_multi_label_row_gets_the_likeliest_even_below_the_threshold() -> None:
    [row] = decide(["a"], logs((0.3, 0.4, 0.3)), taxonomy(Kind.MULTI), Rule(threshold=0.9))
    assert row.labels == ("fear",)


def test_a_row_below_the_limit_goes_to_a_person_with_its_distribution() -> None:
    [low, high] = decide(
        ["a", "b"], logs((0.4, 0.35, 0.25), (0.7, 0.2, 0.1)), taxonomy(Kind.SINGLE), Rule(abstain_below=0.5)
    )
    assert low.abstained
    assert low.labels == ()
    assert low.probabilities["joy"] == pytest.approx(0.4)
    assert not high.abstained
    assert high.labels == ("joy",)


def test_ties_go_to_the_earlier_label() -> None:
    [row] = decide(["a"], logs((0.4, 0.4, 0.2)), taxonomy(Kind.SINGLE), Rule())
    assert row.labels == ("joy",)


@pytest.mark.parametrize("rule", [{"threshold": 1.5}, {"abstain_below": -0.1}, {"threshold": math.nan}])
def test_a_limit_that_is_no_probability_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        Rule(**rule)


def test_each_label_has_its_own_threshold_and_the_likeliest_is_taken_in_any_case() -> None:
    rule = Rule(threshold=(0.9, 0.25, 0.05))
    [some, none] = decide(["a", "b"], logs((0.6, 0.3, 0.1), (0.8, 0.17, 0.03)), taxonomy(Kind.MULTI), rule)
    assert some.labels == ("joy", "fear", "calm")
    assert none.labels == ("joy",)


def test_a_label_set_holds_the_likeliest_and_all_that_reach_its_limit() -> None:
    [wide, sure] = decide(
        ["a", "b"], logs((0.5, 0.3, 0.2), (0.28, 0.36, 0.36)), taxonomy(Kind.SINGLE), Rule(set_from=0.29)
    )
    assert wide.label_set == ("joy", "fear")
    assert sure.label_set == ("fear", "calm")
    [lonely] = decide(["a"], logs((0.5, 0.3, 0.2)), taxonomy(Kind.SINGLE), Rule(set_from=0.99))
    assert lonely.label_set == ("joy",)
    [without] = decide(["a"], logs((0.5, 0.3, 0.2)), taxonomy(Kind.SINGLE), Rule())
    assert without.label_set is None


def test_labels_are_weighed_before_one_is_chosen_and_their_probabilities_are_kept() -> None:
    [found] = decide(
        ["a"], logs((0.5, 0.3, 0.2)), taxonomy(Kind.SINGLE), Rule(label_weights=(0.3, 0.45, 1.0), set_from=0.4)
    )
    assert found.labels == (taxonomy(Kind.SINGLE).names[2],)
    assert list(found.probabilities.values()) == [0.5, 0.3, 0.2]
    assert found.label_set == (taxonomy(Kind.SINGLE).names[0], taxonomy(Kind.SINGLE).names[2])


def test_neutral_must_be_sure_where_that_is_asked() -> None:
    told = load_taxonomy("dailydialog")
    place = told.index("no emotion")
    p = np.full((2, len(told)), 0.05)
    p[:, place], p[:, told.index("fear")] = 0.5, 0.25
    p[1, place], p[1, told.index("fear")] = 0.65, 0.1
    scores = np.log(p).astype(np.float32)

    def labels(rule: Rule) -> list[tuple[str, ...]]:
        return [each.labels for each in decide(["a", "b"], scores, told, rule)]

    assert labels(Rule()) == [("no emotion",), ("no emotion",)]
    (first, _) = decide(["a", "b"], scores, told, Rule(neutral_from=0.6, set_from=0.4))
    assert first.label_set == ("no emotion", "fear"), "what is chosen is in the set"
    assert labels(Rule(neutral_from=0.6)) == [("fear",), ("no emotion",)]
    with pytest.raises(InputError, match="neutral-from"):
        Rule(neutral_from=1.5)
