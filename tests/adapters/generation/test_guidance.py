"""Texts that are led away from another prompt: the same as transformers writes them, whatever else is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.adapters.generation.scripted import Scripted
from thymos.adapters.generation.decoder import Decoder
from thymos.adapters.generation.general import GeneralDecoder
from thymos.adapters.generation.llama import PackedLlama
from thymos.adapters.generation.load import Writes, resolve_decoder
from thymos.adapters.generation.sampling import guided
from thymos.adapters.generation.values import Request, Sampling
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.scoring.tight import TightLlama
from thymos.prompts.errors import InputError, ModelError

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


def test_one_slot_is_too_few(tiny_model: Path) -> None:
    decoder = resolve_decoder(load_language_model(str(tiny_model), dtype="float32"), slots=1, context=64)
    with pytest.raises(InputError, match="two sequences"):
        decoder.submit(Request((1, 2), against=(3,), guidance=2.0))
    assert decoder.submit(Request((1, 2), most=3)).usage.completion <= 3
    decoder.close()


def test_a_reader_who_leaves_frees_both_slots(tiny_model: Path) -> None:
    scripted = Scripted([5] * 100_000, slots=2, pace=0.001)
    decoder = Decoder(scripted, load_language_model(str(tiny_model)).tokenizer, ends=[0])
    reply = decoder.submit(Request((5, 6), most=100_000, against=(7, 8, 9), guidance=2.0))
    next(reply)
    reply.close()
    assert decoder.submit(Request((5, 6, 7), most=3, against=(7, 8), guidance=2.0)).text()  # two slots alone
    decoder.close()


def test_after_an_error_of_a_step_a_guided_text_is_what_it_would_have_been(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_language_model(str(tiny_model), dtype="float32")
    steps = PackedLlama(TightLlama(model.model).parts, slots=2, context=256, form=None, threads=1)
    decoder = Decoder(steps, model.tokenizer, ends=[0])
    request = Request(ids(model, PROMPT), most=20, against=ids(model, OTHER), guidance=2.0)
    wanted = decoder.submit(request).text()
    forward, failing = steps.forward, [True]

    def fails_once(*batch: Any) -> Any:
        found = forward(*batch)  # keys and values lie there, and nobody was told
        if failing and len(batch[3]) == 2:
            failing.clear()
            raise MemoryError("out of memory")
        return found

    monkeypatch.setattr(steps, "forward", fails_once)
    with pytest.raises(ModelError, match="out of memory"):
        decoder.submit(request).text()
    assert decoder.submit(request).text() == wanted
    decoder.close()


@pytest.mark.parametrize("guidance", [0.5, 11.0, float("nan")])
def test_guidance_out_of_range_is_refused(guidance: float) -> None:
    with pytest.raises(InputError, match="guidance must be 1 to 10"):
        Request((1,), against=(2,), guidance=guidance)


def test_guidance_needs_a_prompt_to_lead_away_from() -> None:
    with pytest.raises(InputError, match="guidance must be 1 without a prompt"):
        Request((1,), guidance=2.0)


def test_logits_move_away_from_the_other_prompts() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.5, 0.1, 0.4]], np.float32)
    logits = np.log(shares * np.array([[20], [0.3]], np.float32))
    assert np.exp(guided(logits, 1.0)) == pytest.approx([0.5, 0.3, 0.2], rel=1e-5)
    assert np.exp(guided(logits, 2.0)) == pytest.approx([0.5, 0.9, 0.1], rel=1e-5)  # p ** 2 / q
