"""`thymos record` as a user meets it; FFmpeg's virtual device stands for hardware."""

import io
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thymos.agent.cli import app
from thymos.prompts.errors import InputError

TONE = "lavfi:sine=frequency=440:sample_rate=44100"


def told(*words: str) -> None:
    app(["record", *words], result_action="return_value")


def test_a_voice_becomes_a_file_that_the_other_commands_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(str(tmp_path / "me.wav"), "--seconds", "0.7", "--device", TONE)
    with wave.open(str(tmp_path / "me.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 16_000, 11_200)
        sound = np.frombuffer(file.readframes(11_200), "<i2")
    assert np.abs(sound).max() > 1000
    assert capsys.readouterr().err == f"wrote {tmp_path / 'me.wav'}\n"


def test_without_a_terminal_it_ends_after_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    told(str(tmp_path / "me.wav"), "--device", TONE)
    with wave.open(str(tmp_path / "me.wav")) as file:
        assert file.getnframes() == 5 * 16_000


def test_on_a_terminal_enter_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    paced = "lavfi:sine=frequency=440,arealtime"  # as slow as a microphone
    told(str(tmp_path / "me.wav"), "--device", paced)
    with wave.open(str(tmp_path / "me.wav")) as file:
        assert 0 < file.getnframes() < 5 * 16_000


def test_a_recording_too_short_to_read_is_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(str(tmp_path / "me.wav"), "--seconds", "0.01", "--device", TONE)
    assert (tmp_path / "me.wav").exists()
    assert "speech must last" in capsys.readouterr().err


def test_without_any_standard_input_it_ends_after_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    told(str(tmp_path / "me.wav"), "--device", TONE)
    with wave.open(str(tmp_path / "me.wav")) as file:
        assert file.getnframes() == 5 * 16_000


def test_silence_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(str(tmp_path / "me.wav"), "--seconds", "0.5", "--device", "lavfi:anullsrc")
    assert "silent: nothing is louder" in capsys.readouterr().err


def test_a_picture_without_a_face_is_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(str(tmp_path / "me.JPG"), "--device", "lavfi:testsrc=size=320x240")
    with Image.open(tmp_path / "me.JPG") as picture:
        assert picture.size == (320, 240)
    assert "no faces were found in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["me.mp3"], "output must end in .wav, .jpg or .png, got 'me.mp3'"),
        (["there.wav", "--device", TONE], "output must be a new file"),
        (["no/me.wav", "--device", TONE], "folder of me.wav must exist"),
        (["me.jpg", "--seconds", "3"], "--seconds must be left out for a picture"),
        (["me.wav", "--device", "sine"], "microphone must be named as KIND:NAME"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.wav").write_bytes(b"mine")
    with pytest.raises(InputError) as error:
        told(*words)
    assert says in str(error.value)
    assert [each.name for each in tmp_path.iterdir()] == ["there.wav"]
    assert (tmp_path / "there.wav").read_bytes() == b"mine"


def test_a_file_that_is_there_goes_where_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "there.wav").write_bytes(b"mine")
    told(str(tmp_path / "there.wav"), "--device", TONE, "--seconds", "0.2", "--overwrite")
    assert (tmp_path / "there.wav").read_bytes().startswith(b"RIFF")
