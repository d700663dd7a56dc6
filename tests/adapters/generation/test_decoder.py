"""Requests that share a model: what they get, what they may go on from, how they come and go."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.adapters.generation.scripted import Scripted
from thymos.adapters.generation.decoder import Decoder
from thymos.adapters.generation.general import GeneralDecoder
from thymos.adapters.generation.load import Writes, resolve_decoder
from thymos.adapters.generation.values import Request, Sampling, Usage
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.prompts.errors import InputError, ModelError

PROMPT = "<|user|>How does she feel?<|end|><|assistant|>"


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_language_model(str(tiny_model), dtype="float32")


@pytest.fixture(scope="module")
def packed(tiny_model: Path) -> Iterator[Writes]:
    decoder = resolve_decoder(load_language_model(str(tiny_model), dtype="float32"), slots=4, context=256, threads=2)
    assert isinstance(decoder, Decoder)
    yield decoder
    decoder.close()


@pytest.fixture(scope="module")
def general(tiny_model: Path) -> Iterator[Writes]:
    model = load_language_model(str(tiny_model), dtype="float32")
    model.model.config.attention_bias = True  # as if it were an architecture that only its own code computes
    decoder = resolve_decoder(model, context=256)
    assert isinstance(decoder, GeneralDecoder)
    yield decoder
    decoder.close()


@pytest.fixture(params=["packed", "general"])
def decoder(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def _ids(model: LanguageModel, text: str = PROMPT) -> tuple[int, ...]:
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])


def _theirs(model: LanguageModel, ids: Sequence[int], most: int) -> list[int]:
    with torch.inference_mode():
        prompt = torch.tensor([ids])
        out = model.model.generate(
            input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=most, do_sample=False
        )
    found: list[int] = out[0, len(ids) :].tolist()
    return found


def test_greedy_text_is_that_of_generate(decoder: Writes, model: LanguageModel) -> None:
    for text in (PROMPT, "<|user|>a<|end|>", "b" * 90):
        ids = _ids(model, text)
        theirs = _theirs(model, ids, 60)
        reply = decoder.submit(Request(ids, most=60))
        assert reply.text() == model.tokenizer.decode(theirs, skip_special_tokens=True)
        assert reply.usage.completion == len(theirs)
        assert reply.finish == ("stop" if theirs[-1] == 0 else "length")


@pytest.mark.slow
def test_greedy_text_of_the_embedded_model_is_that_of_generate() -> None:
    model = load_language_model(dtype="float32")
    chat = [{"role": "user", "content": "Why do people cry when they are happy?"}]
    ids = tuple(model.tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"])
    theirs = _theirs(model, ids, 120)
    decoder = resolve_decoder(model, context=512)
    reply = decoder.submit(Request(ids, most=120))
    assert reply.text() == model.tokenizer.decode(theirs, skip_special_tokens=True)
    assert reply.usage == Usage(prompt=len(ids), cached=0, completion=len(theirs))
    decoder.close()


def test_guesses_do_not_change_the_text(tiny_model: Path, model: LanguageModel) -> None:
    ids = _ids(model, "abcabcabcabc" * 4)
    texts = []
    for guess in (True, False):
        for sampling in (Sampling(), Sampling(temperature=0.5, seed=4)):
            decoder = _counting(tiny_model, guess)
            texts.append(decoder.submit(Request(ids, most=100, sampling=sampling)).text())
            decoder.close()
    assert texts[:2] == texts[2:]


def test_guesses_that_are_right_save_steps(tiny_model: Path) -> None:
    scripted = Scripted([5, 6, 7, 8, 9, 10] * 8)
    tokenizer = load_language_model(str(tiny_model)).tokenizer
    decoder = Decoder(scripted, tokenizer, ends=[0])
    decoder.submit(Request((5, 6, 7, 8, 9, 10, 5, 6, 7, 8, 9, 10), most=36)).text()
    decoder.close()
    assert scripted.steps == 8  # the prompt, and 35 tokens five at a time


def test_a_seed_gives_the_same_text_whatever_else_is_written(decoder: Writes, model: LanguageModel) -> None:
    wish = Request(_ids(model), most=40, sampling=Sampling(temperature=1.2, top_p=0.9, seed=11))
    alone = decoder.submit(wish).text()
    others = [decoder.submit(Request(_ids(model, "c" * n), most=30 + n)) for n in (3, 20, 60)]
    assert decoder.submit(wish).text() == alone
    assert decoder.submit(Request(wish.prompt, 40, Sampling(temperature=1.2, top_p=0.9, seed=12))).text() != alone
    for other in others:
        other.text()


def test_texts_that_are_written_together_are_those_written_alone(packed: Writes, model: LanguageModel) -> None:
    wishes = [Request(_ids(model, letter * 5), most=50) for letter in "abcdefghij"]  # more than there are slots
    alone = [packed.submit(wish).text() for wish in wishes]
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        found[number] = packed.submit(wishes[number]).text()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(wishes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(len(wishes))] == alone


def test_the_next_turn_goes_on_from_the_last(tiny_model: Path, model: LanguageModel) -> None:
    decoder = resolve_decoder(load_language_model(str(tiny_model), dtype="float32"), slots=2, context=256, threads=1)
    first = _ids(model)
    reply = decoder.submit(Request(first, most=20))
    said = _ids(model, reply.text())
    second = first + said + _ids(model, "<|end|><|user|>And why?<|end|><|assistant|>")
    again = decoder.submit(Request(second, most=20))
    text = again.text()
    assert again.usage.cached >= len(first)
    fresh = resolve_decoder(load_language_model(str(tiny_model), dtype="float32"), slots=2, context=256, threads=1)
    anew = fresh.submit(Request(second, most=20))
    assert anew.text() == text
    assert anew.usage.cached == 0
    decoder.close()
    fresh.close()


def test_writing_ends_before_a_stop_text(decoder: Writes, model: LanguageModel) -> None:
    whole = decoder.submit(Request(_ids(model), most=60)).text()
    stop = whole[20:23]
    reply = decoder.submit(Request(_ids(model), most=60, stop=(stop, "never said")))
    assert reply.text() == whole[: whole.index(stop)]
    assert reply.finish == "stop"
    assert reply.usage.completion < 60


def test_the_longest_sequence_ends_a_text(decoder: Writes, model: LanguageModel) -> None:
    reply = decoder.submit(Request((_ids(model) * 12)[:250], most=1000))
    reply.text()
    assert reply.usage.completion <= 7  # 256 positions; the last token needs none


def test_a_prompt_that_leaves_no_room_is_refused_with_a_sentence(decoder: Writes) -> None:
    with pytest.raises(InputError, match="fewer than 256 tokens, got 256"):
        decoder.submit(Request((5,) * 256))


@pytest.mark.parametrize("leave", ["close", "forget"])
def test_a_reader_who_leaves_frees_the_slot(tiny_model: Path, leave: str) -> None:
    scripted = Scripted([5] * 100_000, slots=1, pace=0.001)
    decoder = Decoder(scripted, load_language_model(str(tiny_model)).tokenizer, ends=[0], guess=False)
    reply = decoder.submit(Request((5, 6), most=100_000))
    next(reply)
    if leave == "close":
        reply.close()
        assert list(reply) == []
    else:
        del reply
    assert decoder.submit(Request((5, 6, 7), most=3)).text()  # there is one slot alone
    decoder.close()


def test_closing_ends_unfinished_replies_with_an_error_and_refuses_new_ones(tiny_model: Path) -> None:
    scripted = Scripted([5] * 100_000, slots=1, pace=0.001)
    decoder = Decoder(scripted, load_language_model(str(tiny_model)).tokenizer, ends=[0], guess=False)
    begun, waiting = decoder.submit(Request((5, 6), most=100_000)), decoder.submit(Request((7,)))
    next(begun)
    decoder.close()
    decoder.close()
    for reply in (begun, waiting):
        with pytest.raises(ModelError, match="closed"):
            reply.text()
    with pytest.raises(ModelError, match="closed"):
        decoder.submit(Request((7,)))
    assert scripted.closed


def test_an_error_of_a_step_reaches_its_readers_and_later_requests_are_served(tiny_model: Path) -> None:
    scripted = Scripted([5] * 50, fails=1)
    decoder = Decoder(scripted, load_language_model(str(tiny_model)).tokenizer, ends=[0])
    with pytest.raises(ModelError, match="out of memory"):
        decoder.submit(Request((5, 6), most=4)).text()
    assert decoder.submit(Request((5, 6), most=4)).text()
    decoder.close()


def test_int8_is_refused_where_only_the_models_own_code_computes(tiny_model: Path) -> None:
    model = load_language_model(str(tiny_model))
    model.model.config.attention_bias = True
    with pytest.raises(ModelError, match="weights must be auto"):
        resolve_decoder(model, weights="int8")


def test_a_model_that_scores_can_write_as_well(tiny_model: Path, model: LanguageModel) -> None:
    from thymos.adapters.scoring.shared import SharedModel

    loaded, forward = SharedModel(load_language_model(str(tiny_model), dtype="float32")).with_adapter(None)
    before = forward.prefix(list(_ids(model)))
    decoder = resolve_decoder(loaded, forward=forward, context=256, threads=1)
    theirs = _theirs(model, _ids(model), 20)
    assert decoder.submit(Request(_ids(model), most=20)).text() == model.tokenizer.decode(theirs, True)
    decoder.close()
    assert torch.equal(forward.prefix(list(_ids(model))).keys[0], before.keys[0])


@pytest.mark.parametrize("option", [{"slots": 0}, {"slots": 33}, {"context": 1}])
def test_sizes_out_of_range_are_refused(tiny_model: Path, option: dict[str, int]) -> None:
    with pytest.raises(InputError, match="must be"):
        resolve_decoder(load_language_model(str(tiny_model)), **option)  # type: ignore[arg-type]


def _counting(folder: Path, guess: bool) -> Decoder:
    from thymos.adapters.generation.llama import PackedLlama
    from thymos.adapters.scoring.tight import TightLlama

    model = load_language_model(str(folder), dtype="float32")
    steps = PackedLlama(TightLlama(model.model).parts, slots=2, context=256, form=None, threads=1)
    return Decoder(steps, model.tokenizer, ends=[0], guess=guess)
