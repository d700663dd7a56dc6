"""A score file is complete, is strict JSON, and is never half there."""

import json
from pathlib import Path

import numpy as np
import pytest

from thymos.finetune.metrics import score
from thymos.finetune.scorefile import Origin, score_document, write_score
from thymos.finetune.scores import Scores
from thymos.prompts.errors import OutputError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

TWO = Taxonomy("two", "Two", Kind.SINGLE, (Label("joy", "", "joy"), Label("怒り", "", "怒り")))
ORIGIN = Origin(
    "out.csv", "00ff", {"model": "tiny"}, True, "test.tsv", {"sha256": "ab"}, {"at": None}, ["thymos", "eval"]
)


def scores(abstain_all: bool = False) -> Scores:
    predicted: list[tuple[str, ...]] = [(), ()] if abstain_all else [("joy",), ("joy",)]
    return score(
        [("joy",), ("怒り",)],
        predicted,
        TWO,
        probabilities=np.array([[0.8, 0.2], [0.6, 0.4]]),
        bootstrap=5,
        seed=9,
    )


def test_a_score_file_holds_every_part(tmp_path: Path) -> None:
    write_score(tmp_path / "s.json", score_document(scores(), ORIGIN))
    found = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert set(found) == {
        *(
            "schema",
            "time",
            "command",
            "taxonomy",
            "options",
            "rows",
            "metrics",
            "label_sets",
            "ignored_labels",
            "intervals",
        ),
        *("per_label", "confusion", "calibration", "seed", "split_sha256", "gold", "predictions", "commit"),
        *("hardware", "versions"),
    }
    assert found["schema"] == "thymos.score/1"
    assert found["command"] == "thymos eval"
    assert found["metrics"]["accuracy"] == 0.5
    # (0.8 right, 0.6 wrong): |1 - 0.8| / 2 + |0 - 0.6| / 2
    assert found["metrics"]["ece"] == pytest.approx(0.4)
    assert found["per_label"][1] == {
        "name": "怒り", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1, "predicted": 0,
    }  # fmt: skip
    assert found["confusion"]["counts"] == [[1, 0, 0], [1, 0, 0]]
    assert found["predictions"] == {
        "file": "out.csv",
        "sha256": "00ff",
        "provenance": {"model": "tiny"},
        "as_written": True,
    }
    assert found["gold"] == {"source": "test.tsv", "identity": {"sha256": "ab"}}
    low, high = found["intervals"]["accuracy"]
    assert 0 <= low <= high <= 1


def test_what_is_undefined_is_null_and_not_nan(tmp_path: Path) -> None:
    write_score(tmp_path / "s.json", score_document(scores(abstain_all=True), ORIGIN))
    text = (tmp_path / "s.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["metrics"]["answered_accuracy"] is None


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_score(path, {"figure": float("nan")})
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.json"]


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"s\.json must be writable, got: No such file"):
        write_score(tmp_path / "nowhere" / "s.json", {})
