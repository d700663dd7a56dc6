"""Sound and pictures from input devices. FFmpeg's virtual device stands for hardware: it is opened and read alike."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thymos.adapters import capture
from thymos.adapters.capture import RATE, Device, device, picture, record
from thymos.prompts.errors import InputError

TONE = device("microphone", "lavfi:sine=frequency=440:sample_rate=44100")
CARD = device("camera", "lavfi:testsrc=size=320x240:rate=10")


def test_a_tone_of_another_rate_is_recorded_at_ours_for_the_time_that_was_asked() -> None:
    heard: list[tuple[float, float]] = []
    samples = record(TONE, seconds=1.5, on_sound=lambda *each: heard.append(each))
    assert samples.dtype == np.float32 and len(samples) == 1.5 * RATE
    spectrum = np.abs(np.fft.rfft(samples[:RATE]))
    assert spectrum.argmax() == 440
    assert 0.05 < np.abs(samples).max() <= 1.0
    assert heard[0][0] < heard[-1][0] and heard[-1][0] >= 1.5
    assert max(peak for _, peak in heard) == pytest.approx(np.abs(samples).max(), abs=1e-3)


def test_two_channels_become_one() -> None:
    both = device("microphone", "lavfi:aevalsrc=0.5*sin(2*PI*300*t)|0.5*sin(2*PI*900*t):s=48000")
    spectrum = np.abs(np.fft.rfft(record(both, seconds=1.0)))
    assert set(np.argsort(spectrum)[-2:]) == {300, 900}


def test_it_ends_when_it_is_told_to() -> None:
    asked: list[int] = []
    samples = record(TONE, seconds=60.0, stop=lambda: asked.append(1) or len(asked) == 5)  # type: ignore[func-returns-value]
    assert 0 < len(samples) < RATE and len(asked) == 5


def test_a_picture_is_taken_once_the_exposure_has_settled() -> None:
    pixels = picture(CARD)
    assert pixels.shape == (240, 320, 3) and pixels.dtype == np.uint8
    first = picture(device("camera", "lavfi:testsrc=size=320x240:rate=10:duration=0.1"))
    assert (pixels != first).any()  # the test card counts its seconds
    red = picture(device("camera", "lavfi:color=red:size=64x48"))
    assert red[..., 0].min() > 200 and red[..., 1:].max() < 60


@pytest.mark.parametrize("told", ["default", "http://example.org/x", "concat:a|b", "file:/etc/passwd", ""])
def test_what_is_no_device_is_refused(told: str) -> None:
    with pytest.raises(InputError, match="microphone must be named as KIND:NAME"):
        device("microphone", told)


def test_a_device_that_is_not_there_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"camera must be one that can be opened, got v4l2:/dev/video77 \(.*\); plug"):
        picture(Device("camera", "v4l2", "/dev/video77"))
    with pytest.raises(InputError, match="microphone must be one that can be opened, got alsa:hw:77"):
        record(Device("microphone", "alsa", "hw:77"), seconds=1.0)
    assert capfd.readouterr().err == ""
    print("still there", file=sys.stderr)
    assert capfd.readouterr().err == "still there\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX")
def test_a_device_that_says_nothing_is_given_up_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody writes into stands for a driver that waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    silent = Device("microphone", "lavfi", f"amovie={tmp_path / 'pipe'}")
    monkeypatch.setattr("thymos.adapters.capture.PATIENCE", 0.5)
    asked: list[int] = []
    with pytest.raises(InputError, match=r"microphone must give something within 0.5 s, got nothing from lavfi"):
        record(silent, seconds=60.0, stop=lambda: bool(asked.append(1)))  # type: ignore[func-returns-value]
    assert len(asked) >= 3
    with pytest.raises(InputError, match="must give sound"):
        record(silent, seconds=60.0, stop=lambda: True)


def test_what_came_before_a_device_was_lost_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = capture._opened

    @contextmanager
    def loses(source: Device) -> Iterator[Any]:
        with opened(source) as container:

            class Broken:
                streams = container.streams

                def decode(self, stream: Any) -> Iterator[Any]:
                    yield from islice(container.decode(stream), 20)
                    raise OSError("No such device")

            yield Broken()

    monkeypatch.setattr(capture, "_opened", loses)
    assert len(record(TONE, seconds=60.0)) > RATE // 10


def test_a_camera_has_no_sound_and_a_microphone_no_picture() -> None:
    with pytest.raises(InputError, match="microphone must give sound"):
        record(Device("microphone", "lavfi", "testsrc=size=64x48"), seconds=1.0)
    with pytest.raises(InputError, match="camera must give pictures"):
        picture(Device("camera", "lavfi", "sine=frequency=440"))
