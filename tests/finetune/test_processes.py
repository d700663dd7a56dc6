"""Two processes learn what one does: each takes its part of every step."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.finetune.recipes import recipe, write_corpus
from tests.finetune.sounds import listening, write_sounds
from thymos.finetune.recipe import Recipe
from thymos.finetune.training.history import read


def histories(told: Recipe, data: Path, output: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The histories of the same recipe in one process and in two."""
    (output / "mine.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")), encoding="utf-8")
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1"]
    quiet = ["--mixed_precision", "no", "--dynamo_backend", "no"]
    said = {}
    for processes in ("1", "2"):
        several = ["--multi_gpu" if processes == "2" else "--cpu", "--num_processes", processes]
        rest = ["finetune", str(output / "mine.yaml"), "-o", str(output / processes), "--data", str(data)]
        done = subprocess.run(
            [*launch, *several, *quiet, "-m", "thymos.agent.cli", *rest],
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        said[processes] = done.stderr
    assert "2 processes share each step" in said["2"]
    return read(output / "1"), read(output / "2")


def check_alike(one: list[dict[str, Any]], two: list[dict[str, Any]], corpus: str) -> None:
    assert len(one) == len(two) > 8
    for line, other in zip(one, two, strict=True):
        assert line["kind"] == other["kind"]
        if line["kind"] == "step":
            assert line["loss"] == pytest.approx(other["loss"], rel=1e-4)
            assert (line["rows"], line["tokens"]) == (other["rows"], other["tokens"])
        else:
            assert line["corpora"][corpus]["loss"] == pytest.approx(other["corpora"][corpus]["loss"], rel=1e-3)


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tiny_model: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path, "invented", 120, seed=1)
    told = recipe(tiny_model, train={"accumulate": 2})
    check_alike(*histories(told, tmp_path, tmp_path), "invented")


@pytest.mark.slow
def test_two_processes_listen_as_one_does_though_a_batch_may_bring_no_voice(tiny_model: Path, tmp_path: Path) -> None:
    write_sounds(tmp_path, "train", 24, seed=0)
    write_sounds(tmp_path, "dev", 8, seed=1000)
    train = {
        "accumulate": 2,
        "token_budget": 60,
        "drop_modalities": 0.5,
        "projector_dropout": 0.0,
        "epochs": 2,
        "learning_rate": 1e-3,
        "projector_rate": 1e-3,
        "align": 0.0,
    }
    check_alike(*histories(listening(tiny_model, train=train), tmp_path, tmp_path), "buzzes")
