"""What each arm adds, and that it is made of the draw alone."""

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.finetune.augment_rows import LABELS, rows
from thymos.finetune.augment.arms import Arms, oversampled
from thymos.finetune.augment.values import Row
from thymos.prompts.errors import InputError


class Upper:
    name = "upper"

    def paraphrase(self, texts: Sequence[str], seed: int) -> list[str]:
        return [text.upper() if place else "" for place, text in enumerate(texts)]


def test_arms_are_those_there_is_something_for() -> None:
    assert Arms(LABELS).names == ("real", "oversample", "eda")
    assert Arms(LABELS, rows(4, 1), Upper()).names == ("real", "synthetic", "oversample", "eda", "paraphrase")
    with pytest.raises(InputError, match="arm must be one of real, oversample, eda"):
        Arms(LABELS).training(rows(4, 1), "synthetic", 0)


def test_real_rows_are_the_same_in_every_arm() -> None:
    drawn = rows(12, 1)
    arms = Arms(LABELS, rows(4, 2), Upper())
    assert {arms.training(drawn, arm, 0).real for arm in arms.names} == {drawn}
    assert arms.training(drawn, "real", 0).added == ()


def test_synthetic_rows_stand_alone_and_paraphrases_with_their_row() -> None:
    drawn, made = rows(3, 1), rows(4, 2)
    arms = Arms(LABELS, made, Upper())
    assert [(each.text, each.parent) for each in arms.training(drawn, "synthetic", 0).added] == [
        (row.text, None) for row in made
    ]
    said = arms.training(drawn, "paraphrase", 0).added
    assert [(each.text, each.parent, each.labels) for each in said] == [
        (drawn[place].text.upper(), place, drawn[place].labels)
        for place in (1, 2)  # nothing was said for the first
    ]


def test_oversampling_brings_every_label_to_what_is_wanted() -> None:
    drawn = [Row(str(n), f"text {n}", ("joy" if n < 7 else "fear",)) for n in range(10)]
    found = oversampled(drawn, ("joy", "fear"), 12, 0)
    total = Counter(row.labels[0] for row in drawn)
    for each in found:
        assert each.parent is not None
        assert each.text == drawn[each.parent].text
        total[each.labels[0]] += each.times
    assert total == {"joy": 12, "fear": 12}
    assert found != oversampled(drawn, ("joy", "fear"), 12, 1)


def test_oversampling_adds_as_many_rows_as_edits_do() -> None:
    drawn = [Row(f"{name}{n}", f"{name} {n}", (name,)) for name in LABELS for n in range(5)]
    arms = Arms(LABELS, edits=3)
    assert sum(each.times for each in arms.training(drawn, "oversample", 0).added) == 3 * len(drawn)
    assert len(arms.training([Row("a", "sun party danced won sweet", ("joy",))], "eda", 0).added) == 3
