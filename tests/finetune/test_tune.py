"""A whole fine-tuning on a tiny model: it learns, goes on exactly where it stopped, and saves what loads again."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from tests.finetune.recipes import dialogues, lines, recipe, write_corpus, write_dialogues
from thymos.adapters.llm.adapter import WEIGHTS, read_card
from thymos.agent.cli.label import CONTEXT_TURNS, Job, open_input
from thymos.agent.cli.label_flags import DecisionFlags, InputFlags, ModelFlags
from thymos.agent.labeler import Labeler
from thymos.finetune.merge import merge_adapter
from thymos.finetune.publish import publish
from thymos.finetune.recalibrate import recalibrate
from thymos.finetune.training.curves import draw_curves
from thymos.finetune.training.history import read
from thymos.finetune.training.watch import Progress
from thymos.finetune.tune import tune
from thymos.prompts.errors import InputError, ModelError, OutputError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder, "invented", 240, seed=1)
    return folder


@pytest.fixture(scope="module")
def run(tiny_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its adapter."""
    folder = tmp_path_factory.mktemp("run")
    told = recipe(tiny_model, train={"epochs": 8, "learning_rate": 1e-2})
    publish(tune(told, data, folder), told, folder)
    return folder


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in read(folder) if line["kind"] == "step"]


def test_the_loss_falls_and_dev_is_looked_at(run: Path) -> None:
    curve = losses(run)
    assert sum(curve[-5:]) < 0.6 * sum(curve[:5])
    looks = [line for line in read(run) if line["kind"] == "dev"]
    assert len(looks) == 2
    assert looks[-1]["step"] == len(curve)


def test_the_adapter_labels_what_it_learnt_and_is_calibrated(run: Path, tiny_model: Path) -> None:
    tuned = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(run / "adapter"), coverage=0.9)
    untuned = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman")
    rows = lines(120, seed=99)

    def right(labeler: Labeler) -> int:
        return sum(p.labels == (gold,) for p, (_, gold) in zip(labeler.label(t for t, _ in rows), rows, strict=True))

    assert right(tuned) > right(untuned) + 30
    assert tuned.identity()["calibration"] == "fitted"
    assert tuned.identity()["prompt"] == "tuned"
    covered = [gold in (p.label_set or ()) for p, (_, gold) in zip(tuned.label(t for t, _ in rows), rows, strict=True)]
    assert sum(covered) / len(covered) > 0.8


def test_merged_adapter_answers_as_the_adapter_does(run: Path, tiny_model: Path, tmp_path: Path) -> None:
    merge_adapter(str(run / "adapter"), tmp_path / "merged")
    texts = [text for text, _ in lines(20, seed=5)]
    adapted = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(run / "adapter"))
    merged = Labeler.from_pretrained(str(tmp_path / "merged"), taxonomy="ekman")
    assert merged.identity()["calibration"] == "fitted"
    for one, other in zip(adapted.label(texts), merged.label(texts), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.02)
    with pytest.raises(InputError, match="new folder"):
        merge_adapter(str(run / "adapter"), tmp_path / "merged")


def test_the_cards_say_data_licence_seed_and_figures_and_no_path(run: Path, data: Path) -> None:
    model = (run / "adapter" / "README.md").read_text()
    about = (run / "adapter" / "DATA.md").read_text()
    for said in ("CC0-1.0", "AI Act", "made in the test", "macro F1", "LoRA", "| seed | 0 |"):
        assert said in model, said
    for said in ("made in the test", "CC0-1.0", "also asked as sentiment", "SHA-256 of train"):
        assert said in about, said
    for file in (run / "adapter").iterdir():
        assert str(data).encode() not in file.read_bytes()


def test_weights_are_sixteen_bits_and_named_as_peft_does(run: Path) -> None:
    with safe_open(run / "adapter" / WEIGHTS, framework="pt") as file:
        names = list(file.keys())
        assert {str(file.get_tensor(name).dtype) for name in names} == {"torch.float16"}
    assert len(names) == 3 * 7 * 2  # layers, linears, A and B


def test_curves_are_drawn(run: Path) -> None:
    draw_curves(read(run), run / "curves.png", "A title")
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").glob("events*"))


