"""`thymos models`: a row for each model, a card for one, and the reason where one cannot be used."""

import json
from pathlib import Path

import pytest

from thymos.adapters.weights import EMBEDDED
from thymos.agent.cli.models import low_bit_loading, models


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def test_every_embedded_model_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    models()
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert all(EMBEDDED[name].role in rows[name] and EMBEDDED[name].licence in rows[name] for name in EMBEDDED)
    assert rows["smollm2-135m"].rstrip().endswith("yes")
    assert "no: it is for sentence embeddings" in rows["minilm"]


def test_a_card_tells_why_a_model_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    models(str(tmp_path))
    card = capsys.readouterr().out
    assert "no: its weights are pickles" in card
    assert str(tmp_path) in card.replace("\n", "")


def test_a_card_tells_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    models("smollm2-135m")
    assert "fast (Thymos' own forward pass)" in capsys.readouterr().out


def test_low_bit_loading_follows_bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert low_bit_loading().startswith("4-bit and 8-bit loading: yes")
    monkeypatch.setattr("sys.path", [])
    assert "no, bitsandbytes is not installed; run `make`" in low_bit_loading()
