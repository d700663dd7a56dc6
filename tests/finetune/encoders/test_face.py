"""The face network learns what its data shows, goes on exactly where it stopped, and leaves weights with a card."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from thymos.adapters.face.encoder import FaceEncoder
from thymos.adapters.face.network import FER2013_LABELS, FERPLUS_LABELS, FaceNetwork
from thymos.finetune.encoders.face import evaluate_face_encoder, train_face_encoder
from thymos.finetune.encoders.face_data import UNLABELLED, FaceData, read_faces
from thymos.finetune.encoders.face_loop import batch_rows, face_loss
from thymos.finetune.encoders.face_recipe import FaceRecipe
from thymos.finetune.encoders.face_score import FaceScore, score
from thymos.prompts.errors import InputError

BRIGHT = {"happiness": 1, "sadness": 0}  # label -> whether the lower half is the brighter one
EPOCHS = 6.0  # three steps of 64 faces
VOTES = [f"votes_{each}" for each in (*FERPLUS_LABELS, "unknown", "NF")]


def write_faces(folder: Path, rows: dict[str, int], seed: int = 0) -> Path:
    chance = np.random.default_rng(seed)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["file", "emotion", "fer2013_label", "split", *VOTES])
        table.writeheader()
        for split, count in rows.items():
            with zipfile.ZipFile(folder / f"{split}.zip", "w") as archive:
                for number in range(count):
                    label = list(BRIGHT)[number % 2]
                    pixels = chance.normal(100, 12, (48, 48))
                    pixels[24:] += 70 if BRIGHT[label] else -40
                    content = io.BytesIO()
                    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(content, "PNG")
                    archive.writestr(f"{split}{number}.png", content.getvalue())
                    votes = dict.fromkeys(VOTES, 0) | {f"votes_{label}": 9, "votes_neutral": 1}
                    table.writerow(
                        {"file": f"{split}{number}.png", "emotion": label, "fer2013_label": label, "split": split}
                        | votes
                    )
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faces(tmp_path_factory.mktemp("faces"), {"train": 64, "valid": 20, "test": 20})


@pytest.fixture(scope="module")
def encoder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    told: list[tuple[int, int, float]] = []
    figures = train_face_encoder(
        data, tmp_path_factory.mktemp("run"), epochs=EPOCHS, on_progress=lambda *each: told.append(each)
    )
    assert figures.folder is not None and figures.test is not None
    assert figures.step == figures.steps == 3 and told[-1][:2] == (3, 3)
    assert figures.test.rows == (20, 20)
    return figures.folder


@pytest.mark.slow
def test_it_learns_what_its_faces_show(data: Path, tmp_path: Path) -> None:
    figures = train_face_encoder(data, tmp_path, epochs=120.0)
    assert figures.test is not None
    assert figures.test.fer2013 >= 0.9 and figures.valid.ferplus >= 0.9  # by chance 0.5 at best


def test_what_is_stored_is_right_as_often_as_was_told(encoder: Path, data: Path) -> None:
    card = json.loads((encoder / "thymos.json").read_text())
    (told,) = [each for each in card["figures"] if each["split"] == "test"]
    again = evaluate_face_encoder(encoder, data, "test")
    assert again.fer2013 == told["fer2013"] and again.ferplus == told["ferplus"]
    assert card["rows"] == 64 and card["recipe"]["epochs"] == EPOCHS
    assert "AI Act" in (encoder / "README.md").read_text()
    assert FaceEncoder(encoder / "model.safetensors", "mine").dim == FaceEncoder().dim


def test_what_is_scored_is_what_is_stored(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The average of the weights, in the precision of the file."""
    seen: list[dict[str, Tensor]] = []

    def scored(network: FaceNetwork, data: FaceData, split: str) -> FaceScore:
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return score(network, data, split)

    monkeypatch.setattr("thymos.finetune.encoders.face.score", scored)
    folder = train_face_encoder(data, tmp_path, epochs=EPOCHS).folder
    assert folder is not None and len(seen) == 2
    stored = load_file(folder / "model.safetensors")
    for weights in seen:
        assert weights.keys() == stored.keys()
        assert all(torch.equal(weights[name].float(), value.float()) for name, value in stored.items())


