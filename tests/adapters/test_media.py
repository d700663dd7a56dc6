"""Where media lie: on disk, in archives, and parts of them."""

import zipfile
from pathlib import Path

import pytest

from thymos.adapters.media import MediaPlace, media_exists, media_place, open_media
from thymos.prompts.errors import RowError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "odd#name.wav").write_bytes(b"odd")
    (tmp_path / "empty.wav").touch()
    with zipfile.ZipFile(tmp_path / "clips.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.flac", b"packed")
        archive.writestr("deep/c.flac", b"deeper")
        archive.writestr("none.flac", b"")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "start", "end", "box"),
    [
        ("a.wav", None, None, None),
        ("a.wav#t=3.5,8", 3.5, 8.0, None),
        ("a.wav#t=npt:3", 3.0, None, None),
        ("a.wav#t=,8", None, 8.0, None),
        ("a.wav#xywh=1,2,3,4", None, None, (1, 2, 3, 4)),
        ("a.wav#t=1,2&xywh=pixel:1,2,3,4", 1.0, 2.0, (1, 2, 3, 4)),
    ],
)
def test_a_fragment_names_a_part(
    text: str, start: float | None, end: float | None, box: tuple[int, ...] | None, folder: Path
) -> None:
    assert media_place("speech", text, folder) == MediaPlace(folder / "a.wav", start, end, box)  # type: ignore[arg-type]


def test_a_name_with_a_number_sign_is_a_name(folder: Path) -> None:
    assert media_place("speech", "odd#name.wav", folder).path == folder / "odd#name.wav"


@pytest.mark.parametrize(
    "text", ["a.wav#t=", "a.wav#t=8,3", "a.wav#t=5,5", "a.wav#xywh=1,2,0,4", "a.wav#page=2", "a.wav#"]
)
def test_a_fragment_that_names_no_part_is_refused(text: str, folder: Path) -> None:
    with pytest.raises(RowError, match="part of speech must"):
        media_place("speech", text, folder)


@pytest.mark.parametrize("text", ["no.wav", "clips.zip/no.flac", "", "a.wav/b", "x" * 5000, "a\0b"])
def test_what_is_not_there_is_refused(text: str, folder: Path) -> None:
    with pytest.raises(RowError, match="speech must be a file that exists"):
        media_place("speech", text, folder)


def test_folders_count_only_where_they_will_do(folder: Path) -> None:
    assert not media_exists(folder)
    assert media_place("physiology", ".", folder, folders=True).path == folder


def test_members_of_an_archive_are_read(folder: Path) -> None:
    for name, content in [("clips.zip/b.flac", b"packed"), ("clips.zip/deep/c.flac", b"deeper"), ("a.wav", b"sound")]:
        with open_media(media_place("speech", name, folder).path) as file:
            assert file.read(3) + (file.seek(3) and file.read()) == content  # type: ignore[operator]


@pytest.mark.parametrize("name", ["empty.wav", "clips.zip/none.flac"])
def test_an_empty_file_is_said_to_be_empty(name: str, folder: Path) -> None:
    with pytest.raises(RowError, match="must not be empty"):
        open_media(folder / name)


def test_a_file_that_unpacks_to_too_much_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thymos.adapters.media.MAX_BYTES", 5)
    with pytest.raises(RowError, match=r"at most 5 bytes, got b\.flac of 6"):
        open_media(folder / "clips.zip" / "b.flac")


def test_a_damaged_archive_holds_nothing(folder: Path) -> None:
    packed = (folder / "clips.zip").read_bytes()
    (folder / "clips.zip").write_bytes(packed[:40])
    assert not media_exists(folder / "clips.zip" / "b.flac")
    with pytest.raises(RowError, match="must be one that opens"):
        open_media(folder / "clips.zip" / "b.flac")


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_damaged_member_is_told_whatever_the_damage_raises(place: int, folder: Path) -> None:
    with zipfile.ZipFile(folder / "long.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("long.wav", bytes(range(256)) * 20 + b"sound" * 99)
    packed = bytearray((folder / "long.zip").read_bytes())
    packed[30 + len("long.wav") + place] ^= 0xFF
    (folder / "long.zip").write_bytes(packed)
    with pytest.raises(RowError, match="must be one that opens"):
        open_media(folder / "long.zip" / "long.wav")
