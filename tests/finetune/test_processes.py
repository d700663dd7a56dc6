"""Two processes learn what one does: each takes its part of every step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.finetune.recipes import recipe, write_corpus
from thymos.finetune.training.history import read


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tiny_model: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path, "invented", 120, seed=1)
    told = recipe(tiny_model, train={"accumulate": 2})
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")), encoding="utf-8")
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1"]
    quiet = ["--mixed_precision", "no", "--dynamo_backend", "no"]
    said = {}
    for processes in ("1", "2"):
        rest = ["finetune", str(tmp_path / "mine.yaml"), "-o", str(tmp_path / processes), "--data", str(tmp_path)]
        done = subprocess.run(
            [
                *launch,
                "--multi_gpu" if processes == "2" else "--cpu",
                "--num_processes",
                processes,
                *quiet,
                "-m",
                "thymos.agent.cli",
                *rest,
            ],
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        said[processes] = done.stderr
    assert "2 processes share each step" in said["2"]
    one, two = (read(tmp_path / processes) for processes in ("1", "2"))
    assert len(one) == len(two) > 8
    for line, other in zip(one, two, strict=True):
        assert line["kind"] == other["kind"]
        if line["kind"] == "step":
            assert line["loss"] == pytest.approx(other["loss"], rel=1e-4)
            assert (line["rows"], line["tokens"]) == (other["rows"], other["tokens"])
        else:
            assert line["corpora"]["invented"]["loss"] == pytest.approx(other["corpora"]["invented"]["loss"], rel=1e-3)