def test_a_run_that_stopped_goes_on_to_the_same_weights(encoder: Path, data: Path, tmp_path: Path) -> None:
    first = train_face_encoder(data, tmp_path, epochs=EPOCHS, minutes=1e-6)
    assert (first.step, first.steps, first.test, first.folder) == (1, 3, None, None)
    last = train_face_encoder(data, tmp_path, epochs=EPOCHS)
    assert last.step == 3 and last.folder is not None
    assert (last.folder / "model.safetensors").read_bytes() == (encoder / "model.safetensors").read_bytes()


def test_a_folder_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    train_face_encoder(data, tmp_path, epochs=EPOCHS, minutes=1e-6)
    with pytest.raises(InputError):
        train_face_encoder(data, tmp_path, epochs=EPOCHS, seed=1, minutes=1e-6)


@pytest.mark.parametrize(("epochs", "minutes"), [(0.0, None), (1.0, 0.0), (float("nan"), None)])
def test_numbers_without_sense_are_refused(epochs: float, minutes: float | None, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be above zero"):
        train_face_encoder(data, tmp_path, epochs=epochs, minutes=minutes)
    assert not list(tmp_path.iterdir())


def test_votes_that_stand_alone_are_dropped_and_what_is_no_face_has_none(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": 2})
    lines = (tmp_path / "labels.csv").read_text().replace("\r", "").splitlines()
    head = lines[0].split(",")
    second = dict(zip(head, lines[2].split(","), strict=True)) | {"votes_NF": "11", "emotion": ""}
    lines[2] = ",".join(second.values())
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    found = read_faces(tmp_path, "train")
    happy = FERPLUS_LABELS.index("happiness")
    assert found.votes[0].tolist() == [float(place == happy) for place in range(8)]  # the single neutral one is gone
    assert found.votes[1].sum() == 0 and found.ferplus.tolist() == [happy, UNLABELLED]
    assert found.fer2013.tolist() == [FER2013_LABELS.index("happiness"), FER2013_LABELS.index("sadness")]


@pytest.mark.parametrize("harm", ["no table", "no archive", "no zip", "another label", "another size"])
def test_data_that_cannot_be_used_is_one_sentence(harm: str, tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": 2})
    table = tmp_path / "labels.csv"
    if harm == "no table":
        table.unlink()
    elif harm == "no archive":
        (tmp_path / "train.zip").unlink()
    elif harm == "no zip":
        (tmp_path / "train.zip").write_bytes(b"PK no zip")
    elif harm == "another label":
        table.write_text(table.read_text().replace("sadness,sadness", "sadness,boredom"))
    else:
        content = io.BytesIO()
        Image.new("L", (20, 20)).save(content, "PNG")
        with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
            for number in range(2):
                archive.writestr(f"train{number}.png", content.getvalue())
    with pytest.raises(InputError, match=r"face data must be a folder with labels.csv and train.zip"):
        read_faces(tmp_path, "train")


def test_each_face_is_seen_once_in_an_epoch_in_another_order_each_time() -> None:
    epochs = [torch.cat([batch_rows(90, 30, epoch * 3 + step, seed=4) for step in range(3)]) for epoch in range(2)]
    assert [sorted(each.tolist()) for each in epochs] == [list(range(90))] * 2
    assert epochs[0].tolist() != epochs[1].tolist()


def test_a_row_counts_for_the_labels_that_it_has(tmp_path: Path) -> None:
    found = read_faces(write_faces(tmp_path, {"train": 4}), "train")
    found.fer2013[1], found.votes[2] = UNLABELLED, 0.0
    seven, eight = torch.randn(4, 7), torch.randn(4, 8)
    own = [-seven.log_softmax(-1)[row, int(found.fer2013[row])] for row in (0, 2, 3)]
    votes = [-eight.log_softmax(-1)[row, int(found.ferplus[row])] for row in (0, 1, 3)]
    told = face_loss(seven, eight, found, torch.arange(4), smooth=0.0)
    assert float(told) == pytest.approx(float(sum(own) + sum(votes)) / 4, abs=1e-5)


def test_the_rate_rises_stays_and_falls_to_nothing_while_views_grow() -> None:
    recipe = FaceRecipe()
    rates = [recipe.rate_at(epoch / 10) for epoch in range(int(10 * recipe.epochs) + 1)]
    assert rates[0] < 0.1 * recipe.rate and max(rates) == recipe.rate and rates[-1] == 0
    assert [recipe.side(epoch) for epoch in (0.0, recipe.small + 0.2, recipe.epochs - 1)] == list(recipe.sides)
