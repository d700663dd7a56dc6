"""What a model expects of labels is taken away, going by the corpus itself."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from tests.finetune.recipes import lines
from thymos.adapters.sample import Sample
from thymos.agent.batch_calibrated import ROWS, BatchCalibrated, _drawing
from thymos.agent.cli import app
from thymos.agent.labeler import Labeler
from thymos.agent.prediction import Prediction
from thymos.agent.runs.stop import RunStoppedError
from thymos.prompts.errors import InputError


def samples(number: int) -> list[Sample]:
    return [Sample(id=str(place), text=text) for place, (text, _) in enumerate(lines(number, seed=3))]


def table(predictions: list[Prediction]) -> NDArray[np.float64]:
    return np.array([list(each.probabilities.values()) for each in predictions])


def labelers(model: Path) -> tuple[Labeler, BatchCalibrated]:
    told: dict[str, Any] = {"taxonomy": "ekman", "adapter": None, "calibration": "none"}
    return Labeler.from_pretrained(str(model), **told), BatchCalibrated.from_pretrained(str(model), **told)


def test_probabilities_are_divided_by_the_root_of_their_mean(tiny_model: Path) -> None:
    plain, batch = labelers(tiny_model)
    rows = samples(60)
    assert batch.meet(iter(rows)) is None
    before, after = (table(each.label(rows)) for each in (plain, batch))
    expected = softmax(np.log(before) - 0.5 * np.log(before.mean(axis=0)), axis=1)
    assert after == pytest.approx(expected, abs=2e-3)
    assert np.ptp(after.mean(axis=0)) < 0.8 * np.ptp(before.mean(axis=0))
    assert batch.identity()["calibration"] == "batch"
    assert batch.identity()["prior"] == pytest.approx(before.mean(axis=0), rel=0.01)
    batch.left_out["speech"] = (1, "of an earlier corpus")
    batch.meet(iter(rows[::-1]))  # a corpus that is met again is not counted twice
    assert batch.left_out == {"speech": (1, "of an earlier corpus")}
    assert table(batch.label(rows)) == pytest.approx(after, abs=1e-6)


def test_rows_are_drawn_from_all_over_a_corpus_and_the_same_ones_each_time() -> None:
    drawn: list[list[Sample]] = [[], []]
    rows = [Sample(id=str(number), text="x") for number in range(4 * ROWS)]
    for each in drawn:
        assert list(_drawing(rows, each)) == rows
    assert drawn[0] == drawn[1]
    assert len({each.id for each in drawn[0]}) == ROWS
    assert sum(int(each.id) < 2 * ROWS for each in drawn[0]) == pytest.approx(ROWS / 2, rel=0.15)


def test_what_it_can_not_do_is_told(tiny_model: Path) -> None:
    _, batch = labelers(tiny_model)
    with pytest.raises(InputError, match="must look at the corpus first"):
        batch.label(["so it is"])
    with pytest.raises(InputError, match="rows that can be labelled"):
        batch.meet([Sample(id="1", text=" ")])
    with pytest.raises(InputError, match="one label a row, got 'goemotions'"):
        BatchCalibrated.from_pretrained(str(tiny_model), taxonomy="goemotions", adapter=None, calibration="none")


def test_a_corpus_is_looked_at_before_it_is_labelled_and_a_killed_run_goes_on(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "".join(f"{each.text}\n" for each in samples(40)), encoding="utf-8")
    told = ["--model", str(tiny_model), "--adapter", "none", "--taxonomy", "ekman", "--quiet", "--calibration", "batch"]

    def label(name: str, *more: str) -> Path:
        app(["label", str(source), "-o", str(tmp_path / name), *told, *more], result_action="return_value")
        return tmp_path / name

    whole = label("whole.jsonl").read_text()
    assert json.loads(whole.splitlines()[0])["probabilities"]
    calls: list[None] = []

    def stopped(*args: Any, **options: Any) -> Any:
        done = original(*args, **options)
        calls.append(None)
        if len(calls) == 3:  # one of them to look at the corpus
            raise KeyboardInterrupt
        return done

    original = Labeler._scored
    monkeypatch.setattr(Labeler, "_scored", stopped)
    with pytest.raises(RunStoppedError, match="after 10 rows"):
        label("halved.jsonl", "--chunk-rows", "10")
    monkeypatch.undo()
    label("halved.jsonl", "--chunk-rows", "10")
    rows = [
        [json.loads(line)["probabilities"] for line in text.splitlines()]
        for text in (whole, (tmp_path / "halved.jsonl").read_text())
    ]
    for one, other in zip(*rows, strict=True):
        assert one == pytest.approx(other, abs=2e-3)
    capsys.readouterr()
    app(["label", str(source), *told, "--dry-run"], result_action="return_value")
    assert "40" in capsys.readouterr().out
