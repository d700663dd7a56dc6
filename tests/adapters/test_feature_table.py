"""Precomputed features as an encoder: a frame of a row, standardised, nothing made up for what is missing."""

from pathlib import Path

import numpy as np
import pytest

from thymos.adapters.feature_table import FeatureTable, TableEncoder, read_feature_table
from thymos.adapters.modality import Encoder
from thymos.prompts.errors import InputError, RowError

NAMES, IDS = ("AU01", "AU12"), ("a", "b", "c")
VALUES = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0]], dtype=np.float32)


def encoder(**options: object) -> TableEncoder:
    return TableEncoder("units", "face", FeatureTable(NAMES, IDS, VALUES), **options)  # type: ignore[arg-type]


def test_a_frame_is_a_standardised_row_with_what_was_measured() -> None:
    found: Encoder[str, np.ndarray] = encoder()
    frame = found.encode(found.read("b"))
    assert frame.tolist() == [[0.0, 0.0, 1.0, 0.0]]  # the middle of 1, 2, 3; not measured
    assert found.encode(found.read("c"))[0, :2] == pytest.approx([1 / np.sqrt(2 / 3), 1.0])
    assert (found.dim, found.layers, found.modality, frame.dtype.name) == (4, 1, "face", "float32")


def test_groups_are_standardised_each_for_itself() -> None:
    found = encoder(groups={"a": "x", "b": "x", "c": "y"})
    assert found.encode(found.read("b"))[0, 0] == 1.0
    assert found.encode(found.read("c"))[0, 0] == 0.0  # alone in its group
    assert found.fingerprint != encoder().fingerprint


def test_another_table_has_another_fingerprint() -> None:
    other = FeatureTable(NAMES, IDS, VALUES + np.float32(1))
    assert TableEncoder("units", "face", other).fingerprint != encoder().fingerprint
    assert encoder().fingerprint == encoder().fingerprint


def test_what_was_not_measured_is_told() -> None:
    found = encoder()
    assert found.observe(found.read("b")).flags == ("50% of the features were not measured",)
    assert found.observe(found.read("a")).flags == ()
    empty = TableEncoder("units", "face", FeatureTable(NAMES, ("a",), np.full((1, 2), np.nan, np.float32)))
    with pytest.raises(RowError, match="must have a measured feature"):
        empty.read("a")


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(RowError, match="must be one of the 3 in the feature table, got 'd'"):
        encoder().read("d")


def test_a_table_is_read_from_csv_with_its_ids_renamed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("AU01,file,AU12\n1,01-a,10\n,01-b,\n")
    table = read_feature_table(path, key="file", rename=lambda name: "03" + name[2:])
    assert (table.names, len(table), "03-a" in table) == (("AU01", "AU12"), 2, True)
    assert table.row("03-a").tolist() == [1.0, 10.0]
    assert np.isnan(table.row("03-b")).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have a header"),
        ("file\na\n", "must have a header of at least two"),
        ("file,x,x\n", "must have a header of at least two different names"),
        ("file,x\na,high\n", "cell in line 2 of t.csv must be a number, got 'high'"),
        ("file,x\na,1\nb\n", "line 3 of t.csv must have 2 cells, got 1"),
        ("file,x\na,1\na,2\n", "ids of a feature table must differ, got 'a' twice"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises((InputError, RowError)) as error:
        read_feature_table(path)
    assert sentence in str(error.value) or not text  # an empty file is refused when it is opened


def test_an_unknown_key_or_modality_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,x\na,1\n")
    with pytest.raises(InputError, match=r"key must be a column of t\.csv, got 'clip'"):
        read_feature_table(tmp_path / "t.csv", key="clip")
    with pytest.raises(InputError, match="modality must be one of speech, face, physiology, got 'smell'"):
        TableEncoder("units", "smell", FeatureTable(NAMES, IDS, VALUES))
    with pytest.raises(InputError, match="must have a row, got none"):
        TableEncoder("units", "face", FeatureTable(NAMES, (), np.zeros((0, 2), np.float32)))


def test_action_units_of_ravdess_are_found_by_the_names_of_the_sounds(shared: Path) -> None:
    folder = shared / "data" / "multimodal" / "ravdess_av"
    if not folder.is_dir():
        pytest.skip(f"needs RAVDESS' features in {folder}")
    table = read_feature_table(folder / "face_au_openface_mean.csv", rename=lambda name: "03" + name[2:])
    assert (len(table), len(table.names)) == (1440, 35)
    assert table.row("03-01-01-01-01-01-01")[0] == pytest.approx(0.0719388)
