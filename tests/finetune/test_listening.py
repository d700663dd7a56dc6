"""An adapter that listens: it learns what only a voice tells, is saved with its projectors, and does without them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.finetune.recipes import recipe
from tests.finetune.sounds import PITCH, RATE, buzz, listening, write_sounds, write_speakers
from thymos.adapters.llm.adapter import WEIGHTS, read_card
from thymos.adapters.projectors.store import load_projectors
from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample, Speech
from thymos.agent.calibrated import Calibration
from thymos.agent.folds import cross_validate
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.cues import measure
from thymos.finetune.merge import merge_adapter
from thymos.finetune.publish import publish
from thymos.finetune.recalibrate import recalibrate
from thymos.finetune.training.history import read
from thymos.finetune.tune import tune
from thymos.prompts.errors import InputError, ModelError, RowError


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of this module's own for the frames; Whisper itself is converted into it once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THYMOS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    write_sounds(folder, "train", 40, seed=0)
    write_sounds(folder, "dev", 16, seed=1000)
    return folder


@pytest.fixture(scope="module")
def run(tiny_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    told = listening(tiny_model)
    encoded: list[tuple[int, int]] = []
    publish(tune(told, data, folder, on_encoded=lambda *each: encoded.append(each)), told, folder)
    assert encoded == [(number, 56) for number in range(1, 57)]
    return folder


@pytest.fixture(scope="module")
def labeler(run: Path, tiny_model: Path) -> Labeler:
    return Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(run / "adapter"), device="cpu")


def _moved(before: dict[str, Tensor], name: str, weight: Tensor) -> bool:
    stored = before[name.removeprefix("inner.model.").replace(".default", "")]
    return not torch.allclose(stored.float(), weight, atol=1e-3)


def heard(label: str, seed: int, text: str | None = "so it is") -> Sample:
    return Sample(id=f"{label}{seed}", text=text, speech=Speech(samples=buzz(label, seed), rate=RATE))


def test_it_hears_what_the_same_words_do_not_tell(labeler: Labeler, run: Path) -> None:
    samples = [heard(label, 5000 + number) for number in range(10) for label in PITCH]
    right = [p.labels == (p.id.rstrip("0123456789"),) for p in labeler.label(samples)]
    assert sum(right) >= 19  # of 20
    last = [line for line in read(run) if line["kind"] == "dev"][-1]
    assert last["step"] == len([line for line in read(run) if line["kind"] == "step"])


def test_what_is_heard_counts_without_words_too_and_words_without_it(labeler: Labeler) -> None:
    assert labeler.modalities == ("speech",)
    assert labeler.prepare is None  # on a processor, where encoding ahead would want the same cores
    sad, glad, silent = labeler.label_batch(
        [heard("sadness", 7000, None), heard("joy", 7001, None), Sample(id="3", text="so it is")]
    )
    assert not isinstance(sad, RowError) and not isinstance(glad, RowError) and not isinstance(silent, RowError)
    for label in PITCH:  # whatever words are heard in a buzz
        odds = [each.probabilities[label] for each in (sad, glad)]
        assert (odds[0] > odds[1]) == (label == "sadness")
    assert max(silent.probabilities.values()) < 0.95  # the words alone do not tell


def test_a_recording_that_cannot_be_used_leaves_the_words(labeler: Labeler, tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"%PDF-1.4 no sound at all")
    broken = Sample(id="1", text="so it is", speech=Speech(path=tmp_path / "no.wav"))
    with_words, alone, plain = labeler.label_batch(
        [broken, replace(broken, text=None), Sample(id="1", text="so it is")]
    )
    assert not isinstance(with_words, RowError) and not isinstance(plain, RowError)
    assert with_words.probabilities == plain.probabilities  # absent, not zeros
    assert isinstance(alone, RowError)
    assert labeler.left_out["speech"][0] == 2 and labeler.left_out["speech"][1] == str(alone)
    assert "no.wav" in str(alone) or "audio" in str(alone) or "sound" in str(alone)


def test_the_voice_is_a_cue_that_can_be_left_out(labeler: Labeler) -> None:
    sample = heard("joy", 7002)
    found = measure(labeler, sample, told={"speech": "high pitch"})
    (cue,) = [cue for cue in found.cues if cue.kind == "speech"]
    assert cue.text == "high pitch"
    without = labeler.label([replace(sample, speech=None)])[0].probabilities["joy"]
    assert cue.weight == pytest.approx(found.prediction.probabilities["joy"] - without)
    assert cue.weight > 0.2


def test_recordings_that_it_learnt_from_vote_beside_it(run: Path, tiny_model: Path, data: Path, tmp_path: Path) -> None:
    """An adapter whose weights are too young to hear, and then the votes of what it learnt from."""
    young = listening(tiny_model, train={"epochs": 0.5, "projector_rate": 1e-4})
    folder = publish(tune(young, data, tmp_path), young, tmp_path)
    figures = recalibrate(str(folder), tmp_path / "votes", data, votes=True)["buzzes"]
    assert figures["macro_f1"] < figures["macro_f1_with_frame_votes"] == pytest.approx(2 / 7)
    assert figures["frame_votes_weights"]["whisper"] > 0
    assert "Recordings of the buzzes training rows vote" in (tmp_path / "votes" / "README.md").read_text()
    samples = [heard(label, 5000 + number) for number in range(10) for label in PITCH]

    def right(adapter: Path, calibration: Calibration = "auto") -> int:
        asked = Labeler.from_pretrained(
            str(tiny_model), taxonomy="ekman", adapter=str(adapter), calibration=calibration
        )
        return sum(p.labels == (p.id.rstrip("0123456789"),) for p in asked.label(samples))

    assert right(tmp_path / "votes") >= 19 > right(folder)
    assert right(tmp_path / "votes", "none") == right(folder, "none")
    merge_adapter(str(tmp_path / "votes"), tmp_path / "merged")
    assert {each.name for each in (tmp_path / "merged").glob("frame-votes-*")} == {"frame-votes-ekman.safetensors"}
    assert recalibrate(str(tmp_path / "votes"), tmp_path / "without", data, votes=False)["buzzes"].keys() >= {"rows"}
    assert not [*(tmp_path / "without").glob("frame-votes-*")]
    words = [Sample(id="1", text="so it is")]
    with_votes, plain = (
        Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(each)).label(words)[0].probabilities
        for each in (tmp_path / "votes", tmp_path / "without")
    )
    assert with_votes == pytest.approx(plain, abs=1e-5)  # nothing is heard, nothing votes, and confidence stays


def test_projectors_alone_can_learn_while_the_model_stays(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = listening(tiny_model, train={"method": "projectors", "epochs": 6, "projector_rate": 2e-2})
    tuned = tune(told, data, tmp_path)
    assert {name.split(".")[0] for name in tuned.trainee.trained()} == {"projectors"}
    curve = [line["loss"] for line in read(tmp_path) if line["kind"] == "step"]
    assert curve[-1] < 0.5 * curve[0]
    folder = publish(tuned, told, tmp_path)
    assert "| projectors alone, the LLM as it was |" in (folder / "README.md").read_text()
    assert Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(folder)).modalities == ("speech",)


def test_a_merged_model_still_hears(run: Path, tiny_model: Path, labeler: Labeler, tmp_path: Path) -> None:
    merge_adapter(str(run / "adapter"), tmp_path / "merged")
    merged = Labeler.from_pretrained(str(tmp_path / "merged"), taxonomy="ekman")
    assert merged.modalities == ("speech",)
    sample = heard("joy", 7003)
    (one,), (other,) = labeler.label([sample]), merged.label([sample])
    assert one.probabilities == pytest.approx(other.probabilities, abs=0.02)


def test_the_prompt_that_is_shown_is_the_prompt_that_is_asked(labeler: Labeler, tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"%PDF-1.4 no sound at all")
    assert "Voice: <speech>\nWords: so it is" in labeler.preview(heard("joy", 1))
    broken = Sample(id="1", text="so it is", speech=Speech(path=tmp_path / "no.wav"))
    assert "<speech>" not in labeler.preview(broken)


def test_projectors_of_the_adapter_that_is_started_from_go_on(run: Path, tiny_model: Path, tmp_path: Path) -> None:
    write_sounds(tmp_path, "train", 12, seed=50)  # others, whose frames have another mean
    write_sounds(tmp_path, "dev", 6, seed=90)
    said: list[str] = []
    train = {
        "epochs": 1,
        "average": 0.0,
        "learning_rate": 1e-2,
        "projector_rate": 1e-9,
        "align_epochs": 5,
        "align": 0.0,
    }
    told = listening(tiny_model, start_from=str(run / "adapter"), train=train)
    tuned = tune(told, tmp_path, tmp_path / "run", on_remark=said.append)
    assert any("are not aligned again" in remark for remark in said)
    before = load_projectors(run / "adapter")
    assert before is not None and tuned.trainee.projectors is not None
    for name, weight in before.state_dict().items():
        assert weight.numpy() == pytest.approx(tuned.trainee.projectors.state_dict()[name].numpy(), abs=1e-5)
    own = load_file(run / "adapter" / WEIGHTS)
    changed = [
        name for name, weight in tuned.trainee.weights().items() if "lora_B" in name and _moved(own, name, weight)
    ]
    assert changed  # at its own rate


def test_the_model_waits_until_projectors_are_aligned(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    told = listening(tiny_model, train={"epochs": 1, "align": 1.0, "average": 0.0})
    tuned = tune(told, data, tmp_path)
    updates = [weight for name, weight in tuned.trainee.weights().items() if "lora_B" in name]
    assert updates and all(not weight.any() for weight in updates)


def test_each_fold_is_labelled_by_a_model_that_did_not_hear_it(
    tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, met = list[str](), list[int]()
    monkeypatch.setattr(Labeler, "meet", lambda self, samples: met.append(len(list(samples))))
    told = listening(tiny_model, train={"epochs": 1})
    path = cross_validate(told, data, tmp_path, "fold", on_fold=lambda fold, *_: seen.append(fold))
    assert seen == ["0", "1"]
    assert met == [20, 20]
    assert len(path.read_text().splitlines()) == 40
    card = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(tmp_path / "fold-1" / "adapter"))
    assert card.modalities == ("speech",)
    for fold in seen:
        facts = read_card(tmp_path / f"fold-{fold}" / "adapter")
        assert facts is not None and facts.facts["corpora"][0]["train"] == 20  # of 40: its own half is left out
    before = path.stat().st_mtime_ns
    cross_validate(told, data, tmp_path, "fold")  # nothing is trained again
    assert path.stat().st_mtime_ns > before
    kept = path.read_bytes()
    balanced = cross_validate(told, data, tmp_path, "fold", aim="balance")  # labelled anew, and not trained again
    assert (path.name, balanced.name, path.read_bytes()) == ("held-out.jsonl", "held-out-balance.jsonl", kept)
    probabilities = [
        [json.loads(line)["probabilities"] for line in each.read_text().splitlines()] for each in (path, balanced)
    ]
    assert probabilities[0] == probabilities[1]
    monkeypatch.setattr("thymos.agent.folds.tune", lambda *_, **__: pytest.fail("it was trained for nothing"))
    several = listening(tiny_model, corpora=[told.corpora[0].model_dump() | {"taxonomy": "goemotions"}])
    with pytest.raises(InputError, match="aim must be likeliest unless a label set has one label a row"):
        cross_validate(several, data, tmp_path / "new", "fold", aim="balance")
    with pytest.raises(InputError, match="fold must be one of 0, 1"):
        cross_validate(told, data, tmp_path, "fold", only=["7"])
    with pytest.raises(InputError, match="two values or more, got so it is"):
        cross_validate(told, data, tmp_path, "text")
    other = listening(tiny_model, train={"epochs": 2})
    with pytest.raises(InputError, match="must be new or of the same recipe"):
        cross_validate(other, data, tmp_path, "fold")


def test_frames_of_another_encoder_are_refused(run: Path, tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    for file in (run / "adapter").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "projectors.safetensors"
    whole = path.read_bytes()
    place = whole.index(b'fingerprint\\": \\"') + len(b'fingerprint\\": \\"')
    path.write_bytes(whole[:place] + b"0" * 12 + whole[place + 12 :])
    with pytest.raises(ModelError, match="must be the one that the adapter was trained with"):
        Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(folder))


def test_a_recipe_that_listens_needs_a_prompt_with_a_place(tiny_model: Path) -> None:
    with pytest.raises(ValueError, match="prompt must be multimodal"):
        listening(tiny_model, prompt="tuned")
    with pytest.raises(ValueError, match="name streams"):
        listening(tiny_model, streams=[], train={"method": "projectors"})


@pytest.mark.parametrize("key", ["align_epochs", "align_cues", "align", "drop_modalities"])
def test_a_key_that_would_be_ignored_is_refused(key: str, tiny_model: Path) -> None:
    with pytest.raises(ValueError, match=f"train.{key} must be left out without streams, got 0.5"):
        recipe(tiny_model, train={key: 0.5})


def test_a_voice_is_compared_with_its_speaker_who_was_met(tiny_model: Path, tmp_path: Path) -> None:
    voices = {f"s{number}": 100.0 * 1.2**number for number in range(7)}
    write_speakers(tmp_path, "train", voices, 10, seed=0)
    write_speakers(tmp_path, "dev", {"d": 150.0}, 10, seed=20_000)
    write_speakers(tmp_path, "test", {"new": 130.0, "other": 210.0}, 12, seed=30_000)
    told = listening(tiny_model, streams=[{"encoder": "whisper", "tokens": 2, "width": 16, "baseline": "speaker"}])
    said: list[str] = []
    adapter = publish(tune(told, tmp_path, tmp_path / "run", on_remark=said.append), told, tmp_path / "run")
    assert not any("recordings" in each for each in said)
    card = read_card(adapter)
    assert card is not None
    again = recalibrate(str(adapter), tmp_path / "again", tmp_path)["buzzes"]
    assert again["loss"] == pytest.approx(card.facts["dev"]["buzzes"]["loss"], rel=0.02), "dev is compared here too"
    labeler = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=str(adapter))
    rows = [row for row in open_corpus(str(tmp_path / "test.csv")) if isinstance(row, Sample)]

    def right() -> int:
        return sum(p.labels == row.gold for p, row in zip(labeler.label(rows), rows, strict=True))

    alone = right()
    assert labeler.meet(rows) is None
    assert right() >= 22 > alone  # of 24
    remark = labeler.meet([replace(rows[0], speaker=None), *rows[:3]])
    assert remark is not None and remark.startswith("4 of 4 recordings are read without knowing what their speaker")
    assert right() == alone
