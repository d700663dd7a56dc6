"""`thymos.adapters.inspection`: what is usable and why not, from folders and files made here."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from thymos.adapters.inspection import embedded_models, inspect_model
from thymos.prompts.errors import ModelError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder laid out as save_pretrained does, with the architecture of the default model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "model.safetensors").write_bytes(b"\0" * 1234)
    (folder / "tokenizer.json").write_text("{}")
    return folder


def gguf(path: Path, architecture: str) -> Path:
    """Write a GGUF file with one key, by the published layout: magic, version, counts, then key and value."""
    key, value = b"general.architecture", architecture.encode()
    string = 8  # GGUF's number for the type
    path.write_bytes(
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + struct.pack("<Q", len(key))
        + key
        + struct.pack("<IQ", string, len(value))
        + value
    )
    return path


def refusal(name: Path | str) -> str:
    report = inspect_model(str(name))
    assert not report.usable
    assert report.engine is None
    assert report.refusal is not None
    return report.refusal


def test_a_llama_folder_takes_the_fast_engine(model: Path) -> None:
    report = inspect_model(str(model))
    assert (report.kind, report.usable, report.engine) == ("folder", True, "fast")
    assert (report.architecture, report.size, report.licence) == ("LlamaForCausalLM", 1234, None)


def test_another_language_model_takes_the_general_engine(model: Path) -> None:
    (model / "config.json").write_text(json.dumps({"architectures": ["Qwen3ForCausalLM"]}))
    assert inspect_model(str(model)).engine == "general"


@pytest.mark.parametrize("architecture", ["BertModel", "SomebodysOwnForCausalLM"])
def test_what_transformers_cannot_ask_is_refused(model: Path, architecture: str) -> None:
    (model / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    assert f"{architecture} is not a language model" in refusal(model)


def test_pickle_weights_are_refused(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert "pickles (pytorch_model.bin)" in refusal(model)


def test_a_stray_pickle_beside_safetensors_is_no_matter(model: Path) -> None:
    (model / "training_args.bin").write_bytes(b"")
    assert inspect_model(str(model)).usable


def test_shards_are_counted_and_summed(model: Path) -> None:
    (model / "model.safetensors").unlink()
    names = ["model-1-of-2.safetensors", "model-2-of-2.safetensors"]
    index = {"weight_map": {"a": names[0], "b": names[1], "c": names[1]}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / names[0]).write_bytes(b"\0" * 100)
    assert "1 of its 2 weight files are missing" in refusal(model)
    (model / names[1]).write_bytes(b"\0" * 50)
    assert inspect_model(str(model)).size == 150


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ("model.safetensors", "no model.safetensors"),
        ("tokenizer.json", "no tokenizer"),
        ("config.json", "no config.json"),
    ],
)
def test_an_incomplete_folder_says_what_is_missing(model: Path, gone: str, reason: str) -> None:
    (model / gone).unlink()
    assert reason in refusal(model)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", "cannot be read"),
        ("[]", "no JSON object"),
        ("{}", "names no architecture"),
        ('{"architectures": []}', "names no architecture"),
        ('{"architectures": "Llama"}', "names no architecture"),
    ],
)
def test_a_broken_config_is_named(model: Path, config: str, reason: str) -> None:
    (model / "config.json").write_text(config)
    assert reason in refusal(model)


def test_an_adapter_is_not_a_model(model: Path) -> None:
    (model / "config.json").rename(model / "adapter_config.json")
    assert "adapter, not a model" in refusal(model)


def test_a_folder_of_gguf_files_points_at_one(model: Path) -> None:
    (model / "config.json").unlink()
    gguf(model / "a.gguf", "llama")
    assert str(model / "a.gguf") in refusal(model)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n# A model", "mit"),
        ("# A model", None),
        ("---\nlicense: [\n---\n", None),
        ("---\nlicense: [mit, bsd]\n---\n", None),
    ],
)
def test_the_licence_comes_from_the_card(model: Path, card: str, licence: str | None) -> None:
    (model / "README.md").write_text(card)
    assert inspect_model(str(model)).licence == licence


def test_a_llama_gguf_takes_the_fast_engine(tmp_path: Path) -> None:
    report = inspect_model(str(gguf(tmp_path / "tiny.gguf", "llama")))
    assert (report.kind, report.architecture, report.engine) == ("GGUF file", "llama", "fast")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + b"\xff" * 64, b"not a model at all" * 9])
def test_a_broken_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    assert "cannot be read as GGUF" in refusal(tmp_path / "broken.gguf")


@pytest.mark.parametrize("name", ["nope", "./no/folder", "owner/name/more", "owner/absent.gguf", "a b/c", ""])
def test_a_name_that_can_mean_nothing_is_an_error(name: str) -> None:
    with pytest.raises(ModelError, match=r"a folder, a \.gguf file or a hub id"):
        inspect_model(name)


def test_a_file_that_is_no_gguf_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=r"a \.gguf file"):
        inspect_model(str(tmp_path / "weights.bin"))


def test_a_hub_id_that_is_not_here_says_so() -> None:
    assert "nor is it in the Hugging Face cache" in refusal("nobody-at-all/no-model")


def test_the_main_branch_of_a_cached_hub_model_is_reported(model: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    repository = hub / "models--owner--name"
    for commit in ("1" * 40, "2" * 40):
        (repository / "snapshots" / commit).mkdir(parents=True)
        for file in model.iterdir():
            (repository / "blobs").mkdir(exist_ok=True)
            (repository / "blobs" / f"{commit}{file.name}").write_bytes(file.read_bytes())
            (repository / "snapshots" / commit / file.name).symlink_to(repository / "blobs" / f"{commit}{file.name}")
    (repository / "snapshots" / ("2" * 40) / "model.safetensors").unlink()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("1" * 40)
    code = (
        "from thymos.adapters.inspection import hub_models; "
        "print([(report.name, report.kind, report.usable) for report in hub_models()])"
    )
    done = subprocess.run(  # the cache's place is read from the environment once, at import
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HUB_CACHE": str(hub)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[('owner/name', 'hub', True)]"


def test_only_the_language_model_of_the_embedded_ones_can_label() -> None:
    assert [(report.name, report.engine) for report in embedded_models() if report.usable] == [("smollm2-135m", "fast")]


def test_embedded_weights_that_are_not_installed_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    assert all("must be installed" in (report.refusal or "") for report in embedded_models())
