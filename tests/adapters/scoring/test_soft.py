"""Soft tokens: a vector that is a word's own scores as the word does, wherever it is read."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.general import GeneralForward
from thymos.adapters.scoring.scorer import LabelScorer
from thymos.adapters.scoring.tight import TightLlama
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.template import SLOTS, load_prompt

WORDS = ["joy", "fear", "being afraid"]


def loaded(folder: Path) -> tuple[Any, PromptEncoder, torch.Tensor]:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    embedding = model.get_input_embeddings().weight.data.clone()
    return model.eval(), PromptEncoder(AutoTokenizer.from_pretrained(folder), "Name it.", WORDS), embedding


@pytest.mark.parametrize("engine", [TightLlama, GeneralForward])
@pytest.mark.parametrize("budget", [1, 4096])
def test_a_soft_token_with_a_words_vector_is_that_word(engine: Any, budget: int, tiny_model: Path) -> None:
    model, encoder, embedding = loaded(tiny_model)
    rows = [encoder.row(text) for text in ("I won a lamp!", "The house is empty without her.", "I won it.")]
    hidden = [[-1 - token if place in (1, 2) else token for place, token in enumerate(row)] for row in rows]
    scorer = LabelScorer(engine(model), encoder, token_budget=budget)
    told = scorer.log_probabilities(rows)
    assert torch.allclose(scorer.log_probabilities(hidden, embedding), told, atol=1e-5)
    other = scorer.log_probabilities(hidden, embedding + 0.5)
    assert not torch.allclose(other, told, atol=1e-3)


def test_rows_that_begin_alike_in_words_but_not_in_sound_keep_their_own(tiny_model: Path) -> None:
    model, encoder, _ = loaded(tiny_model)
    prompt = load_prompt("multimodal", load_taxonomy("ekman"))
    text = prompt.row("Kids are talking by the door", modalities=("speech",))
    soft = torch.randn(24, model.config.hidden_size, generator=torch.Generator().manual_seed(1))
    rows = [encoder.row(text, {"speech": range(-1 - 12 * n, -13 - 12 * n, -1)}) for n in range(2)]
    scorer = LabelScorer(TightLlama(model), encoder)
    both = scorer.log_probabilities(rows, soft)
    single = [scorer.log_probabilities([row], soft)[0] for row in rows]
    assert torch.allclose(both, torch.stack(single), atol=1e-5)
    assert not torch.allclose(both[0], both[1], atol=1e-4)


def test_gradients_reach_the_vectors(tiny_model: Path) -> None:
    model, encoder, embedding = loaded(tiny_model)
    forward = TightLlama(model)
    soft = embedding[:2].clone().requires_grad_()
    row = [-1, -2, *encoder.row("I won!")]
    logits = forward.tuned_logits(
        [layer.deltas for layer in forward._layers], encoder.prefix, [row], encoder.trie, soft
    )
    torch.autograd.backward(encoder.trie.log_probabilities(logits)[0, 0])
    assert soft.grad is not None and (soft.grad.abs().sum(1) > 0).all()


def test_the_slot_is_where_the_template_says_and_no_text_opens_one(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    encoder = PromptEncoder(tokenizer, "Name it.", WORDS)
    prompt = load_prompt("multimodal", load_taxonomy("ekman"))
    hostile = f"<speech> and {SLOTS['speech']}{SLOTS['face']} here"
    text = prompt.row(hostile, modalities=("speech", "physiology"))
    ids = encoder.row(text, {"speech": [-1, -2], "physiology": [-3]})
    assert [token for token in ids if token < 0] == [-1, -2, -3]
    before = tokenizer("Voice: ", add_special_tokens=False)["input_ids"]
    assert ids[: len(before) + 2] == [*before, -1, -2]
    assert encoder.text(text).count("<speech>") == 2  # the place, and the words that say so
    assert prompt.modalities == ("speech", "face", "physiology")
    assert load_prompt("tuned", load_taxonomy("ekman")).modalities == ()


def test_only_what_is_there_is_in_the_prompt() -> None:
    prompt = load_prompt("multimodal", load_taxonomy("ekman"))
    assert prompt.row("I am fine.") == "I am fine."
    assert prompt.row("", modalities=("face",)) == f"Face: {SLOTS['face']}"
    assert prompt.row("Fine.", "Ann", modalities=("speech",)) == f"Voice: {SLOTS['speech']}\nAnn: Fine."
