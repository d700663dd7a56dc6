"""`thymos ask`: the real model and the shipped passages answer with reasons that rest on something."""

import json
from pathlib import Path

import pytest

from thymos.agent.cli.ask import ask
from thymos.agent.reasoning.citations import share_cited
from thymos.agent.reasoning.values import Reasoning
from thymos.prompts.errors import InputError


@pytest.fixture(autouse=True)
def _own_base(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THYMOS_KB", str(tmp_path_factory.getbasetemp() / "kb-of-ask"))


def test_an_answer_has_cues_passages_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask("I miss her so much, and the house is empty without her.", as_json=True, html=tmp_path / "why.html")
    found = Reasoning.model_validate(json.loads(capsys.readouterr().out))
    assert found.labels[0] == "sadness"
    assert "miss" in found.cues[0].text
    assert {"definition-sadness", "appraisal-sadness"} <= {each.id for each in found.evidence}
    assert share_cited(found.steps) == 1
    assert "<mark" in (tmp_path / "why.html").read_text()


def test_the_terminal_shows_distribution_reasons_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    ask("Fine.", speaker="Ann", context=("Bob: I forgot your birthday.", "Oh."), taxonomy="ekman")
    out = capsys.readouterr().out
    for said in ("Bob: I forgot your birthday.", "Ann: Fine.", " %", "[cue:1]", "Sources", "[kb:definition-"):
        assert said in out


def test_a_text_in_another_language_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    ask("Ich bin so traurig, dass du nicht mehr da bist.", no_retrieval=True)
    assert "this seems not to be English, which smollm2-135m was made for" in capsys.readouterr().err
    ask("I am so sad that you are gone.", no_retrieval=True)
    assert "English" not in capsys.readouterr().err


def test_an_empty_question_is_one_sentence() -> None:
    with pytest.raises(InputError, match="must say something"):
        ask("  ")
