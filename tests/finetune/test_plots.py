"""Pictures are valid PNG files of a sensible size, and show what they are given."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from thymos.finetune.calibration_error import Calibration, calibration
from thymos.finetune.confusion import Confusion
from thymos.finetune.plots import draw_confusion, draw_reliability
from thymos.prompts.errors import OutputError


def matrix(labels: int, abstained: int = 0, seed: int = 0, names: tuple[str, ...] = ()) -> Confusion:
    counts = np.random.default_rng(seed).integers(0, 40, (labels, labels + 1))
    counts[:, -1] = abstained
    return Confusion(names or tuple(f"label {i}" for i in range(labels)), counts, "rows: gold; columns: predicted")


def bins(seed: int = 0) -> Calibration:
    generator = np.random.default_rng(seed)
    confidence = generator.random(500)
    return calibration(confidence, generator.random(500) < confidence)


def size(png: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (PNG specification, 11.2.2), all chunks being whole."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, names = 8, []
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        assert zlib.crc32(png[at + 4 : at + 8 + length]) == struct.unpack_from(">I", png, at + 8 + length)[0]
        names.append(name)
        at += 12 + length
    assert (names[0], names[-1]) == (b"IHDR", b"IEND")
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def drawn_matrix(folder: Path, confusion: Confusion, title: str = "t") -> bytes:
    draw_confusion(confusion, folder / "confusion.png", title)
    return (folder / "confusion.png").read_bytes()


@pytest.mark.parametrize("labels", [3, 32, 90])
def test_a_confusion_picture_is_a_png_that_fits_a_screen_and_a_page(tmp_path: Path, labels: int) -> None:
    width, height = size(drawn_matrix(tmp_path, matrix(labels, abstained=5)))
    assert 300 < height < 3600
    assert 300 < width < 3600
    assert [path.name for path in tmp_path.iterdir()] == ["confusion.png"]


def test_more_labels_make_a_larger_picture(tmp_path: Path) -> None:
    small, large = (size(drawn_matrix(tmp_path, matrix(labels))) for labels in (3, 9))
    assert small[0] < large[0]
    assert small[1] < large[1]


def test_a_confusion_picture_shows_its_counts_title_and_abstentions(tmp_path: Path) -> None:
    first = drawn_matrix(tmp_path, matrix(5))
    assert drawn_matrix(tmp_path, matrix(5)) == first
    assert drawn_matrix(tmp_path, matrix(5, seed=1)) != first
    assert drawn_matrix(tmp_path, matrix(5, abstained=3)) != first
    assert drawn_matrix(tmp_path, matrix(5), title="another") != first


def test_names_that_the_font_lacks_or_that_look_like_formulas_are_drawn_without_a_warning(
    tmp_path: Path,
) -> None:
    names = ("怒り", "$\\oops$", "a name that goes on and on and on and on and on and on and on")
    assert drawn_matrix(tmp_path, matrix(3, names=names), title="$x$ 喜び")  # warnings are errors here


def test_a_label_that_is_never_gold_is_no_division_by_zero(tmp_path: Path) -> None:
    confusion = matrix(4)
    confusion.counts[2] = 0
    assert drawn_matrix(tmp_path, confusion)


def test_a_reliability_picture_shows_its_bins(tmp_path: Path) -> None:
    path = tmp_path / "reliability.png"
    pictures = []
    for seed in (0, 0, 1):
        draw_reliability(bins(seed), path, "t")
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    width, height = size(pictures[0])
    assert 600 < width < height < 1500


def test_rows_in_one_bin_only_are_enough_for_a_picture(tmp_path: Path) -> None:
    draw_reliability(calibration(np.array([1.0]), np.array([True])), tmp_path / "r.png", "t")
    assert (tmp_path / "r.png").stat().st_size > 1000


def test_a_picture_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OutputError, match=r"taken\.png must be writable, got: "):
        draw_reliability(bins(), tmp_path / "taken.png", "t")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]
