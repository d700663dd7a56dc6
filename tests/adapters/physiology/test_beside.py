"""Files that are read with a recording of the body are part of what it is."""

import zipfile
from pathlib import Path

from thymos.adapters.perception import _key
from thymos.adapters.physiology.beside import files_beside
from thymos.adapters.physiology.encoder import _identity
from thymos.adapters.sample import Physiology


def test_what_is_read_with_a_recording_is_found_on_disk_and_in_archives(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("eda\n1\n")
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "rec.hea").write_text("rec 1 64 10\nsig.dat 16 100/uS 16 0 0 0 0 EDA\n")
    (tmp_path / "sig.dat").write_bytes(b"0")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("a.csv", "a.json", "rec.hea", "sig.dat"):
            archive.write(tmp_path / name, name)
    for folder in (tmp_path, tmp_path / "all.zip"):
        assert files_beside(folder / "a.csv") == [folder / "a.json"]
        assert files_beside(folder / "rec.hea") == [folder / "sig.dat"]
        assert files_beside(folder / "sig.dat") == []


def test_a_sidecar_in_an_archive_that_changes_makes_another_recording(tmp_path: Path) -> None:
    keys = []
    for rate in (64, 128):
        with zipfile.ZipFile(tmp_path / f"{rate}.zip", "w") as archive:
            archive.writestr("a.csv", "eda\n1\n")
            archive.writestr("a.json", f'{{"SamplingFrequency": {rate}}}')
        keys.append(_key(Physiology(path=tmp_path / f"{rate}.zip" / "a.csv")))
    assert keys[0] != keys[1]


def test_what_is_kept_in_memory_goes_by_the_sidecar_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("eda\n1\n")
    before = _identity(Physiology(path=tmp_path / "a.csv"))
    (tmp_path / "a.json").write_text("{}")
    assert _identity(Physiology(path=tmp_path / "a.csv")) != before
