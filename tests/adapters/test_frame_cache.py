"""Frames kept on disk: what was put is there, and what is damaged is as if it were not."""

from pathlib import Path

import numpy as np

from thymos.adapters.frame_cache import FrameCache
from thymos.adapters.modality import Measured, Observed

FRAMES = np.arange(6, dtype=np.float16).reshape(2, 3)
SEEN = Observed((Measured("pitch", "high pitch", 320.5, "Hz"), Measured("pauses", "no pauses")), ("clipped",), "I won")


def test_what_was_put_is_there_for_another_process_too(tmp_path: Path) -> None:
    FrameCache(tmp_path, "a" * 64).put_frames({"one": FRAMES})
    FrameCache(tmp_path, "a" * 64).put_observed("one", SEEN)
    cache = FrameCache(tmp_path, "a" * 64)
    found = cache.frames(["two", "one"])
    assert found.keys() == {"one"} and np.array_equal(found["one"], FRAMES)
    assert cache.observed("one") == SEEN
    assert cache.observed("two") is None


def test_another_encoder_has_frames_of_its_own(tmp_path: Path) -> None:
    FrameCache(tmp_path, "a" * 64).put_frames({"one": FRAMES})
    assert not FrameCache(tmp_path, "b" * 64).frames(["one"])


def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, "a" * 64)
    cache.put_frames({"one": FRAMES})
    (file,) = tmp_path.glob("*.sqlite")
    for beside in tmp_path.glob("*.sqlite-*"):
        beside.unlink()
    file.write_bytes(b"no data base, but long enough to be read as one" * 100)
    again = FrameCache(tmp_path, "a" * 64)
    assert not again.frames(["one"])
    again.put_frames({"one": FRAMES})  # and nothing is raised


def test_a_place_that_cannot_be_written_keeps_nothing_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = FrameCache(tmp_path / "file", "a" * 64)
    cache.put_frames({"one": FRAMES})
    assert not cache.frames(["one"])


def test_what_begins_with_a_key_is_forgotten_and_its_bytes_are_gone(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, "a" * 64)
    cache.put_observed("one:part", Observed(text="zanzibar"))
    cache.put_frames({"one:whole": np.ones((3, 2), np.float16)})
    cache.put_observed("two:part", Observed(text="kept"))
    cache.forget("one")
    assert cache.observed("one:part") is None
    assert not cache.frames(["one:whole"])
    assert cache.observed("two:part") == Observed(text="kept")
    assert all(b"zanzibar" not in file.read_bytes() for file in tmp_path.iterdir())
