"""OpenFace's tables: known numbers as frames and cues, several people, parts in time, and what is no such table."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thymos.adapters.encoders import load_encoder
from thymos.adapters.face.openface import COLUMNS, ActionUnitEncoder
from thymos.adapters.sample import Face
from thymos.prompts.errors import RowError

HEAD = ["frame", " face_id", " timestamp", " confidence", " success", *(f" {name}" for name in COLUMNS)]


def table(path: Path, *rows: dict[str, float]) -> Face:
    """Write rows of OpenFace's form, what is not told is 0."""
    lines = [",".join(HEAD)]
    for number, row in enumerate(rows, start=1):
        told = {"frame": number, "timestamp": (number - 1) / 30, "success": 1} | row
        lines.append(", ".join(str(told.get(name.strip(), 0)) for name in HEAD))
    path.write_text("\n".join(lines) + "\n")
    return Face(path=path)


def test_units_become_frames_and_the_strongest_ones_cues(tmp_path: Path) -> None:
    encoder = ActionUnitEncoder()
    smile = [{"AU06_r": 1.5, "AU12_r": number, "AU12_c": 1} for number in (1.0, 3.0)]
    signal = encoder.read(table(tmp_path / "a.csv", *smile))
    frames = encoder.encode(signal)
    assert frames.shape == (2, encoder.dim) == (2, 35)
    assert frames[:, COLUMNS.index("AU12_r")].tolist() == [1.0, 3.0]
    assert frames[:, COLUMNS.index("AU12_c")].tolist() == [1.0, 1.0]
    observed = encoder.observe(signal)
    assert [cue.words for cue in observed.cues] == [
        "lip corners pulled up (AU12), 2.0 of 5",
        "cheeks raised (AU6), 1.5 of 5",
    ]
    assert observed.flags == ()


def test_pictures_without_a_face_are_left_out_and_told(tmp_path: Path) -> None:
    encoder = ActionUnitEncoder()
    rows: list[dict[str, float]] = [{"AU04_r": 2.0}, {"success": 0, "AU04_r": 5.0}, {"success": 0}, {"AU04_r": 4.0}]
    signal = encoder.read(table(tmp_path / "a.csv", *rows))
    assert encoder.encode(signal)[:, COLUMNS.index("AU04_r")].tolist() == [2.0, 4.0]
    assert encoder.observe(signal).flags == ("the face was found in 50 % of the pictures",)
    with pytest.raises(RowError, match="must tell of a face, got none in 2 pictures"):
        encoder.read(table(tmp_path / "b.csv", {"success": 0}, {"success": 0}))


def test_of_several_people_the_one_who_is_seen_most_is_read(tmp_path: Path) -> None:
    both = {"frame": 1, "face_id": 0, "AU09_r": 1.0}, {"frame": 1, "face_id": 1, "AU09_r": 5.0}
    signal = ActionUnitEncoder().read(table(tmp_path / "a.csv", *both, {"frame": 2, "face_id": 0, "AU09_r": 1.0}))
    assert (len(signal.values), signal.people, signal.found) == (2, 2, 1.0)
    assert "2 people" in ActionUnitEncoder().observe(signal).flags[0]


def test_a_part_in_time_is_taken(tmp_path: Path) -> None:
    rows = [{"timestamp": float(second), "AU26_r": float(second)} for second in range(5)]
    face = table(tmp_path / "a.csv", *rows)
    signal = ActionUnitEncoder().read(Face(path=face.path, start=1.0, end=3.0))
    assert signal.values[:, COLUMNS.index("AU26_r")].tolist() == [1.0, 2.0]
    with pytest.raises(RowError, match="must be named without #xywh"):
        ActionUnitEncoder().read(Face(path=face.path, box=(0, 0, 10, 10)))


def test_long_videos_are_averaged(tmp_path: Path) -> None:
    encoder = load_encoder("action-units")
    frames = encoder.encode(encoder.read(table(tmp_path / "a.csv", *({"AU01_r": 1.0} for _ in range(6001)))))
    assert frames.shape == (3000, 35)
    assert np.allclose(frames[:, 0], 1.0)


@pytest.fixture
def usual_cells() -> Iterator[None]:
    """The csv module's own limit on a cell, which readers of corpora raise for the whole process."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xd8\xff\xe0 a picture", "must have the columns of OpenFace's action units, got none called AU01_r"),
        (b"", "must not be empty"),
        ((",".join(COLUMNS) + "\n" + "x," * 35 + "\n").encode(), "must have a number in AU01_r, got none in line 2"),
        ((",".join(COLUMNS) + "\n" + "nan," * 35 + "\n").encode(), "must have finite numbers"),
        ((",".join(COLUMNS) + "\n1,2\n").encode(), "must have a number in AU04_r, got none in line 2"),
        ((",".join(COLUMNS) + "\n").encode(), "must tell of a face, got none in 0 pictures"),
        ((",".join(COLUMNS) + '\n"' + "9" * 300_000).encode(), "must be a table of OpenFace's"),
    ],
)
def test_what_is_no_table_is_one_sentence(content: bytes, said: str, tmp_path: Path, usual_cells: None) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(RowError, match=said):
        ActionUnitEncoder().read(Face(path=tmp_path / "a.csv"))
    with pytest.raises(RowError, match="must be a table of OpenFace for action units, got pixels"):
        ActionUnitEncoder().read(Face(pixels=np.zeros((2, 2, 3), np.uint8)))
