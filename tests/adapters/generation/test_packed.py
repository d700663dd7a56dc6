"""What the compiled step computes, held against transformers' own forward and `generate`."""

import copy
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch

from thymos.adapters.generation import products
from thymos.adapters.generation.llama import BLOCK, PackedLlama
from thymos.adapters.generation.packing import Format, lossless_format
from thymos.adapters.generation.products import multiply
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.scoring.layer import Deltas, LowRank
from thymos.adapters.scoring.tight import TightLlama

IDS = [1, 40, 80, 7, 200, 33, 91, 16, 2, 59, 120, 77]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_language_model(str(tiny_model), dtype="float32")


def _packed(model: LanguageModel, form: Format | None = "float32", **options: Any) -> PackedLlama:
    parts = TightLlama(copy.deepcopy(model.model)).parts
    return PackedLlama(parts, **({"slots": 3, "context": 160, "threads": 2} | options), form=form)


@pytest.fixture(scope="module")
def packed(model: LanguageModel) -> Iterator[PackedLlama]:
    with _packed(model) as steps:
        yield steps


def _theirs(model: LanguageModel, ids: list[int]) -> Any:
    with torch.inference_mode():
        return model.model(input_ids=torch.tensor([ids])).logits[0].numpy()


@pytest.mark.parametrize("tokens", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("width", [8, 32, 48])
def test_a_product_is_numpys_in_every_format_and_a_row_is_the_same_in_every_batch(tokens: int, width: int) -> None:
    chance = np.random.default_rng(5)
    x = chance.standard_normal((tokens, width), np.float32)
    bits = chance.standard_normal((11, width), np.float32).view(np.uint32) >> 16 << 16
    exact, small = bits.view(np.float32), chance.integers(-127, 128, (11, width), np.int8)
    scales = chance.random((11, width // 8), np.float32)
    one = np.ones((11, 1), np.float32)
    for codes, scale, numbers in (
        (exact, one, exact),
        ((bits >> 16).astype(np.uint16), one, exact),
        (small, scales, small * np.repeat(scales, 8, axis=1)),
    ):
        out, alone = np.zeros((tokens, 11), np.float32), np.zeros((1, 11), np.float32)
        multiply(x, tokens, codes, scale, out, 0, 10)
        np.testing.assert_allclose(out[:, :10], (x @ numbers.T)[:, :10], rtol=1e-4, atol=1e-2)
        assert not out[:, 10].any()  # the last row was not asked for
        multiply(x[-1:], 1, codes, scale, alone, 0, 10)
        assert np.array_equal(alone[0], out[-1])


def test_logits_are_those_of_transformers(model: LanguageModel, packed: PackedLlama) -> None:
    logits = packed.forward(IDS, [1] * len(IDS), range(len(IDS)), range(len(IDS)))
    np.testing.assert_allclose(logits, _theirs(model, IDS), rtol=1e-4, atol=1e-4)


def test_sequences_longer_than_a_block_are_computed_alike(model: LanguageModel, packed: PackedLlama) -> None:
    ids = [(7 * n) % 250 + 4 for n in range(2 * BLOCK + 9)]
    for start in range(0, len(ids), 32):
        share = ids[start : start + 32]
        logits = packed.forward(share, [0] * len(share), range(start, start + len(share)), [len(share) - 1])
    np.testing.assert_allclose(logits[0], _theirs(model, ids)[-1], rtol=1e-3, atol=1e-3)


def test_a_token_has_the_same_numbers_in_any_batch_and_with_any_number_of_threads(
    model: LanguageModel, packed: PackedLlama
) -> None:
    together = packed.forward(IDS, [0] * 12, range(12), [11])[0].copy()
    for position, token in enumerate(IDS):  # one at a time, another sequence beside it
        logits = packed.forward([9, token], [2, 1], [position, position], [0, 1])
    assert np.array_equal(logits[1], together)
    with _packed(model, threads=1) as single:
        assert np.array_equal(single.forward(IDS, [0] * 12, range(12), [11])[0], together)


def test_a_copied_prefix_is_gone_on_from_as_if_it_were_computed(packed: PackedLlama) -> None:
    ids = [(5 * n) % 250 + 4 for n in range(BLOCK + 6)]
    for start in range(0, len(ids), 32):
        share = ids[start : start + 32]
        positions = range(start, start + len(share))
        whole = packed.forward(share, [0] * len(share), positions, [len(share) - 1])[0].copy()
    packed.copy(0, 2, BLOCK + 3)
    rest = ids[BLOCK + 3 :]
    assert np.array_equal(packed.forward(rest, [2] * 3, range(BLOCK + 3, BLOCK + 6), [2])[0], whole)


def test_weights_that_are_exact_in_sixteen_bits_are_kept_so(model: LanguageModel) -> None:
    assert lossless_format(TightLlama(copy.deepcopy(model.model)).parts) == "float32"
    exact = copy.deepcopy(model.model)
    for weight in exact.parameters():
        weight.data = weight.data.bfloat16().float()
    parts = TightLlama(copy.deepcopy(exact)).parts
    assert lossless_format(parts) == "bfloat16"
    with PackedLlama(parts, slots=1, context=32, form=None, threads=1) as steps:
        logits = steps.forward(IDS, [0] * 12, range(12), [11])
    with torch.inference_mode():
        theirs = exact(input_ids=torch.tensor([IDS])).logits[0, -1].numpy()
    np.testing.assert_allclose(logits[0], theirs, rtol=1e-4, atol=1e-4)


def test_eight_bits_round_weights_by_half_a_step_at_most(model: LanguageModel) -> None:
    parts = TightLlama(copy.deepcopy(model.model)).parts
    with PackedLlama(parts, slots=1, context=32, form="int8", threads=1) as steps:
        rows = steps._vectors.rows(np.arange(20))
    exact = parts.embedding[:20].numpy()
    groups = exact.reshape(20, 3, 16)  # 48 columns: groups of gcd(48, 64)
    half = np.repeat(np.abs(groups).max(-1) / 127 / 2, 16, axis=1)
    assert (np.abs(rows - exact) <= half * 1.001).all()


def test_what_is_kept_compiled_goes_by_all_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THYMOS_CACHE", str(tmp_path / "cache"))
    here = Path(products.__file__).parent
    found = []
    for change in ("", "# changed"):
        for name in ("products.py", "step.py", "team.py"):
            (tmp_path / name).write_bytes((here / name).read_bytes())
        (tmp_path / "step.py").write_text((tmp_path / "step.py").read_text(encoding="utf-8") + change)
        spec = importlib.util.spec_from_file_location("copied_products", tmp_path / "products.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module._kept())
    assert found[0].name == products._kept().name
    assert found[1] != found[0]
    config: Any = numba.config
    assert config.CACHE_DIR == ""  # the setting of others is as it was


def test_a_lora_update_is_added_to_the_weights(model: LanguageModel) -> None:
    torch.manual_seed(3)
    tight = TightLlama(copy.deepcopy(model.model))
    parts = tight.parts
    downs = torch.randn(2 * 4, 48) / 8
    ups = (torch.randn(64, 4) / 8, torch.randn(64, 4) / 8)
    deltas = [Deltas(gate_up=LowRank(downs, ups)) for _ in parts.layers]
    with PackedLlama(tight.updated(deltas).parts, slots=1, context=32, form=None, threads=1) as steps:
        assert steps.form == "float32"
        logits = steps.forward(IDS, [0] * 12, range(12), [11])[0].copy()
    merged = copy.deepcopy(model.model)
    for layer in merged.model.layers:
        layer.mlp.gate_proj.weight.data += ups[0] @ downs[:4]
        layer.mlp.up_proj.weight.data += ups[1] @ downs[4:]
    with torch.inference_mode():
        theirs = merged(input_ids=torch.tensor([IDS])).logits[0, -1].numpy()
    np.testing.assert_allclose(logits, theirs, rtol=1e-3, atol=1e-3)
