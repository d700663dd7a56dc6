"""Conditions on rows: which rows of one file are meant."""

from pathlib import Path

import pytest

from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError

ROWS = "id,text,split,fold\n1,one,train,0\n2,two,test,0\n3,three,train,1\n4,four,,2\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(ROWS)
    return tmp_path / "rows.csv"


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ((), ["1", "2", "3", "4"]),
        (("split=train",), ["1", "3"]),
        (("split=train,test",), ["1", "2", "3"]),
        (("split!=train",), ["2", "4"]),
        (("split=",), ["4"]),
        (("split=train", "fold!=0"), ["3"]),
        (("fold = 0, 1",), ["1", "2", "3"]),
    ],
)
def test_only_rows_that_meet_all_conditions_are_there(where: tuple[str, ...], ids: list[str], table: Path) -> None:
    corpus = open_corpus(table, where=where)
    assert [row.id for row in corpus] == ids
    assert corpus.estimate_rows() == len(ids)


def test_conditions_are_part_of_what_a_corpus_is(table: Path) -> None:
    whole, part = open_corpus(table).identity(), open_corpus(table, where=["fold=0", "split=train"]).identity()
    assert part == {**whole, "where": ["fold=0", "split=train"]}
    assert part == open_corpus(table, where=["split=train", "fold=0"]).identity()


def test_numbers_of_a_parquet_file_are_compared_as_text(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["a", "b", "c"], "fold": [0, 1, None]}), tmp_path / "rows.parquet")
    rows = list(open_corpus(tmp_path / "rows.parquet", where=["fold!=0"]))
    assert [row.text for row in rows if isinstance(row, Sample)] == ["b", "c"]


@pytest.mark.parametrize("where", ["split", "=train", "!=train", ""])
def test_a_condition_written_another_way_is_refused(where: str, table: Path) -> None:
    with pytest.raises(InputError, match="where must be column=value"):
        open_corpus(table, where=[where])


def test_conditions_that_no_row_meets_are_refused(table: Path) -> None:
    with pytest.raises(InputError, match=r"where must leave a row, got none in .*rows\.csv for split=tset and fold=0"):
        open_corpus(table, where=["split=tset", "fold=0"])


def test_a_column_that_is_not_there_is_named_with_those_that_are(table: Path) -> None:
    with pytest.raises(InputError, match="got 'splitt'; there are 'id', 'text', 'split', 'fold'"):
        open_corpus(table, where=["splitt=train"])


def test_rows_have_the_numbers_that_they_have_in_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,split\none,train\ntwo,test\n,test\nthree,test\n")
    whole = {row.id: row.text for row in open_corpus(tmp_path / "rows.csv") if isinstance(row, Sample)}
    part = list(open_corpus(tmp_path / "rows.csv", where=["split=test"]))
    assert [row.text for row in part if isinstance(row, Sample)] == ["two", "three"]
    assert all(whole[row.id] == row.text for row in part if isinstance(row, Sample))
    assert [row.row for row in part if not isinstance(row, Sample)] == [3]
    assert open_corpus(tmp_path / "rows.csv", where=["split=test"]).identity()["numbered"] == "in the whole file"
    assert "numbered" not in open_corpus(tmp_path / "rows.csv").identity()
