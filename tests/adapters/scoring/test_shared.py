"""Adapters on one base in memory answer as each does alone, and what cannot be shared is told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.adapters.scoring.test_tuned import encoder, tuned
from thymos.adapters.llm.adapter import WEIGHTS
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.scoring.scorer import LabelScorer
from thymos.adapters.scoring.shared import SharedModel
from thymos.adapters.scoring.tight import TightLlama
from thymos.prompts.errors import ModelError

TEXTS = ["I won!", "The lamp fell, and nobody spoke for a long while.", "Hm"]


def saved(model: Path, folder: Path, **lora: Any) -> str:
    tuned(model, **lora).save_pretrained(folder)
    return str(folder)


def scores(forward: Any, model: Path) -> torch.Tensor:
    asked = encoder(model)
    return LabelScorer(forward, asked).log_probabilities([asked.row(text) for text in TEXTS])


@pytest.fixture
def shared(tiny_model: Path) -> SharedModel:
    return SharedModel(load_language_model(str(tiny_model), device="cpu", dtype="float32"))


@pytest.mark.parametrize(
    "lora",
    [
        {},
        {"use_rslora": True, "r": 8},
        {"target_modules": ["q_proj", "down_proj"]},
        {"target_modules": ["v_proj", "up_proj"], "layers_to_transform": [1, 2]},
    ],
    ids=["plain", "rslora", "some linears", "some layers"],
)
def test_an_adapter_answers_as_it_does_alone(
    shared: SharedModel, lora: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    adapter = saved(tiny_model, tmp_path, **lora)
    known, forward = shared.with_adapter(adapter)
    alone = load_language_model(str(tiny_model), adapter=adapter, device="cpu", dtype="float32")
    assert torch.allclose(scores(forward, tiny_model), scores(TightLlama(alone.model), tiny_model), atol=1e-4)
    assert (known.adapter, known.adapter_sha256) == (adapter, alone.adapter_sha256)


def test_changing_from_one_to_another_and_back_changes_nothing_else(
    shared: SharedModel, tiny_model: Path, tmp_path: Path
) -> None:
    one = saved(tiny_model, tmp_path / "one")
    other = saved(tiny_model, tmp_path / "other", lora_alpha=40)
    first = scores(shared.with_adapter(one)[1], tiny_model)
    bare = scores(shared.with_adapter(None)[1], tiny_model)
    assert not torch.allclose(first, scores(shared.with_adapter(other)[1], tiny_model), atol=0.05)
    assert torch.equal(first, scores(shared.with_adapter(one)[1], tiny_model))
    assert torch.equal(bare, scores(shared.with_adapter(None)[1], tiny_model))
    plain = load_language_model(str(tiny_model), device="cpu", dtype="float32")
    assert torch.allclose(bare, scores(TightLlama(plain.model), tiny_model), atol=1e-5)
    assert shared.with_adapter(one)[1] is shared.with_adapter(one)[1], "read once"


@pytest.mark.parametrize(
    ("lora", "said"),
    [
        ({"use_dora": True}, "plain LoRA"),
        ({"bias": "all"}, "plain LoRA"),
        ({"alpha_pattern": {"down_proj": 64}}, "plain LoRA"),
    ],
)
def test_what_is_no_plain_lora_is_told(
    shared: SharedModel, lora: dict[str, Any], said: str, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=said):
        shared.with_adapter(saved(tiny_model, tmp_path, **lora))


def test_an_adapter_of_another_model_is_told(shared: SharedModel, tiny_model: Path, tmp_path: Path) -> None:
    adapter = saved(tiny_model, tmp_path)
    weights = load_file(tmp_path / WEIGHTS)
    name = next(each for each in weights if "lora_A" in each)
    save_file({name.replace("layers.0", "layers.9"): weights[name]}, tmp_path / WEIGHTS)
    with pytest.raises(ModelError, match=r"layers\.9"):
        shared.with_adapter(adapter)
    save_file({name: weights[name]}, tmp_path / WEIGHTS)
    with pytest.raises(ModelError, match="must fit"):
        shared.with_adapter(adapter)
    (tmp_path / WEIGHTS).write_bytes(b"{}")
    with pytest.raises(ModelError, match="whole"):
        shared.with_adapter(adapter)


def test_a_model_that_is_computed_by_its_own_forward_is_not_shared(tiny_model: Path) -> None:
    model = load_language_model(str(tiny_model), device="cpu", dtype="float32")
    with pytest.raises(ModelError, match="to share a model"):
        SharedModel(replace(model), engine="general")
