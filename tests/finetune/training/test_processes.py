"""What several processes of a training agree on. That they learn as one does: `tests/finetune/test_processes.py`."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.distributed
import torch.distributed.fsdp
from torch.distributed.tensor import DTensor

from tests.finetune.recipes import recipe
from thymos.agent.folds import cross_validate
from thymos.finetune.recipe_parts import LoraRecipe, TrainRecipe
from thymos.finetune.training.loop import fit
from thymos.finetune.training.model import build
from thymos.finetune.training.processes import (
    check_launch,
    check_processes,
    data_parallel,
    share_out,
    shares_weights,
)
from thymos.finetune.tune import tune
from thymos.finetune.writing.learn import accelerated
from thymos.prompts.errors import InputError, ModelError


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """A group of this process alone."""
    distributed: Any = torch.distributed
    distributed.init_process_group("gloo", store=distributed.FileStore(str(tmp_path / "met"), 1), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_batches_that_can_not_be_dealt_out_are_refused() -> None:
    check_processes(4, 2)
    with pytest.raises(InputError, match=r"multiple of the 2 processes, got 3; .* --set train.accumulate=2"):
        check_processes(3, 2)


@pytest.mark.parametrize(("name", "way"), [("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")])
def test_another_way_to_wrap_the_model_is_refused_with_the_way_that_is_known(
    name: str, way: str, monkeypatch: pytest.MonkeyPatch, tiny_model: Path, tmp_path: Path
) -> None:
    check_launch({name: "false"})
    with pytest.raises(InputError, match=rf"data-parallel .*, got {way}; .* train.shard=true"):
        check_launch({name: "true"})
    monkeypatch.setenv(name, "true")
    with pytest.raises(InputError, match=f"got {way};"):
        tune(recipe(tiny_model), tmp_path, tmp_path / "run")
    writer: Any = None
    with pytest.raises(InputError, match=f"got {way};"):
        accelerated(writer, tmp_path / "run")


def test_folds_are_refused_to_several_processes(
    monkeypatch: pytest.MonkeyPatch, tiny_model: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="cross-validation must run in one process, got 2"):
        cross_validate(recipe(tiny_model), tmp_path, tmp_path / "run", "fold")


@pytest.mark.parametrize("batches", [1, 3])
def test_a_step_whose_batches_do_not_come_out_even_is_refused_before_anybody_waits(batches: int) -> None:
    schedule: Any = SimpleNamespace(total=1, steps=lambda first: iter([["one"] * batches]))
    state: Any = SimpleNamespace(step=0, optimizer=SimpleNamespace(param_groups=[]), settle=lambda: None)
    onlooker: Any = SimpleNamespace(over=False)
    several: Any = SimpleNamespace(num_processes=2, process_index=0)
    unused: Any = None
    with pytest.raises(InputError, match=f"for each of the 2 processes, got {batches} in all"):
        fit(torch.nn.Linear(1, 1), state, schedule, unused, unused, several, onlooker, peak=1, warmup=0, clip=1)


@pytest.mark.usefixtures("alone")
def test_frozen_layers_are_shared_out_and_what_is_trained_stays_whole(tiny_model: Path) -> None:
    trainee = build(str(tiny_model), LoraRecipe(rank=2), TrainRecipe(shard=True, freeze_layers=1), device="cpu")
    assert trainee.engine == "general"
    assert not shares_weights(trainee.module)  # one process alone holds all
    trained = set(trainee.trained())
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        before = trainee.peft_model(input_ids=ids).logits
    shared = share_out(trainee.peft_model, "cpu", 1)
    weights = dict(trainee.peft_model.named_parameters())
    apart = {name for name, weight in weights.items() if isinstance(weight, DTensor)}
    assert shared == sum(weights[name].numel() for name in apart)
    assert apart == {name for name, weight in weights.items() if ".layers." in name and not weight.requires_grad}
    assert set(trainee.trained()) == trained
    assert shares_weights(trainee.module)
    after = data_parallel(trainee.peft_model)(input_ids=ids).logits
    assert torch.equal(before, after)
    after.sum().backward()
    assert all(weight.grad is not None for weight in trainee.trained().values())


@pytest.mark.usefixtures("alone")
def test_layers_are_let_go_one_by_one(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or all would lie whole beside their shares on a device that can not hold them."""
    model: Any = build(str(tiny_model), LoraRecipe(rank=2), TrainRecipe(shard=True), device="cpu").peft_model
    frozen = [weakref.ref(w) for name, w in model.named_parameters() if ".layers." in name and not w.requires_grad]
    alive, sharded = [len(frozen)], torch.distributed.fsdp.fully_shard

    def watched(*args: Any, **options: Any) -> None:
        sharded(*args, **options)
        alive.append(sum(weight() is not None for weight in frozen))

    monkeypatch.setattr("torch.distributed.fsdp.fully_shard", watched)
    share_out(model, "cpu", 1)
    layers = model.config.num_hidden_layers
    assert alive == [*range(len(frozen), -1, -len(frozen) // layers), 0]  # the module that calls them has none


@pytest.mark.usefixtures("alone")
def test_layers_that_are_in_no_one_list_are_told(tiny_model: Path) -> None:
    model: Any = build(str(tiny_model), LoraRecipe(rank=2), TrainRecipe(shard=True), device="cpu").peft_model
    model.config.num_hidden_layers = 7
    with pytest.raises(ModelError, match=r"train.shard must be false for llama models, got true: their 7 layers"):
        share_out(model, "cpu", 1)


def test_sharing_out_goes_with_lora_of_text_alone(tiny_model: Path) -> None:
    with pytest.raises(ValueError, match="must go with method lora and text alone, got method full"):
        recipe(tiny_model, train={"shard": True, "method": "full"})
    with pytest.raises(ValueError, match="got streams"):
        recipe(
            tiny_model,
            train={"shard": True},
            prompt="multimodal",
            streams=[{"encoder": "prosody", "kind": "attention", "tokens": 2, "width": 8}],
        )
