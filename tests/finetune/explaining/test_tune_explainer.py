"""A model learns steps of explanations, is published, and writes with `thymos ask --writer`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.recipes import SAID, write_corpus
from tests.finetune.writing.test_tune_writer import prompter
from thymos.adapters.llm.adapter import read_card
from thymos.adapters.sample import Sample
from thymos.agent.cli import app
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.choice import writer_of
from thymos.agent.reasoning.held_writing import HeldWriter
from thymos.agent.synth.models import manner_of
from thymos.finetune.explaining.publish import publish_explainer
from thymos.finetune.explaining.recipe import ExplainerRecipe
from thymos.finetune.explaining.tune import TunedExplainer, tune_explainer
from thymos.finetune.recipe import load_recipe
from thymos.finetune.training.history import read
from thymos.finetune.training.watch import Progress
from thymos.prompts.errors import InputError
from thymos.prompts.steps import StepLesson, StepWish


class WordTracer:
    """Says of a row that its words are what they are."""

    def __init__(self, budget: int = 1) -> None:
        self._budget = budget

    def identity(self) -> Mapping[str, object]:
        return {"budget": self._budget}

    def lessons(self, sample: Sample) -> list[StepLesson]:
        word = next(each for each in (sample.text or "").split() if any(each in words for words in SAID.values()))
        return [StepLesson(StepWish("perceive", (f'[cue:1] "{word}": 10 %',)), f'"{word}" speaks for it. [cue:1]')]


def dialogues(number: int, name: str) -> dict[str, Any]:
    """Conversations of two turns; the first one's second word is the cause of the second."""
    words = sorted(word for each in SAID.values() for word in each)
    return {
        f"{name}_{place}": [
            [
                {
                    "turn": 1,
                    "speaker": "A",
                    "utterance": f"the {words[place % len(words)]} {place}",
                    "emotion": "neutral",
                },
                {
                    "turn": 2,
                    "speaker": "B",
                    "utterance": f"oh {place}",
                    "emotion": "sadness",
                    "expanded emotion cause evidence": [1],
                    "expanded emotion cause span": [words[place % len(words)]],
                },
            ]
        ]
        for place in range(*((0, number) if name == "train" else (100, 100 + number)))
    }


def recipe(model: Path, **changes: Any) -> ExplainerRecipe:
    common = {"licence": "CC0-1.0", "source": "made in the test"}
    told: dict[str, Any] = {
        "task": "explain",
        "name": "tiny-explainer",
        "description": "Explains invented lines.",
        "licence": "CC0-1.0",
        "model": str(model),
        "traces": [
            {
                "name": "invented",
                "train": "invented-train.csv",
                "dev": "invented-dev.csv",
                "taxonomy": "ekman",
                "label_column": "emotion",
                "rows": 30,
                "dev_rows": 5,
            }
            | common
        ],
        "causes": [
            {
                "name": "told",
                "train": "told-train.json",
                "dev": "told-dev.json",
                "format": "reccon",
                "taxonomy": "cause",
                "context_turns": 100,
            }
            | common
        ],
        "feelings_as": ["ekman"],
        "max_tokens": 900,
        "lora": {"rank": 4, "alpha": 8},
        "train": {"epochs": 2, "learning_rate": 1e-2, "token_budget": 3000, "evaluations": 2},
    }
    return ExplainerRecipe.model_validate(told | changes)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("said")
    write_corpus(folder, "invented", 40, 1)
    for split, number in (("train", 40), ("dev", 6)):
        (folder / f"told-{split}.json").write_text(json.dumps(dialogues(number, split)), encoding="utf-8")
    return folder


def tuned(told: ExplainerRecipe, data: Path, folder: Path, **more: Any) -> TunedExplainer:
    budget = more.pop("budget", 1)
    return tune_explainer(told, data, folder, tracer=lambda: WordTracer(budget), prompter=prompter, **more)


@pytest.fixture(scope="module")
def run(tiny_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    told = recipe(tiny_model)
    publish_explainer(tuned(told, data, folder), told, folder)
    return folder


def test_the_loss_falls_and_the_card_says_what_it_learnt(run: Path) -> None:
    steps = [line["loss"] for line in read(run) if line["kind"] == "step"]
    looks = [line["corpora"]["texts"]["loss"] for line in read(run) if line["kind"] == "dev"]
    assert len(looks) == 2
    assert looks[-1] < 0.8 * steps[0]
    card = read_card(run / "adapter")
    assert card is not None
    assert card.prompt == "explain"
    assert card.facts["lessons"] == {"perceive": 30, "cause": 40}
    text = (run / "adapter" / "README.md").read_text(encoding="utf-8")
    assert "--writer tiny-explainer" in text
    assert "40 steps of cause" in text
    assert "{{" not in text
    assert "told-train" not in text
    assert "## told" in (run / "adapter" / "DATA.md").read_text(encoding="utf-8")


def test_an_interrupted_run_ends_as_one_that_was_not(tiny_model: Path, data: Path, run: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model)

    def stop(progress: Progress) -> None:
        if progress.step.number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuned(told, data, tmp_path, on_progress=stop)
    with pytest.raises(InputError):
        tuned(told, data, tmp_path, budget=2)  # other explanations are another run
    traced: list[tuple[int, int]] = []
    publish_explainer(tuned(told, data, tmp_path, on_traced=lambda *each: traced.append(each)), told, tmp_path)
    assert traced[-1] == (35, 35)
    one, other = (folder / "adapter" / "adapter_model.safetensors" for folder in (run, tmp_path))
    assert one.read_bytes() == other.read_bytes()


def test_what_explains_neither_labels_nor_is_a_recipe_that_does(
    run: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = str(run / "adapter")
    assert isinstance(writer_of(adapter, str(tiny_model), "cpu"), HeldWriter)
    with pytest.raises(InputError, match="one that labels, got one that"):
        Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=adapter)
    with pytest.raises(InputError, match="one that labels"):
        load_recipe("explain")
    with pytest.raises(InputError, match="which explains"):
        manner_of(None, adapter)
    app(["adapters", "list", str(run)], result_action="return_value")
    assert "explaining" in capsys.readouterr().out


def test_recipes_without_steps_are_refused(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="causes"):
        recipe(tiny_model, causes=[])
    with pytest.raises(ValueError, match="lora or qlora"):
        recipe(tiny_model, train={"method": "full"})
