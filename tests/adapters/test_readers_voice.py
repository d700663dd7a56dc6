"""Corpora of voices by name: the real ones where they are at hand."""

import csv
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample


@pytest.mark.parametrize(
    ("kind", "rows", "first", "emotions", "seconds"),
    [
        # the numbers are those of each SOURCE.md
        ("ravdess", 1440, "03-01-01-01-01-01-01", {"neutral": 96} | dict.fromkeys(
            ("anger", "calm", "disgust", "fear", "happiness", "sadness", "surprise"), 192), 5329),
        ("tess", 700, "OAF_back_angry", dict.fromkeys(
            ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"), 100), None),
    ],
)  # fmt: skip
def test_every_clip_of_a_voice_corpus_is_a_row_with_its_recording(
    shared: Path, kind: str, rows: int, first: str, emotions: dict[str, int], seconds: int | None
) -> None:
    table = shared / "data/speech" / kind / "labels.csv"
    found = [row for row in open_corpus(table, format=kind) if isinstance(row, Sample)]
    assert len(found) == len({row.id for row in found}) == rows
    assert Counter(row.gold[0] for row in found if row.gold) == emotions
    assert found[0].id == first
    for row in found:
        assert row.speech is not None
        assert row.speech.path is not None
        assert row.speech.path.parent == table.with_name(f"{kind}.zip")
        assert row.modalities == ("text", "speech")
    if seconds:
        assert round(sum(float(row.metadata["duration_s"]) for row in found)) == seconds


def test_a_clip_that_is_not_in_the_archive_is_a_bad_row(tmp_path: Path) -> None:
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "emotion", "text", "speaker"], ["a.flac", "anger", "Hi", "1"]])
    (row,) = open_corpus(tmp_path / "labels.csv", format="ravdess")
    assert isinstance(row, BadRow)
    assert row.reason.startswith("speech must be a file that exists, got 'ravdess.zip/a.flac'")
    assert row.id == "a"


def test_recordings_are_part_of_what_a_corpus_is_by_name_and_size(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("speech,emotion\na.wav,joy\nb.wav#t=1,joy\n")
    (tmp_path / "a.wav").write_bytes(b"sound")

    def identity() -> object:
        return open_corpus(tmp_path / "rows.csv", columns=Columns(speech="speech")).identity()

    first = identity()
    assert identity() == first
    (tmp_path / "b.wav").write_bytes(b"fetched")
    second = identity()
    assert second != first
    (tmp_path / "a.wav").write_bytes(b"another sound")
    assert identity() not in (first, second)
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        archive.writestr("a.wav", b"sound")
    (tmp_path / "rows.csv").write_text("speech,emotion\nclips.zip/a.wav,joy\n")
    packed = identity()
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        archive.writestr("a.wav", b"longer sound")
    assert identity() != packed
