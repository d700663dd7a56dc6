"""Corpora that a synthesis compares with or learns from: what is wrong with one is told with the flag that helps."""

from pathlib import Path

import pytest

from thymos.agent.synth.corpora import read_texts
from thymos.prompts.errors import InputError


def test_a_table_without_names_is_refused_with_a_flag_that_there_is(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_text("I am so glad\t17\tx1\nOh no\t25\tx2\n")
    with pytest.raises(InputError, match=r"text column must .*test\.tsv'; tell its layout with --corpus-format"):
        read_texts(str(path))
    read = read_texts(str(path), format="goemotions")
    assert [(each.text, each.labels) for each in read.rows] == [("I am so glad", ("joy",)), ("Oh no", ("sadness",))]


def test_a_corpus_that_is_not_there_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="corpus must exist"):
        read_texts(str(tmp_path / "none.csv"))
