"""QLoRA on a CPU: the embedded model in 4 bits learns, and its adapter works on the model in 4 bits again."""

from pathlib import Path

import pytest

from tests.finetune.recipes import lines, recipe, write_corpus
from thymos.adapters.weights import DEFAULT
from thymos.agent.labeler import Labeler
from thymos.finetune.publish import publish
from thymos.finetune.training.history import read
from thymos.finetune.tune import tune


@pytest.mark.slow
def test_the_embedded_model_in_four_bits_learns(tmp_path: Path) -> None:
    write_corpus(tmp_path, "invented", 120, seed=1)
    told = recipe(
        Path(DEFAULT),
        vary={"share": 0},
        train={
            "method": "qlora",
            "epochs": 8,
            "learning_rate": 2e-3,
            "freeze_layers": 15,
            "evaluations": 4,
            "average": 0,
        },
    )
    tuned = tune(told, tmp_path, tmp_path / "run")
    assert tuned.trainee.base.load_in == "4bit"
    assert tuned.trainee.engine == "general"
    adapter = publish(tuned, told, tmp_path / "run")
    looks = [line["corpora"]["invented"]["loss"] for line in read(tmp_path / "run") if line["kind"] == "dev"]
    assert looks[-1] < 0.8 * looks[0]
    labeler = Labeler.from_pretrained(taxonomy="ekman", adapter=str(adapter), load_in="4bit")
    rows = lines(40, seed=99)
    golds = [p.probabilities[gold] for p, (_, gold) in zip(labeler.label(t for t, _ in rows), rows, strict=True)]
    untuned = Labeler.from_pretrained(taxonomy="ekman", adapter=None, load_in="4bit")
    before = [p.probabilities[gold] for p, (_, gold) in zip(untuned.label(t for t, _ in rows), rows, strict=True)]
    assert sum(golds) > 1.5 * sum(before), "in 4 bits again, the gold label has become likelier"
