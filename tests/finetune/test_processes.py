"""Two processes learn what one does: each takes its part of every step."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.finetune.recipes import recipe, write_corpus
from tests.finetune.sounds import listening, write_sounds
from thymos.adapters.llm.adapter import WEIGHTS
from thymos.adapters.llm.files import CARD
from thymos.finetune.recipe import Recipe
from thymos.finetune.training.history import read


def histories(
    told: Recipe, data: Path, output: Path, remark: str = "2 processes share each step"
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The histories of the same recipe in one process and in two, which say something."""
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
    assert remark in said["2"]
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
def test_two_processes_that_share_out_the_base_learn_and_calibrate_as_one(tiny_model: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path, "invented", 120, seed=1)
    told = recipe(tiny_model, train={"accumulate": 4, "epochs": 4, "learning_rate": 5e-4, "shard": True})
    check_alike(*histories(told, tmp_path, tmp_path, "frozen weights are shared out"), "invented")
    weights = [load_file(tmp_path / processes / "adapter" / WEIGHTS) for processes in ("1", "2")]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=2e-4) for name in weights[0])
    cards = [json.loads((tmp_path / processes / "adapter" / CARD).read_text()) for processes in ("1", "2")]
    temperatures = [card["confidence"]["ekman"]["temperature"] for card in cards]
    assert temperatures[0] == pytest.approx(temperatures[1], rel=0.02)


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
