"""Results on the disk: found again, whole or not at all, and never those of another experiment."""

from pathlib import Path

import pytest

from thymos.finetune.augment.cells import Cells, digest
from thymos.finetune.augment.values import ALL, Cell, Result, Row
from thymos.prompts.errors import OutputError, RunError

CELL = Cell("tfidf", 16, 3, "eda")
RESULT = Result(((0,), (1, 2), ()), 64, 1000, {"strength": 10.0})


def test_a_result_is_found_again_by_its_cell_alone(tmp_path: Path) -> None:
    Cells(tmp_path / "c", {"real": "x"}).put(CELL, RESULT)
    again = Cells(tmp_path / "c", {"real": "x"})
    assert again.get(CELL) == RESULT
    others = [Cell("minilm", 16, 3, "eda"), Cell("tfidf", 64, 3, "eda"), Cell("tfidf", ALL, 3, "eda")]
    for other in (*others, Cell("tfidf", 16, 4, "eda"), Cell("tfidf", 16, 3, "real")):
        assert again.get(other) is None


def test_results_of_another_experiment_are_refused_with_what_differs(tmp_path: Path) -> None:
    Cells(tmp_path / "c", {"real": "x", "test": "y"})
    with pytest.raises(RunError, match=r"of another \(test differs\)"):
        Cells(tmp_path / "c", {"real": "x", "test": "z"})


def test_a_torn_result_is_none(tmp_path: Path) -> None:
    cells = Cells(tmp_path / "c", {})
    cells.put(CELL, RESULT)
    (path,) = (tmp_path / "c").glob("tfidf*.json")
    path.write_text(path.read_text()[:-9])
    assert cells.get(CELL) is None


def test_a_name_of_a_classifier_is_no_path(tmp_path: Path) -> None:
    Cells(tmp_path / "c", {}).put(Cell("recipe:../../x", 16, 0, "real"), RESULT)
    assert {path.name for path in tmp_path.iterdir()} == {"c"}


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("")
    with pytest.raises(OutputError, match="must be writable"):
        Cells(tmp_path / "c", {})


def test_digests_go_by_id_text_labels_and_order() -> None:
    a, b = Row("a", "x", ("joy",)), Row("b", "x", ("joy",))
    assert digest([a, b]) == digest([a, b])
    assert (
        len({digest(rows) for rows in ([a, b], [b, a], [a], [Row("a", "y", ("joy",))], [Row("a", "x", ("fear",))])})
        == 5
    )
