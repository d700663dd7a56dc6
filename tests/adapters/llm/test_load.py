"""Models by name: embedded, folder and GGUF, with adapters and quantisation, and what is refused."""

import shutil
import struct
import warnings
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from thymos.adapters.llm.files import files_digest
from thymos.adapters.llm.gguf import converted
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.weights import EMBEDDED, locate
from thymos.prompts.errors import ModelError


@pytest.fixture
def copy(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def lora(base: Path, folder: Path, seed: int = 1) -> Path:
    """Save a LoRA with random weights for a model."""
    torch.manual_seed(seed)
    config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    with warnings.catch_warnings():  # peft 0.21 reads an attribute that transformers 5 renamed
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(str(folder))
    return folder


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = model(torch.tensor([[5, 6, 7]])).logits
    return out


def test_a_folder_loads_in_the_number_format_asked_for(tiny_model: Path) -> None:
    loaded = load_language_model(str(tiny_model), dtype="float32", device="cpu")
    assert (loaded.dtype, loaded.device, loaded.name) == ("float32", "cpu", str(tiny_model))
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    assert loaded.sha256 == files_digest(tiny_model)


def test_one_changed_weight_is_another_model(copy: Path, tiny_model: Path) -> None:
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert files_digest(copy) != files_digest(tiny_model)


def test_an_adapter_changes_the_answer_as_peft_says(tiny_model: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    folder = lora(tiny_model, tmp_path / "lora")
    base = AutoModelForCausalLM.from_pretrained(tiny_model)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        expected = logits(PeftModel.from_pretrained(base, folder).eval())
    loaded = load_language_model(str(tiny_model), adapter=str(folder), dtype="float32")
    torch.testing.assert_close(logits(loaded.model), expected, atol=1e-3, rtol=1e-3)
    assert loaded.adapter_sha256 == files_digest(folder)
    plain = load_language_model(str(tiny_model), dtype="float32")
    assert (logits(plain.model) - expected).abs().max() > 0.1


def test_an_adapter_for_another_base_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="LoRA for this base model"):
        load_language_model("smollm2-135m", adapter=str(lora(tiny_model, tmp_path / "lora")))


def test_an_adapter_without_safetensors_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors"):
        load_language_model(str(tiny_model), adapter=str(tmp_path))


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        load_language_model(str(copy))


def test_truncated_weights_are_one_sentence(copy: Path) -> None:
    weights = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="must be"):
        load_language_model(str(copy))


def damaged(kind: str) -> bytes:
    """Return a GGUF file that is not one."""
    if kind == "zeros":
        return b"GGUF" + bytes(100)
    if kind == "a name longer than any file":
        return b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**63) + bytes(100)
    whole = locate("smollm2-135m").read_bytes()
    if kind == "cut in its metadata":
        return whole[:100_000]
    token = "Ġcontinu".encode()
    assert whole.count(token) > 1, "as a token, and in merges"
    return whole.replace(token, "Ġcontinv".encode(), 1)


@pytest.mark.parametrize(
    "kind", ["zeros", "a name longer than any file", "cut in its metadata", "merges of an unknown token"]
)
def test_a_file_that_is_no_gguf_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("THYMOS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "model.gguf").write_bytes(damaged(kind))
    with pytest.raises(ModelError, match=r"cannot be read as GGUF|must be a whole GGUF file"):
        load_language_model(str(tmp_path / "model.gguf"))
    left = [path for path in (tmp_path / "cache").rglob("*") if path.suffix != ".lock" and path.is_file()]
    assert left == []


def test_the_embedded_file_must_be_the_published_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THYMOS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="SHA-256"):
        converted(tmp_path / "other.gguf", EMBEDDED["smollm2-135m"].sha256)


def test_the_converted_weights_are_what_gguf_itself_dequantises_and_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import gguf

    monkeypatch.setenv("THYMOS_CACHE", str(tmp_path / "cache"))
    path = locate("smollm2-135m")
    folder = converted(path, EMBEDDED["smollm2-135m"].sha256)
    printed = capsys.readouterr()
    state = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    pairs = {
        "blk.0.ffn_gate.weight": "model.layers.0.mlp.gate_proj.weight",
        "blk.29.ffn_down.weight": "model.layers.29.mlp.down_proj.weight",
        "blk.7.attn_v.weight": "model.layers.7.self_attn.v_proj.weight",
        "output_norm.weight": "model.norm.weight",
    }
    for theirs, ours in pairs.items():
        exact = torch.tensor(gguf.quants.dequantize(tensors[theirs].data, tensors[theirs].tensor_type))
        assert torch.equal(state[ours], exact.bfloat16()), ours
    assert not printed.err


@pytest.mark.slow
@pytest.mark.parametrize(("load_in", "megabytes"), [("8bit", 170), ("4bit", 120)])
def test_bitsandbytes_loads_on_a_processor_and_scores_without_a_word(
    load_in: str, megabytes: int, caplog: pytest.LogCaptureFixture
) -> None:
    from thymos.agent.labeler import Labeler

    labeler = Labeler.from_pretrained(taxonomy="ekman", load_in=load_in)  # type: ignore[arg-type]
    assert labeler.engine == "general"
    [prediction] = labeler.label(["I miss her so much, the house is empty."])
    assert sum(prediction.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    assert caplog.messages == []
    loaded = load_language_model(load_in=load_in, dtype="bfloat16")  # type: ignore[arg-type]
    assert loaded.model.get_memory_footprint() / 2**20 < megabytes
