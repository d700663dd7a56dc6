"""Scores with LoRA on the model: those of peft, with peft's gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from thymos.adapters.llm.quiet import quiet
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.general import GeneralTuned
from thymos.adapters.scoring.tuned import AsForward, TunedLlama, supports_tuning

TEXTS = ["I won!", "The lamp fell, and nobody spoke for a long while.", "Hm"]
WORDS = ["joy", "joyful", "fear", "being afraid", "calm"]  # needs a tree: two begin alike, one begins another


def tuned(model: Path, **lora: Any) -> Any:
    """A peft model in fp32 whose updates are not zero."""
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    settings: dict[str, Any] = {"r": 4, "lora_alpha": 8, "target_modules": names} | lora
    config = LoraConfig(**settings)
    torch.manual_seed(3)  # for A too
    with quiet():
        made: Any = get_peft_model(base, config)
    for name, weight in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return made


def encoder(model: Path) -> PromptEncoder:
    return PromptEncoder(AutoTokenizer.from_pretrained(model), "Name it.", WORDS, answer=None)


@pytest.mark.parametrize(
    "lora",
    [
        {},
        {"use_rslora": True},
        {"target_modules": ["q_proj", "down_proj"]},
        {"target_modules": ["v_proj", "up_proj"], "layers_to_transform": [1, 2]},
    ],
    ids=["plain", "rslora", "some linears", "some layers"],
)
@pytest.mark.parametrize("recompute_from", [10**9, 0], ids=["kept", "computed again"])
def test_scores_and_gradients_are_those_of_peft(
    recompute_from: int, lora: dict[str, Any], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thymos.adapters.scoring.tight._RECOMPUTE_FROM", recompute_from)
    asked = encoder(tiny_model)
    rows = [asked.row(text) for text in TEXTS]
    seen = []
    for make in (GeneralTuned, TunedLlama):
        model = tuned(tiny_model, **lora)
        assert supports_tuning(model)
        module = make(model)
        logits = module(asked.prefix, rows, asked.trie)
        loss: Any = asked.trie.log_probabilities(logits)[:, 2].sum()
        loss.backward()
        gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
        seen.append((logits.detach(), gradients))
    (slow, slow_gradients), (fast, fast_gradients) = seen
    torch.testing.assert_close(fast, slow, atol=2e-4, rtol=1e-4)
    assert slow_gradients.keys() == fast_gradients.keys()
    for name, gradient in slow_gradients.items():
        torch.testing.assert_close(fast_gradients[name], gradient, atol=1e-3, rtol=1e-3, msg=name)


def test_any_model_is_called_once_a_batch_however_many_decisions_the_labels_take(tiny_model: Path) -> None:
    asked = encoder(tiny_model)
    assert len(asked.trie.decisions) > 1
    model, calls = tuned(tiny_model), []
    model.get_base_model().register_forward_hook(lambda *call: calls.append(call))
    GeneralTuned(model)(asked.prefix, [asked.row(text) for text in TEXTS], asked.trie)
    assert len(calls) == 1  # or processes that share out weights would wait for each other


def test_layers_of_a_batch_with_long_rows_are_not_kept(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = encoder(tiny_model)
    module = TunedLlama(tuned(tiny_model))

    def kept(rows: int, words: int) -> int:
        numbers: list[int] = []

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            numbers.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            module(asked.prefix, [asked.row("so " * words)] * rows, asked.trie)
        return sum(numbers)

    monkeypatch.setattr("thymos.adapters.scoring.tight._RECOMPUTE_FROM", 10**9)
    usual_long, usual_short = kept(1, 192), kept(24, 8)
    monkeypatch.setattr("thymos.adapters.scoring.tight._RECOMPUTE_FROM", 300_000)
    assert kept(1, 192) < usual_long / 3
    assert kept(24, 8) == usual_short, "as many tokens in short rows cost no second computation"


def test_nothing_but_the_low_rank_matrices_gets_a_gradient(tiny_model: Path) -> None:
    asked = encoder(tiny_model)
    model = tuned(tiny_model, layers_to_transform=[2])
    module = TunedLlama(model)
    module(asked.prefix, [asked.row("So.")], asked.trie).sum().backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None}
    assert with_gradient
    assert all("lora_" in name and ".layers.2." in name for name in with_gradient)


def test_logits_stand_at_the_end_of_the_row_and_nowhere_else(tiny_model: Path) -> None:
    asked = encoder(tiny_model)
    row = asked.row("So it goes.")
    assert row[-1] == AutoTokenizer.from_pretrained(tiny_model).eos_token_id  # the user's turn ends, and is read there
    module = TunedLlama(tuned(tiny_model))
    whole = module(asked.prefix, [row], asked.trie)
    padded = module(asked.prefix, [row, [*row[:-1], *row]], asked.trie)[:1]
    torch.testing.assert_close(whole, padded, atol=1e-4, rtol=1e-4)
    assert (whole - module(asked.prefix, [row[:-1]], asked.trie)).abs().max() > 0.01


def test_as_a_forward_pass_no_gradient_is_kept(tiny_model: Path) -> None:
    asked = encoder(tiny_model)
    forward = AsForward(TunedLlama(tuned(tiny_model)))
    scores = forward.logits(forward.prefix(asked.prefix), [asked.row("So.")], asked.trie)
    assert not scores.requires_grad


def test_scoring_gives_back_what_training_kept(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = list[int]()
    monkeypatch.setattr("thymos.adapters.scoring.tuned.give_back_freed_memory", lambda: given.append(1))
    asked, forward = encoder(tiny_model), AsForward(TunedLlama(tuned(tiny_model)))
    for _ in range(17):
        forward.logits(forward.prefix(asked.prefix), [asked.row("So.")], asked.trie)
    assert len(given) == 3, "before the first batch, and after every eighth"


@pytest.mark.parametrize("lora", [{"use_dora": True}, {"lora_dropout": 0.1}])
def test_what_it_does_not_compute_is_said(lora: dict[str, Any], tiny_model: Path) -> None:
    assert not supports_tuning(tuned(tiny_model, **lora))