def test_an_interrupted_run_goes_on_exactly(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model)
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    tune(told, data, whole)
    stop_at = len(losses(whole)) // 2

    def interrupt(progress: Progress) -> None:
        if progress.step.number == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(told, data, halved, on_progress=interrupt)
    assert len(losses(halved)) == stop_at
    remarks: list[str] = []
    tune(told, data, halved, on_remark=remarks.append)
    assert remarks == [f"goes on after step {stop_at}"]
    assert losses(halved) == pytest.approx(losses(whole), rel=1e-4)


def test_a_damaged_checkpoint_is_told_and_the_one_before_is_used(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model, train={"checkpoint_minutes": 1e-6})
    tune(told, data, tmp_path)
    *_, before, last = sorted((tmp_path / "checkpoints").glob("*.safetensors"))
    last.write_bytes(last.read_bytes()[:1000])
    remarks: list[str] = []
    tune(told, data, tmp_path, on_remark=remarks.append)
    assert "damaged" in remarks[0]
    assert remarks[1] == f"goes on after step {int(before.stem[5:])}"


def test_how_often_is_saved_makes_no_other_run(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    tune(recipe(tiny_model), data, tmp_path)
    remarks: list[str] = []
    tune(recipe(tiny_model, train={"checkpoint_minutes": 7}), data, tmp_path, on_remark=remarks.append)
    assert remarks and remarks[0].startswith("goes on after step")


def test_a_run_with_another_recipe_is_not_taken_up(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    tune(recipe(tiny_model), data, tmp_path)
    with pytest.raises(InputError, match="another recipe"):
        tune(recipe(tiny_model, train={"seed": 1}), data, tmp_path)
    tune(recipe(tiny_model, train={"seed": 1}), data, tmp_path, restart=True)


def test_patience_ends_a_run_that_no_longer_gets_better(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model, train={"learning_rate": 1e-9, "evaluations": 6, "patience": 2, "average": 0.0})
    tune(told, data, tmp_path)
    looks = [line for line in read(tmp_path) if line["kind"] == "dev"]
    assert len(looks) < 6


@pytest.mark.parametrize(
    "changes",
    [
        {"train": {"method": "full", "learning_rate": 1e-3}},
        {"lora": {"rank": 4, "dora": True}},
        {"lora": {"rank": 4, "rslora": True, "dropout": 0.1}},
        {"train": {"freeze_layers": 2}},
    ],
    ids=["full", "dora", "dropout", "frozen"],
)
def test_every_method_learns_and_saves(changes: dict[str, Any], tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model, **changes)
    folder = publish(tune(told, data, tmp_path), told, tmp_path)
    curve = losses(tmp_path)
    assert sum(curve[-4:]) < sum(curve[:4])
    card = read_card(folder)
    assert card is not None
    assert card.facts["recipe"]["lora"] == json.loads(told.lora.model_dump_json())
    full = told.train.method == "full"
    where: dict[str, Any] = {"model": str(folder)} if full else {"model": str(tiny_model), "adapter": str(folder)}
    assert Labeler.from_pretrained(**where, taxonomy="ekman").label(["so"])


def test_an_adapter_for_another_base_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="was tuned on"):
        Labeler.from_pretrained(taxonomy="ekman", adapter=str(run / "adapter"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lora": {"targets": ("q_projj",)}}, "q_proj"),
        ({"train": {"freeze_layers": 3}}, "below the model's 3 layers"),
        ({"train": {"engine": "eager"}, "lora": {"dora": True}}, "engine must be general"),
    ],
)
def test_a_recipe_that_the_model_cannot_follow_is_one_sentence(
    changes: dict[str, Any], said: str, tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises((InputError, ModelError), match=said):
        tune(recipe(tiny_model, **changes), data, tmp_path)


def test_a_run_starts_from_an_adapter(run: Path, tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model, start_from=str(run / "adapter"), train={"epochs": 1, "learning_rate": 1e-6})
    tune(told, data, tmp_path)
    begun, finished = losses(tmp_path), losses(run)
    assert begun[0] < 0.6 * finished[0], "what the adapter had learnt was there at the first step"


def test_an_adapter_of_another_shape_is_not_started_from(
    run: Path, tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    told = recipe(tiny_model, start_from=str(run / "adapter"), lora={"rank": 8})
    with pytest.raises(InputError, match="rank 4"):
        tune(told, data, tmp_path)
    with pytest.raises(InputError, match="full fine-tuning"):
        tune(recipe(tiny_model, start_from=str(run / "adapter"), train={"method": "full"}), data, tmp_path)
    with pytest.raises(ModelError, match="adapter must be one of"):
        tune(recipe(tiny_model, start_from="nonesuch"), data, tmp_path)


def test_a_corpus_is_read_with_as_many_turns_as_the_adapter_saw(run: Path, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "said.csv").write_text("dialogue,text\nd,one\nd,two\n")
    flags = ModelFlags(model=str(tiny_model), adapter=str(run / "adapter"))
    for decision, turns in ((DecisionFlags(taxonomy="ekman"), 0), (DecisionFlags(taxonomy="meld"), CONTEXT_TURNS)):
        job = Job(str(tmp_path / "said.csv"), model=flags, decision=decision)
        assert open_input(job).identity()["context_turns"] == turns
    told = Job(str(tmp_path / "said.csv"), reading=InputFlags(context_turns=3), model=flags)
    assert open_input(told).identity()["context_turns"] == 3


def test_the_general_engine_gets_turns_singly_and_the_fast_one_together(tiny_model: Path, tmp_path: Path) -> None:
    write_dialogues(tmp_path)
    tokens = {}
    for engine in ("eager", "general"):
        told = recipe(
            tiny_model,
            corpora=[dialogues()],
            vary={"share": 0},
            train={"engine": engine, "epochs": 1, "evaluations": 1, "average": 0},
        )
        tune(told, tmp_path, tmp_path / engine)
        steps = [line for line in read(tmp_path / engine) if line["kind"] == "step"]
        assert sum(line["rows"] for line in steps) == 180
        tokens[engine] = [line["tokens"] for line in steps]
    assert sum(tokens["eager"]) < 0.45 * sum(tokens["general"])
    assert max(tokens["general"]) <= 400, "the budget of a step, every row counted whole"


def test_words_of_the_training_rows_vote_where_that_is_wished(
    run: Path, tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    weak = recipe(tiny_model, train={"epochs": 0.3, "learning_rate": 1e-4, "evaluations": 1, "average": 0})
    publish(tune(weak, data, tmp_path / "weak"), weak, tmp_path / "weak")
    adapter, voted = tmp_path / "weak" / "adapter", tmp_path / "voted"
    figures = recalibrate(str(adapter), voted, data, votes=True)["invented"]
    assert figures["votes_weight"] > 0.5
    assert figures["macro_f1_with_votes"] > figures["macro_f1"] + 0.2
    assert "rows vote beside the model" in (voted / "README.md").read_text()
    assert (voted / WEIGHTS).read_bytes() == (adapter / WEIGHTS).read_bytes()
    rows = lines(60, seed=99)

    def right(folder: Path) -> int:
        labeler = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(folder))
        answers = labeler.label([text for text, _ in rows])
        return sum(p.labels == (gold,) for p, (_, gold) in zip(answers, rows, strict=True))

    assert right(voted) > right(adapter) + 20
    merge_adapter(str(voted), tmp_path / "merged")
    merged = Labeler.from_pretrained(str(tmp_path / "merged"), taxonomy="ekman")
    assert merged.identity()["votes"] == figures["votes_weight"]
    with pytest.raises(InputError, match="new folder"):
        recalibrate(str(adapter), voted, data)


def test_votes_that_do_not_help_are_not_stored(
    run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thymos.finetune.calibration.corpus.best_weight", lambda *_: 0.0)
    figures = recalibrate(str(run / "adapter"), tmp_path / "again", data, votes=True)["invented"]
    assert figures["votes_weight"] == 0
    assert not list((tmp_path / "again").glob("votes-*"))
    assert "rows vote" not in (tmp_path / "again" / "README.md").read_text()


def test_a_full_disk_while_saving_leaves_the_adapter_of_before_and_nothing_half_written(
    run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("thymos.finetune.recalibrate.write_card", full)
    with pytest.raises(OutputError):
        recalibrate(str(run / "adapter"), tmp_path / "again", data)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("thymos.finetune.merge.write_card", full)
    with pytest.raises(OutputError):
        merge_adapter(str(run / "adapter"), tmp_path / "merged")
    assert list(tmp_path.iterdir()) == []
