"""Cues as phrases: words of a person, without numbers; and a training that learns them."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.finetune.sounds import PITCH, listening, write_sounds
from thymos.adapters.encoders import load_encoder
from thymos.adapters.modality import Measured, Observed
from thymos.adapters.perception import Perception
from thymos.adapters.projectors.streams import Stream
from thymos.finetune.instruct.corpora import load_corpus
from thymos.finetune.instruct.cues import phrases, telling, with_cues
from thymos.finetune.tune import tune


@pytest.mark.parametrize(
    ("name", "words", "phrase"),
    [
        ("pitch", "high pitch", "high pitch"),
        ("heart rate", "fast heart rate 104 1/min, above this person's baseline", True),
        ("skin conductance slope", "skin conductance slope -0.2 uS/min", "skin conductance slope"),
        ("expression", "looks happy to the face network, 83 %", "looks happy to the face network"),
        ("action unit", "brows lowered (AU4), 2.3 of 5", "brows lowered (AU4)"),
        ("words", "6 words", None),
        ("face size", "face 48 pixels wide", None),
        ("sharpness", "sharp picture", None),
    ],
)
def test_a_phrase_has_no_numbers_and_says_nothing_of_the_picture(name: str, words: str, phrase: str | bool) -> None:
    told = "fast heart rate, above this person's baseline" if phrase is True else phrase
    assert phrases(Observed((Measured(name, words),))) == ((told,) if told else ())


def _stream(name: str) -> Stream:
    encoder = load_encoder(name)
    return Stream(encoder.modality, name, encoder.fingerprint, encoder.dim, encoder.layers, "attention", 2, 8)


def test_whisper_is_not_asked_to_transcribe_every_recording() -> None:
    prosody, other = _stream("prosody"), _stream("action-units")
    assert telling((replace(prosody, encoder="whisper:small"), other), prosody) == (prosody, other)


def test_each_training_row_is_told_its_own(tmp_path: Path) -> None:
    write_sounds(tmp_path, "train", 8, seed=0)
    write_sounds(tmp_path, "dev", 4, seed=1000)
    (tmp_path / "train3.wav").write_bytes(b"%PDF-1.4 no sound at all")
    made = load_corpus(listening(Path("none")).corpora[0], tmp_path, media=True)
    found = with_cues(made, Perception([_stream("prosody")], folder=tmp_path / "cache"))
    assert found.train_cues is not None and len(found.train_cues) == len(found.train) == 8
    told = {row.id: cues.get("speech", ()) for row, cues in zip(found.train, found.train_cues, strict=True)}
    assert told["3"] == ()
    said = [{cue for row in found.train if row.gold == (label,) for cue in told[row.id]} for label in PITCH]
    assert said[0] - said[1] and said[1] - said[0]


def test_a_training_learns_them_and_says_so(tiny_model: Path, tmp_path: Path) -> None:
    write_sounds(tmp_path, "train", 16, seed=0)
    write_sounds(tmp_path, "dev", 4, seed=1000)
    weights = []
    for name, cues in (("plain", 0.0), ("cued", 0.5)):
        train = {"epochs": 0.1, "align_epochs": 2, "align_cues": cues}
        said: list[str] = []
        told = listening(tiny_model, train=train, streams=[{"encoder": "prosody", "tokens": 2, "width": 16}])
        tune(told, tmp_path, tmp_path / name, on_remark=said.append)
        assert any("of speech learn" in each for each in said) == bool(cues)
        last = max((tmp_path / name / "checkpoints").glob("*.safetensors"))
        weights.append(last.read_bytes())
    assert weights[0] != weights[1]
