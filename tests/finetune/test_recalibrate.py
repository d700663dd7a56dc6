"""An adapter that listens is calibrated again: its weights stay, and only the recordings that are needed are read."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.finetune.sounds import listening, write_sounds
from thymos.adapters.perception import Percept, Perception
from thymos.adapters.sample import Sample
from thymos.finetune.publish import publish
from thymos.finetune.recalibrate import recalibrate
from thymos.finetune.tune import tune


@pytest.fixture
def perceived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rows whose recordings were asked for."""
    asked: list[str] = []
    real = Perception.perceive

    def noted(self: Perception, samples: Sequence[Sample]) -> list[Percept]:
        asked.extend(sample.id for sample in samples)
        return real(self, samples)

    monkeypatch.setattr(Perception, "perceive", noted)
    return asked


def test_nothing_asks_for_what_it_learnt_from_where_nothing_votes(
    tiny_model: Path, tmp_path: Path, perceived: list[str]
) -> None:
    write_sounds(tmp_path, "train", 12, seed=0)
    write_sounds(tmp_path, "dev", 8, seed=1000)
    told = listening(tiny_model, train={"epochs": 1})
    adapter = publish(tune(told, tmp_path, tmp_path / "run"), told, tmp_path / "run")
    perceived.clear()
    without = recalibrate(str(adapter), tmp_path / "again", tmp_path)["buzzes"]
    assert len(perceived) == without["rows"] == 8
    assert (tmp_path / "again" / "projectors.safetensors").read_bytes() == (
        adapter / "projectors.safetensors"
    ).read_bytes()
    perceived.clear()
    voted = recalibrate(str(adapter), tmp_path / "voted", tmp_path, votes=True)["buzzes"]
    assert len(perceived) == 20
    assert {"loss", "macro_f1"} <= without.keys()
    assert {name: voted[name] for name in ("loss", "macro_f1")} == {
        name: without[name] for name in ("loss", "macro_f1")
    }  # of the model alone
