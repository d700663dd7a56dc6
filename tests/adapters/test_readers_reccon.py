"""RECCON's dialogues become turns with the places of their causes, and what is no RECCON is told."""

import json
from pathlib import Path

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.reccon import OUTSIDE, label_of, turns_back
from thymos.adapters.sample import Sample, Turn
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError

TURNS = [
    {"turn": 1, "speaker": "A", "utterance": "I lost my keys .", "emotion": "neutral"},
    {
        "turn": 2,
        "speaker": "B",
        "utterance": "Again ?",
        "emotion": "angry",
        "expanded emotion cause evidence": [2, 1, 1, "b"],
        "expanded emotion cause span": ["Again ?", "lost my keys", "keys", "b"],
    },
    {
        "turn": 3,
        "speaker": "A",
        "utterance": "Sorry .",
        "emotion": "sad",
        "expanded emotion cause evidence": ["b", 7],
        "expanded emotion cause span": ["b", "later"],
    },
]


def opened(path: Path, content: object) -> list[Sample | BadRow]:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return list(open_corpus(str(path), format="reccon", context_turns=9))


def test_rows_are_the_turns_with_causes_after_all_that_was_said(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "r.json", {"te_1": [TURNS]})
    assert isinstance(first, Sample)
    assert isinstance(second, Sample)
    assert (first.id, first.gold, first.dialogue) == ("te_1-2", ("same turn", "1 before"), "te_1")
    assert first.context == (Turn("I lost my keys .", "A"),)
    assert second.gold == (OUTSIDE,), "a cause that comes later is none"
    assert [turn.text for turn in second.context] == ["I lost my keys .", "Again ?"]
    assert second.metadata["emotion"] == "sadness"


def test_labels_are_those_of_the_label_set_and_read_back() -> None:
    names = [label_of(back) for back in range(9)]
    assert set(names) | {OUTSIDE} == set(load_taxonomy("cause").names)
    assert [turns_back(name) for name in names] == [0, 1, 2, 3, 4, 5, 6, 6, 6]
    assert turns_back(OUTSIDE) is None


@pytest.mark.parametrize("content", ["[1, 2]", '{"te_1": [[', "", "7"])
def test_another_file_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"RECCON file must|must have rows|row must|empty"):
        opened(tmp_path / "r.json", content)


def test_a_broken_dialogue_costs_itself(tmp_path: Path) -> None:
    rows = opened(tmp_path / "r.json", {"a": [[]], "b": [TURNS], "c": "said", "d": [[3, TURNS[0]]]})
    assert [type(row) for row in rows] == [BadRow, Sample, Sample, BadRow, BadRow]
