"""Copies are noticed by hashes alone: thirteen words in a row, or a whole shorter text."""

from pathlib import Path

import pytest

from thymos.prompts.errors import ModelError
from thymos.retrieval.heard import FILE, Heard

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
HEARD = Heard.of([LONG, "I will never forget this day.", "Oh no."])


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        (LONG, True),
        (f"She said: {LONG.upper()}!", True),
        (" ".join(LONG.split()[1:14]), True),
        (" ".join(LONG.split()[1:13]), False),
        ("i will NEVER forget, this day", True),
        ("I will never forget this long day", False),
        ("Oh no.", False),
        ("", False),
    ],
    ids=["all", "inside", "thirteen", "twelve", "a whole short one", "changed", "too short to tell", "nothing"],
)
def test_what_counts_as_a_copy(text: str, repeats: bool) -> None:
    assert HEARD.repeats(text) is repeats


def test_it_lies_beside_weights(tmp_path: Path) -> None:
    assert Heard.load(tmp_path) is None
    HEARD.save(tmp_path)
    again = Heard.load(tmp_path)
    assert again is not None
    assert again.repeats(LONG)
    assert len(again) == len(HEARD) == 4
    assert b"fourteen" not in (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"{}")
    with pytest.raises(ModelError, match="fetch the adapter again"):
        Heard.load(tmp_path)


def test_nothing_heard_repeats_nothing(tmp_path: Path) -> None:
    Heard.of([]).save(tmp_path)
    again = Heard.load(tmp_path)
    assert again is not None
    assert not again.repeats(LONG)


def test_what_either_heard_is_heard() -> None:
    both = Heard.of(["I will never forget this day."]).with_all_of(Heard.of(["We came home late in the rain."]))
    assert both.repeats("i will never forget this day")
    assert both.repeats("we came home late, in the rain!")
    assert len(both) == 2
