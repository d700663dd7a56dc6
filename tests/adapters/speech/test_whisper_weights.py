"""Whisper's weights from every layout, against CTranslate2 and faster-whisper on the same file."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from thymos.adapters.sample import Speech
from thymos.adapters.speech.encoder import encoder_states
from thymos.adapters.speech.sound import read_sound
from thymos.adapters.speech.transcribe import transcribe
from thymos.adapters.speech.whisper_weights import SpeechModel, load_whisper, read_ctranslate2
from thymos.adapters.weights import locate
from thymos.prompts.errors import ModelError

CLIP = "03-01-01-01-01-01-05.flac"  # "Kids are talking by the door"


@pytest.fixture(scope="module")
def tiny() -> SpeechModel:
    return load_whisper()


def clip(shared: Path, name: str = CLIP) -> NDArray[np.float32]:
    return read_sound(Speech(path=shared / "data/speech/ravdess/ravdess.zip" / name)).samples


def test_every_tensor_of_the_module_is_in_the_file(tiny: SpeechModel) -> None:
    read = read_ctranslate2(locate("whisper-tiny.en"))
    assert set(read) == set(tiny.model.state_dict())  # loading is strict, too
    assert sum(array.size for array in read.values()) == 37_184_256 + 1500 * 384  # parameters, and fixed positions


def test_the_encoder_computes_what_ctranslate2_computes(tiny: SpeechModel, shared: Path) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    from whisper.audio import log_mel_spectrogram, pad_or_trim

    mel = log_mel_spectrogram(pad_or_trim(clip(shared)))[None]
    theirs = ctranslate2.models.Whisper(str(locate("whisper-tiny.en").parent), compute_type="float32", intra_threads=1)
    wanted = np.array(theirs.encode(ctranslate2.StorageView.from_array(mel.numpy())))
    with torch.inference_mode():
        found = tiny.model.encoder(mel).numpy()
    assert np.abs(found - wanted).max() < 2e-3  # weights in fp16; states are of the order of ten


def test_states_over_the_full_window_are_those_of_the_module(
    tiny: SpeechModel, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whisper.audio import log_mel_spectrogram, pad_or_trim

    monkeypatch.setattr("thymos.adapters.precision._multiplies_bf16", lambda: False)
    samples = clip(shared)
    with torch.inference_mode():
        wanted = tiny.model.encoder(log_mel_spectrogram(pad_or_trim(samples))[None])[0]
        found = encoder_states(tiny.model, samples, tail=30)
    assert found.shape == (5, 1500, 384)
    assert torch.allclose(found[-1], wanted, atol=1e-4)


def test_the_transcript_is_that_of_faster_whisper_on_the_same_weights(tiny: SpeechModel, shared: Path) -> None:
    faster_whisper = pytest.importorskip("faster_whisper")
    model = faster_whisper.WhisperModel(
        str(locate("whisper-tiny.en").parent), compute_type="float32", cpu_threads=1, local_files_only=True
    )
    for name in (CLIP,):
        sound = read_sound(Speech(path=shared / "data/speech/ravdess/ravdess.zip" / name))
        segments, _ = model.transcribe(sound.samples, beam_size=1, temperature=0.0, language="en")
        assert transcribe(tiny, sound).text == " ".join(segment.text.strip() for segment in segments)


def small_whisper() -> torch.nn.Module:
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(20261125)
    model = Whisper(ModelDimensions(80, 1500, 64, 1, 2, 51864, 448, 64, 1, 2)).eval()
    torch.nn.init.normal_(model.decoder.positional_embedding)  # else it is whatever lay in memory
    made: torch.nn.Module = model
    return made


def hf_name(name: str) -> str:
    """openai-whisper's name of a tensor in transformers' words, written down from its documentation."""
    side, *rest = name.split(".")
    if rest[0] == "blocks":
        layer, part, *inner = rest[1:]
        end = inner[-1]
        attention = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "out": "out_proj"}
        words = {
            "attn": lambda: f"self_attn.{attention[inner[0]]}.{end}",
            "cross_attn": lambda: f"encoder_attn.{attention[inner[0]]}.{end}",
            "attn_ln": lambda: f"self_attn_layer_norm.{end}",
            "cross_attn_ln": lambda: f"encoder_attn_layer_norm.{end}",
            "mlp_ln": lambda: f"final_layer_norm.{end}",
            "mlp": lambda: f"{'fc1' if inner[0] == '0' else 'fc2'}.{end}",
        }
        return f"model.{side}.layers.{layer}.{words[part]()}"
    ends = {
        "positional_embedding": "embed_positions.weight",
        "token_embedding.weight": "embed_tokens.weight",
        "ln_post.weight": "layer_norm.weight",
        "ln_post.bias": "layer_norm.bias",
        "ln.weight": "layer_norm.weight",
        "ln.bias": "layer_norm.bias",
    }
    return f"model.{side}.{ends.get('.'.join(rest), '.'.join(rest))}"


def test_both_layouts_of_safetensors_give_the_module_they_were_saved_from(tmp_path: Path) -> None:
    original = small_whisper()
    tensors = {name: tensor.contiguous() for name, tensor in original.state_dict().items()}
    save_file(tensors, tmp_path / "openai.safetensors")
    folder = tmp_path / "hf"
    folder.mkdir()
    renamed = {hf_name(name): tensor.half() for name, tensor in tensors.items()}
    renamed["proj_out.weight"] = renamed["model.decoder.embed_tokens.weight"].clone()
    save_file(renamed, folder / "model.safetensors")
    for path, tolerance in ((tmp_path / "openai.safetensors", 0.0), (folder, 1e-3)):
        found = load_whisper(str(path)).model.state_dict()
        assert set(found) == set(tensors)
        for name, tensor in tensors.items():
            assert torch.allclose(found[name], tensor, atol=tolerance, rtol=tolerance), name


def test_a_pickle_is_refused_unread_and_says_how_to_convert(tmp_path: Path) -> None:
    (tmp_path / "tiny.pt").write_bytes(b"\x80\x04cos\nsystem\n")
    for name in (tmp_path / "tiny.pt", tmp_path):
        with pytest.raises(ModelError, match=r"must be safetensors, got tiny\.pt: a pickle can run code; .*save_file"):
            load_whisper(str(name))


def test_what_is_no_whisper_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such thing here"):
        load_whisper(str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="speech model must be a Whisper, got 'minilm'"):
        load_whisper("minilm")
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="speech model must be a whole Whisper"):
        load_whisper(str(tmp_path / "a.safetensors"))
    (tmp_path / "b.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")
    with pytest.raises(ModelError, match="speech weights must be whole safetensors"):
        load_whisper(str(tmp_path / "b.safetensors"))
    lacking = {name: tensor.contiguous() for name, tensor in small_whisper().state_dict().items()}
    del lacking["encoder.blocks.1.mlp.0.weight"]
    save_file(lacking, tmp_path / "c.safetensors")
    with pytest.raises(ModelError, match=r"encoder\.blocks\.1\.mlp\.0\.weight"):
        load_whisper(str(tmp_path / "c.safetensors"))
    assert load_file(tmp_path / "c.safetensors")


def test_a_damaged_model_bin_is_refused_with_a_sentence(tmp_path: Path) -> None:
    whole = locate("whisper-tiny.en")
    for content in (b"", b"\x06\0\0\0", b"\x05\0\0\0" + b"x" * 100, b"\x06\0\0\0\x0c\0WhisperSpec\0" + b"\xff" * 100):
        (tmp_path / "model.bin").write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.bin must be a Whisper of CTranslate2"):
            read_ctranslate2(tmp_path / "model.bin")
    shutil.copy(whole, tmp_path / "model.bin")
    with (tmp_path / "model.bin").open("r+b") as file:
        file.truncate(60_000_000)
    with pytest.raises(ModelError, match=r"model\.bin must be a Whisper of CTranslate2"):
        read_ctranslate2(tmp_path / "model.bin")
