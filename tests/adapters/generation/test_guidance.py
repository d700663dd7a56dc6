"""Texts that are led away from another prompt: the same as transformers writes them, whatever else is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from thymos.adapters.generation.decoder import Decoder
from thymos.adapters.generation.general import GeneralDecoder
from thymos.adapters.generation.load import Writes, resolve_decoder
from thymos.adapters.generation.sampling import guided
from thymos.adapters.generation.values import Request, Sampling
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.prompts.errors import InputError

PROMPT, OTHER = "<|user|>She is glad. What does she say?", "<|user|>What does she say then? It is late."


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_language_model(str(tiny_model), dtype="float32")


@pytest.fixture(scope="module", params=["packed", "general"])
def decoder(request: pytest.FixtureRequest, tiny_model: Path) -> Iterator[Writes]:
    model = load_language_model(str(tiny_model), dtype="float32")
    model.model.config.attention_bias = request.param == "general"  # as if only its own code could compute it
    decoder = resolve_decoder(model, slots=5, context=256, threads=2)
    assert isinstance(decoder, GeneralDecoder if request.param == "general" else Decoder)
    yield decoder
    decoder.close()


def ids(model: LanguageModel, text: str) -> tuple[int, ...]:
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize("guidance", [1.5, 4.0])
def test_guided_text_is_that_of_generate(decoder: Writes, model: LanguageModel, guidance: float) -> None:
    prompt, other = ids(model, PROMPT), ids(model, OTHER)
    with torch.inference_mode():
        out: Any = model.model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            negative_prompt_ids=torch.tensor([other]),
            guidance_scale=guidance,
            max_new_tokens=40,
            do_sample=False,
        )
    theirs = model.tokenizer.decode(out[0, len(prompt) :], skip_special_tokens=True)
    reply = decoder.submit(Request(prompt, most=40, against=other, guidance=guidance))
    assert reply.text() == theirs
    assert reply.usage.prompt == len(prompt)
    assert theirs != decoder.submit(Request(prompt, most=40)).text()


def test_a_guided_text_is_the_same_whatever_else_is_written(decoder: Writes, model: LanguageModel) -> None:
    drawn = Sampling(temperature=1.0, top_p=0.9, seed=3)
    wishes = [
        Request(ids(model, PROMPT + letter), 30, drawn, against=ids(model, letter * 40), guidance=2.0)
        for letter in "abcd"
    ] + [Request(ids(model, letter * 30), most=30) for letter in "efg"]
    alone = [decoder.submit(wish).text() for wish in wishes]
    together = [decoder.submit(wish) for wish in wishes]  # eleven sequences where there are five slots
    assert [reply.text() for reply in together] == alone
    assert len(set(alone[:4])) == 4


def test_guidance_of_one_is_the_prompt_alone(decoder: Writes, model: LanguageModel) -> None:
    prompt = ids(model, PROMPT)
    drawn = Sampling(temperature=1.0, seed=5)
    plain = decoder.submit(Request(prompt, 30, drawn)).text()
    assert decoder.submit(Request(prompt, 30, drawn, against=ids(model, OTHER))).text() == plain


def test_the_longer_prompt_must_leave_room(decoder: Writes, model: LanguageModel) -> None:
    with pytest.raises(InputError, match="fewer than 256 tokens, got 300"):
        decoder.submit(Request(ids(model, PROMPT), against=(5,) * 300, guidance=2.0))
    reply = decoder.submit(Request(ids(model, PROMPT), most=90, against=(5,) * 250, guidance=2.0))
    reply.text()
    assert reply.finish == "length" and reply.usage.completion <= 7


def test_one_slot_is_too_few(tiny_model: Path, model: LanguageModel) -> None:
    decoder = resolve_decoder(model, slots=1, context=64)
    with pytest.raises(InputError, match="two sequences"):
        decoder.submit(Request((1, 2), against=(3,), guidance=2.0))
    assert decoder.submit(Request((1, 2), most=3)).usage.completion <= 3
    decoder.close()


@pytest.mark.parametrize("guidance", [0.5, 11.0, float("nan")])
def test_guidance_out_of_range_is_refused(guidance: float) -> None:
    with pytest.raises(InputError, match="guidance must be 1 to 10"):
        Request((1,), against=(2,), guidance=guidance)


def test_logits_move_away_from_the_other_prompts() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.5, 0.1, 0.4]], np.float32)
    logits = np.log(shares * np.array([[20], [0.3]], np.float32))
    assert np.exp(guided(logits, 1.0)) == pytest.approx([0.5, 0.3, 0.2], rel=1e-5)
    assert np.exp(guided(logits, 2.0)) == pytest.approx([0.5, 0.9, 0.1], rel=1e-5)  # p ** 2 / q
