"""Earlier turns of a dialogue become context: in order, bounded, never later ones, never flawed ones."""

from pathlib import Path

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.readers.dialogues import OPEN_CHARACTERS, OPEN_DIALOGUES, Dialogues
from thymos.adapters.sample import Sample, Turn

HEAD = "dialogue_id,turn,speaker,text\n"


def contexts(path: Path, text: str, context_turns: int = 5, columns: Columns | None = None) -> dict[str, str]:
    """text -> its context as 'speaker:words' joined by '|', or the reason of a bad row."""
    path.write_text(HEAD + text)
    found = {}
    for row in open_corpus(path, context_turns=context_turns, columns=columns or Columns()):
        if isinstance(row, Sample):
            found[str(row.text)] = "|".join(f"{turn.speaker}:{turn.text}" for turn in row.context)
        else:
            found[f"row {row.row}"] = row.reason
    return found


def test_context_is_the_last_turns_oldest_first(tmp_path: Path) -> None:
    rows = "1,1,A,a\n1,2,B,b\n1,3,A,c\n1,4,B,d\n"
    found = contexts(tmp_path / "f.csv", rows, context_turns=2)
    assert found == {"a": "", "b": "A:a", "c": "A:a|B:b", "d": "B:b|A:c"}
    assert contexts(tmp_path / "f.csv", rows)["d"] == "A:a|B:b|A:c"
    assert set(contexts(tmp_path / "f.csv", rows, context_turns=0).values()) == {""}


def test_interleaved_dialogues_do_not_mix(tmp_path: Path) -> None:
    found = contexts(tmp_path / "f.csv", "1,1,A,a\n2,1,X,x\n1,2,B,b\n2,2,Y,y\n1,3,A,c\n")
    assert found == {"a": "", "x": "", "b": "A:a", "y": "X:x", "c": "A:a|B:b"}


def test_a_second_pass_begins_without_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "1,1,A,a\n1,2,B,b\n")
    corpus = open_corpus(path)
    passes = [[row.context for row in corpus if isinstance(row, Sample)] for _ in range(2)]
    assert passes[0] == passes[1] == [(), (Turn("a", "A"),)]


@pytest.mark.parametrize("number", ["2", "1", "0", "x", "nan", ""])
def test_a_turn_that_does_not_increase_is_a_bad_row_outside_the_context(tmp_path: Path, number: str) -> None:
    found = contexts(tmp_path / "f.csv", f"1,1,A,a\n1,2,B,b\n1,{number},C,wrong\n1,3,A,c\n")
    expected = "turn must be a number" if number in ("x", "nan", "") else "turn must increase inside a dialogue"
    assert found.pop("row 3").startswith(expected)
    assert found == {"a": "", "b": "A:a", "c": "A:a|B:b"}


def test_turn_numbers_compare_as_numbers_and_need_a_dialogue(tmp_path: Path) -> None:
    assert contexts(tmp_path / "f.csv", "1,9,A,a\n1,10,B,b\n,3,C,c\n,1,D,d\n") == {
        "a": "",
        "b": "A:a",
        "c": "",
        "d": "",
    }


def test_dialogues_without_turn_numbers_go_by_the_order_of_rows(tmp_path: Path) -> None:
    found = contexts(tmp_path / "f.csv", "1,5,A,a\n1,2,B,b\n", columns=Columns(turn=""))
    assert found == {"a": "", "b": "A:a"}


def test_dialogues_can_be_switched_off(tmp_path: Path) -> None:
    found = contexts(tmp_path / "f.csv", "1,1,A,a\n1,1,B,b\n", columns=Columns(dialogue=""))
    assert found == {"a": "", "b": ""}


def test_flawed_words_stay_out_of_the_context_but_sound_ones_of_a_bad_row_do_not(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("dialogue_id,text,face\n1,a,\n1,,\n1," + "x" * 200 + ",\n1,b,gone.png\n1,c,\n")
    rows = list(open_corpus(path, max_chars=100))
    assert [isinstance(row, BadRow) for row in rows] == [False, True, True, True, False]
    assert isinstance(rows[4], Sample)
    assert [turn.text for turn in rows[4].context] == ["a", "b"]


def test_the_dialogue_silent_longest_is_forgotten_first() -> None:
    memory = Dialogues(2)
    for number in range(OPEN_DIALOGUES):
        memory.add(str(number), Turn("old"), None)
    memory.add("0", Turn("new"), None)  # 0 has spoken again, so that 1 is the silent one
    memory.add("one more", Turn("x"), None)
    assert memory.before("1") == ()
    assert memory.before("0") == (Turn("old"), Turn("new"))
    assert memory.before("2") == (Turn("old"),)


def test_remembered_characters_are_bounded() -> None:
    memory = Dialogues(1)
    text = "x" * (OPEN_CHARACTERS // 10)
    for number in range(30):
        memory.add(str(number), Turn(text), None)
        memory.add(str(number), Turn(text), None)  # pushes the first one out of its window
    open_now = [number for number in range(30) if memory.before(str(number))]
    assert open_now == list(range(21, 30))  # nine tenths and their keys; a tenth one would exceed the bound
