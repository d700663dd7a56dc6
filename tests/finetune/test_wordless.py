"""Recordings that were learnt from without words are labelled without words."""

import csv
from pathlib import Path

import pytest

from tests.finetune.sounds import listening, write_sounds
from thymos.adapters.llm.adapter import WORDLESS, read_card
from thymos.adapters.modality import Observed
from thymos.adapters.perception import Perception
from thymos.adapters.sample import Sample, Speech
from thymos.agent.labeler import Labeler
from thymos.finetune.publish import publish
from thymos.finetune.tune import tune


@pytest.mark.parametrize("words", [True, False])
def test_a_voice_is_read_with_its_words_where_it_was_learnt_with_them(
    words: bool, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rows, seed in (("train", 8, 0), ("dev", 4, 1000)):
        write_sounds(tmp_path, name, rows, seed)
        if not words:
            with (tmp_path / f"{name}.csv").open(newline="") as file:
                told = [[cell for place, cell in enumerate(row) if place != 1] for row in csv.reader(file)]
            with (tmp_path / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows(told)
    recipe = listening(
        tiny_model,
        streams=[{"encoder": "prosody", "kind": "attention", "tokens": 2, "width": 8}],
        train={"epochs": 1, "projector_rate": 1e-2},
    )
    folder = publish(tune(recipe, tmp_path, tmp_path / "run"), recipe, tmp_path / "run")
    card = read_card(folder)
    assert card is not None
    assert bool(card.facts.get(WORDLESS)) == (not words)
    monkeypatch.setattr(Perception, "observe", lambda *_: {"speech": Observed(text="I won")})
    labeler = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(folder))
    voice = Sample(id="1", speech=Speech(path=tmp_path / "dev0.wav"))
    assert ("I won" in labeler.preview(voice)) == words
