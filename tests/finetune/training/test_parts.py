"""The parts of the loop: steps, rate, average, checkpoints."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from thymos.finetune.instruct.batches import Group
from thymos.finetune.training import checkpoint
from thymos.finetune.training.average import Average
from thymos.finetune.training.checkpoint import Checkpoint
from thymos.finetune.training.steps import Schedule, rate
from thymos.prompts.errors import InputError, OutputError


@dataclass
class Counted:
    """A plan whose epochs have 7, 8, 7, 8, ... groups."""

    def epoch(self, number: int) -> list[Group]:
        return [Group(0, (number, place), "") for place in range(7 + number % 2)]


def test_steps_go_through_the_epochs_and_leave_what_fills_no_step() -> None:
    schedule = Schedule(Counted(), epochs=2.5, accumulate=3)
    steps = list(schedule.steps())
    assert schedule.total == len(steps) == 2 + 2 + 1
    assert [step[0].rows for step in steps] == [(0, 0), (0, 3), (1, 0), (1, 3), (2, 0)]


@pytest.mark.parametrize("first", range(6))
def test_a_resumed_run_sees_the_steps_that_were_left(first: int) -> None:
    schedule = Schedule(Counted(), epochs=2.5, accumulate=3)
    assert list(schedule.steps(first)) == list(schedule.steps())[first:]


def test_the_rate_rises_then_falls_along_a_cosine() -> None:
    rates = [rate(step, 100, peak=1.0, warmup=0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert max(rates) == rates[10] == 1.0
    assert rates[55] == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi / 2)) / 2)
    assert 0 < rates[-1] < 0.02


def test_an_average_is_the_weighted_mean_of_all_weights() -> None:
    parameter = nn.Parameter(torch.zeros(1))
    average = Average(0.5, {"w": parameter})
    expected = 0.0
    for step, value in enumerate((1.0, 2.0, 4.0)):
        parameter.data.fill_(value)
        average.update({"w": parameter}, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert average.weights["w"].item() == pytest.approx(expected)
    assert parameter.item() == 4.0


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def state(step: int, fingerprint: str = "run") -> Checkpoint:
    return Checkpoint(step, fingerprint, {"w": torch.full((3,), float(step)), "n": torch.tensor(step)}, {"best": 0.5})


def test_the_last_two_checkpoints_are_kept_and_the_newest_is_read(tmp_path: Path) -> None:
    for step in (1, 20, 300):
        checkpoint.write(tmp_path, state(step))
    assert kept(tmp_path) == ["step-00000020.safetensors", "step-00000300.safetensors"]
    found, remarks = checkpoint.newest(tmp_path, "run")
    assert found is not None
    assert (found.step, found.notes["best"], remarks) == (300, 0.5, [])
    assert found.tensors["w"].tolist() == [300.0] * 3
    assert found.tensors["n"].dim() == 0


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.write(tmp_path, state(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # the system's own call, as a full disk answers it
    with pytest.raises(OutputError, match="disk must have room"):
        checkpoint.write(tmp_path, state(2))
    monkeypatch.undo()
    found, _ = checkpoint.newest(tmp_path, "run")
    assert found is not None
    assert found.step == 1
    assert kept(tmp_path) == ["step-00000001.safetensors"]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, state(1))
    with pytest.raises(InputError, match="--restart"):
        checkpoint.newest(tmp_path, "other")


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "absent", "run") == (None, [])
