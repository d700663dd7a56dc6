"""The parts of a decoder that need no model: choice of tokens, text as it grows, guesses, slots."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from thymos.adapters.generation.lookup import Lookup
from thymos.adapters.generation.sampling import Sampler, probabilities
from thymos.adapters.generation.slots import Slots
from thymos.adapters.generation.text import Text
from thymos.adapters.generation.values import Request, Sampling
from thymos.adapters.llm.load import load_language_model
from thymos.prompts.errors import InputError

LOGITS = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))


def test_top_p_keeps_the_fewest_that_have_the_share() -> None:
    assert (probabilities(LOGITS, Sampling(temperature=1, top_p=0.7)) > 0).tolist() == [True, True, False, False]
    assert (probabilities(LOGITS, Sampling(temperature=1, top_p=0.81)) > 0).tolist() == [True, True, True, False]


def test_min_p_leaves_out_what_is_below_its_share_of_the_likeliest() -> None:
    assert (probabilities(LOGITS, Sampling(temperature=1, min_p=0.4)) > 0).tolist() == [True, True, False, False]


def test_temperature_top_p_and_min_p_keep_what_transformers_keeps() -> None:
    from transformers import MinPLogitsWarper, TemperatureLogitsWarper, TopPLogitsWarper

    chance = np.random.default_rng(2)
    for temperature, top_p, min_p in ((0.7, 0.9, 0.0), (1.3, 1.0, 0.05), (1.0, 0.8, 0.02)):
        logits = chance.standard_normal(500).astype(np.float32) * 3
        scores: Any = torch.from_numpy(logits)[None]
        warp: Any
        for warp in (TemperatureLogitsWarper(temperature), TopPLogitsWarper(top_p), MinPLogitsWarper(min_p)):
            scores = warp(torch.zeros(1, 1, dtype=torch.long), scores)
        theirs = scores[0].softmax(-1).numpy()
        ours = probabilities(logits, Sampling(temperature=temperature, top_p=top_p, min_p=min_p))
        np.testing.assert_allclose(ours / ours.sum(), theirs, atol=1e-6)


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    draw = Sampler(Sampling(temperature=1, seed=1))
    counts = np.bincount([draw(LOGITS) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(counts, [0.5, 0.3, 0.15, 0.05], atol=0.03)  # four standard errors of 0.5


@pytest.mark.parametrize(
    "wrong", [{"temperature": -0.1}, {"temperature": float("nan")}, {"top_p": 1.1}, {"min_p": -1}, {"seed": -1}]
)
def test_sampling_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Sampling(**wrong)


@pytest.mark.parametrize("wrong", [{"prompt": ()}, {"prompt": (1,), "most": 0}, {"prompt": (1,), "stop": ("",)}])
def test_requests_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Request(**wrong)


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    return load_language_model(str(tiny_model)).tokenizer  # its tokens are bytes


def test_a_character_of_several_tokens_comes_out_whole(tokenizer: Any) -> None:
    words = "Ärger 😡 と 怒り, naïve…"
    text = Text(tokenizer)
    pieces = [text.add(token) for token in tokenizer(words, add_special_tokens=False)["input_ids"]]
    assert "".join(pieces) + text.end() == words
    assert all("\ufffd" not in piece for piece in pieces)
    assert "😡" in pieces


def test_bytes_that_are_no_character_come_out_at_the_end(tokenizer: Any) -> None:
    text = Text(tokenizer)
    ids = tokenizer("a😡", add_special_tokens=False)["input_ids"]
    assert "".join(text.add(token) for token in ids[:-1]) == "a"
    assert text.end() == "\ufffd"


def test_stop_texts_are_found_however_they_are_cut(tokenizer: Any) -> None:
    chance = random.Random(3)
    for _ in range(60):
        words = "".join(chance.choices("abST", k=40))
        stop = tuple("".join(chance.choices("abST", k=chance.randint(2, 4))) for _ in range(2))
        text, said = Text(tokenizer, stop), ""
        for token in tokenizer(words, add_special_tokens=False)["input_ids"]:
            said += text.add(token)
            if text.stopped:
                break
            assert not any(each in said for each in stop)
        said += text.end()
        found = [words.find(each) for each in stop if each in words]
        # the one that ends first is met first
        ends = min((words.find(each) + len(each) for each in stop if each in words), default=None)
        assert text.stopped == bool(found)
        assert said == (words if ends is None else words[:ends][: min(f for f in found if f < ends)])


def test_what_followed_before_is_guessed_and_wrong_guesses_make_a_pause() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 7, 1, 2, 3])
    assert lookup.guess() == [4, 5, 6, 7]
    lookup.learn(4, 4)
    assert lookup.guess() == [4, 5, 6, 7]
    lookup.learn(4, 1)
    assert lookup.guess() == []
    for token in (9, 1, 2, 3):
        lookup.add(token)
    assert lookup.guess() == [9, 1, 2, 3]  # the latest place counts
    assert Lookup([1, 2, 3]).guess() == []


def _slots(number: int = 2) -> tuple[Slots, list[tuple[int, int, int]]]:
    copies: list[tuple[int, int, int]] = []
    return Slots(number, lambda *copied: copies.append(copied)), copies


def test_a_prompt_goes_on_in_the_slot_of_its_thread() -> None:
    slots, copies = _slots()
    first, cached = slots.take([1, 2, 3])
    assert cached == 0
    first.ids = [1, 2, 3, 4, 5]
    slots.release(first)
    again, cached = slots.take([1, 2, 3, 4, 5, 6])
    assert (again.number, cached, copies) == (first.number, 5, [])


def test_the_last_token_of_a_prompt_is_computed_again() -> None:
    slots, _ = _slots()
    slot, _ = slots.take([1, 2, 3])
    slot.ids = [1, 2, 3]
    slots.release(slot)
    assert slots.take([1, 2, 3])[1] == 2


def test_a_beginning_is_copied_from_a_slot_that_is_busy_or_would_lose_much() -> None:
    slots, copies = _slots(3)
    first, _ = slots.take([1, 2])
    first.ids = [1, 2, 3, 4, 5, 6]
    second, cached = slots.take([1, 2, 3, 9])
    assert (second.number != first.number, cached) == (True, 3)
    slots.release(first)
    third, cached = slots.take([1, 8])
    assert (third.number not in (first.number, second.number), cached) == (True, 1)
    assert copies == [(first.number, second.number, 3), (first.number, third.number, 1)]


def test_the_slot_that_was_not_used_for_longest_is_given_away() -> None:
    slots, _ = _slots()
    first, second = slots.take([1])[0], slots.take([2])[0]
    first.ids, second.ids = [1, 1, 1], [2, 2, 2]
    slots.release(second)
    slots.release(first)
    assert slots.take([3])[0] is second
    assert slots.free == 1
