"""Recordings and pictures: taken by their content, refused by their size before anything is decoded."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.agent.serve.fakes import FakeAgent
from tests.agent.serve.materials import as_data_url, png, png_bomb, wav, webm
from thymos.adapters.frame_cache import FrameCache
from thymos.adapters.perception import FOLDER, _whole
from thymos.adapters.sample import Speech
from thymos.adapters.speech.sound import read_sound
from thymos.adapters.weights import cache_dir
from thymos.agent.chat.media import media_type_of, plain_name
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.media import check_media, data_url, from_base64, store
from thymos.agent.serve.settings import Limits

LIMITS = Limits()


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("clip.wav", "clip.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\clip.wav", "clip.wav"),
        ("..", "file"),
        ("", "file"),
        ("a\0b\r\nc.wav", "abc.wav"),
        ('x"<y>.wav', "xy.wav"),
        ("\u202egpj.exe", "gpj.exe"),
        ("x" * 300 + ".wav", ("x" * 300 + ".wav")[-120:]),
    ],
)
def test_a_name_keeps_no_folder_and_no_trick(name: str, clean: str) -> None:
    assert plain_name(name) == clean


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (png()[:64], "image/png"),
        (wav()[:64], "audio/wav"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        ("\ufefftext".encode("utf-16"), None),
        (b"BMI,text\n1,a\n", None),
        (b"FORM,text\n", None),
        (b"text\nhello\n", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_content_says(head: bytes, found: str | None) -> None:
    assert media_type_of(head) == found


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_unseen() -> None:
    assert len(png_bomb()) < 1000
    with pytest.raises(ApiError) as told:
        check_media(io.BytesIO(png_bomb()), "bomb.png", LIMITS)
    assert told.value.status == 413


def test_a_picture_of_too_many_pixels_is_refused() -> None:
    assert check_media(io.BytesIO(png(10)), "a.png", Limits(pixels=100)) == "image/png"
    with pytest.raises(ApiError, match="at most 99 pixels, got 10 x 10"):
        check_media(io.BytesIO(png(10)), "a.png", Limits(pixels=99))


def test_a_recording_that_lasts_too_long_is_refused_whatever_its_header_says() -> None:
    assert check_media(io.BytesIO(wav(1.0)), "a.wav", Limits(audio_seconds=1.1)) == "audio/wav"
    lying = bytearray(wav(2.0))
    lying[40:44] = (0xFFFFFFFF).to_bytes(4, "little")  # as recorders write that do not know
    for content in (wav(2.0), bytes(lying)):
        with pytest.raises(ApiError, match="at most 1 s"):
            check_media(io.BytesIO(content), "a.wav", Limits(audio_seconds=1.0))


@pytest.mark.parametrize("content", [png()[:40], wav()[:30], b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WAVE"])
def test_a_damaged_file_is_refused(content: bytes) -> None:
    with pytest.raises(ApiError) as told:
        check_media(io.BytesIO(content), "x", LIMITS)
    assert told.value.status == 400


def test_a_play_list_that_names_other_files_is_not_followed(tmp_path: Path) -> None:
    listed = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"
    assert check_media(io.BytesIO(listed), "list.m3u8", LIMITS) is None
    with pytest.raises(ApiError, match="must be a recording"):
        store(listed, "list.m3u8", "speech", tmp_path, LIMITS, "input_audio")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/a.png", "must be a data URL"),
        ("data:image/png,abc", "must be in base64"),
        ("data:image/png;base64,!!!", "must be base64"),
        ("data:image/png;base64,", "must not be empty"),
        ("data:", "must be a data URL"),
        ("data:" + "a;" * 50_000, "must be a data URL"),
    ],
)
def test_a_data_url_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(ApiError, match=said):
        data_url(url, 1000, "image_url")


def test_a_data_url_gives_its_content() -> None:
    assert data_url(as_data_url(b"hello", "text/plain;charset=utf-8"), 5, "x") == b"hello"


def test_base64_of_too_much_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ApiError) as told:
        from_base64("A" * 20_000, 1000, "input_audio")
    assert told.value.status == 413


def test_a_picture_sent_as_a_recording_is_refused(client: TestClient, agent: FakeAgent) -> None:
    answer = client.post("/v1/ask", json={"text": "hello", "speech": as_data_url(png(), "audio/wav")})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "speech"


def test_nothing_of_a_message_stays_on_disk(client: TestClient, tmp_path: Path) -> None:
    part = {"type": "image_url", "image_url": {"url": as_data_url(png(), "image/png")}}
    bad = {"type": "image_url", "image_url": {"url": as_data_url(png_bomb(), "image/png")}}
    for parts, status in (([part], 200), ([part, bad], 413)):
        body = {"model": "thymos", "messages": [{"role": "user", "content": parts}]}
        assert client.post("/v1/chat/completions", json=body).status_code == status
        assert list((tmp_path / "home" / "tmp").iterdir()) == []


def test_too_many_attachments_are_refused(make: Callable[..., TestClient]) -> None:
    part = {"type": "image_url", "image_url": {"url": as_data_url(png(), "image/png")}}
    body = {"model": "thymos", "messages": [{"role": "user", "content": [part] * 3}]}
    assert make(attachments=2).post("/v1/chat/completions", json=body).status_code == 413


def test_what_a_browser_records_is_a_recording(tmp_path: Path) -> None:
    found = store(webm(), "voice.webm", "speech", tmp_path, LIMITS, "input_audio")
    assert (found.kind, found.media_type) == ("speech", "video/webm")
    heard = read_sound(Speech(path=tmp_path / found.id))
    assert 0.9 < heard.duration < 1.2
    silent = tmp_path / "silent"
    silent.mkdir()
    with pytest.raises(ApiError, match="picture"):
        store(webm(), "voice.webm", "face", silent, LIMITS, "image")


def test_nothing_that_encoders_kept_of_a_recording_outlives_the_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THYMOS_CACHE", str(tmp_path / "cache"))
    kept = FrameCache(cache_dir() / FOLDER, "ear")
    core = client.app.state.core  # type: ignore[attr-defined]
    with core.folder() as folder:
        (folder / "a.wav").write_bytes(wav())
        whole = _whole(Speech(path=folder / "a.wav"))
        kept.put_frames({whole: np.ones((2, 3), np.float16)})
        assert kept.frames([whole])
    assert not kept.frames([whole])
    assert not folder.exists()
