"""Recordings of every usual format, good ones and hostile ones, made in the test."""

import random
import struct
import tracemalloc
import wave
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from thymos.adapters.sample import Speech
from thymos.adapters.speech.sound import read_sound
from thymos.prompts.errors import RowError

KINDS = {  # ending -> (codec, sample format)
    "wav": ("pcm_s16le", "s16"),
    "flac": ("flac", "s16"),
    "mp3": ("libmp3lame", "fltp"),
    "ogg": ("libopus", "flt"),
    "opus": ("libopus", "flt"),
    "m4a": ("aac", "fltp"),
}


def sine(hertz: float, seconds: float, rate: int = 16_000, height: float = 0.5) -> NDArray[np.float32]:
    return (height * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], rate: int, layout: str = "mono", film: bool | None = None) -> Path:
    """Encode samples (n,) or (channels, n) with the codec of the ending; `film`: with a picture, or nothing else."""
    import av

    codec, sample_format = KINDS.get(path.suffix[1:], ("aac", "fltp"))
    planes = np.atleast_2d(samples)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout) if film is not False else None
        if film is not None:
            picture: Any = container.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
            for number in range(10):
                shown = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                shown.pts, shown.time_base = number, Fraction(1, 10)
                container.mux(picture.encode(shown))
            container.mux(picture.encode(None))
        if stream is not None:
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate, frame_size=stream.frame_size)
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
    return path


def dominant(samples: NDArray[np.float32]) -> float:
    """The strongest frequency, Hz."""
    return float(np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples))


@pytest.mark.parametrize("ending", KINDS)
def test_every_usual_format_gives_the_same_tone(tmp_path: Path, ending: str) -> None:
    sound = read_sound(Speech(path=write(tmp_path / f"a.{ending}", sine(440, 2, 48_000), 48_000)))
    assert (sound.rate, sound.flags) == (16_000, ())
    assert sound.samples.dtype == np.float32
    assert sound.duration == pytest.approx(2, abs=0.08)  # lossy codecs pad
    assert dominant(sound.samples[8000:24000]) == 440
    assert np.sqrt(2 * np.mean(sound.samples[8000:24000] ** 2)) == pytest.approx(0.5, rel=0.1)  # codecs are lossy


def test_a_films_sound_track_is_read(tmp_path: Path) -> None:
    sound = read_sound(Speech(path=write(tmp_path / "a.mp4", sine(440, 1, 44_100), 44_100, film=True)))
    assert dominant(sound.samples[:16000]) == 440


def test_a_member_of_an_archive_is_read_as_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", sine(440, 1), 16_000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "in/a.flac")
    inside = read_sound(Speech(path=tmp_path / "all.zip/in/a.flac"))
    assert np.array_equal(inside.samples, read_sound(Speech(path=path)).samples)


def test_resampling_keeps_tones_and_lets_nothing_fold_back() -> None:
    kept = read_sound(Speech(samples=sine(1000, 1, 44_100), rate=44_100)).samples
    assert np.abs(kept - sine(1000, 1))[800:-800].max() < 1e-4  # 80 dB below the tone's 0.5
    folded = read_sound(Speech(samples=sine(10_000, 1, 44_100), rate=44_100)).samples
    assert np.abs(folded[800:-800]).max() < 0.5e-3  # 60 dB below


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "opus"])
def test_a_part_is_what_lies_between_start_and_end(tmp_path: Path, ending: str) -> None:
    tones = np.concatenate([sine(hertz, 40, 16_000) for hertz in (300, 600, 900)])
    path = write(tmp_path / f"a.{ending}", tones, 16_000)
    for start, end, hertz in ((10.0, 11.0, 300), (79.0, 80.0, 600), (80.0, 81.0, 900), (100.5, 101.5, 900)):
        part = read_sound(Speech(path=path, start=start, end=end))
        assert part.duration == pytest.approx(1, abs=0.01)
        assert dominant(part.samples[1600:-1600]) == pytest.approx(hertz, abs=2)
    assert read_sound(Speech(path=path, start=119.0)).duration == pytest.approx(1, abs=0.1)
    with pytest.raises(RowError, match=r"speech must last 0\.02 s at least, got 0\.000 s from 130 s on"):
        read_sound(Speech(path=path, start=130.0))


def test_a_part_of_samples_is_cut_at_their_own_rate() -> None:
    samples = (np.arange(8000) / 8000).astype(np.float32)
    part = read_sound(Speech(samples=samples, rate=16_000, start=0.1, end=0.2))
    assert np.array_equal(part.samples, samples[1600:3200])


def test_flags_name_what_is_wrong(tmp_path: Path) -> None:
    def flags(samples: NDArray[np.float32], rate: int = 16_000) -> tuple[str, ...]:
        return read_sound(Speech(samples=samples, rate=rate)).flags

    assert flags(np.zeros(16_000, np.float32)) == ("silent: nothing is louder than -60 dB of full scale",)
    # sin(2 pi n / 160) is half or more for n = 14 to 66, and as often below: 106 of 160 samples
    assert flags(np.clip(sine(100, 1, height=2.0), -1, 1)) == ("clipped: 66.2% of the samples are at full scale",)
    assert flags(sine(440, 1, 8000), 8000) == ("recorded at 8,000 Hz: nothing above 4,000 Hz is in it",)
    assert flags(sine(440, 0.2)) == ("very short: 0.20 s",)
    six = write(tmp_path / "six.flac", np.stack([sine(440, 1)] * 6), 16_000, "5.1")
    sound = read_sound(Speech(path=six))
    assert sound.flags == ("6 channels were mixed to one",)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=1e-3)  # the mean of six equal channels


def test_what_is_too_long_is_cut_with_a_flag() -> None:
    sound = read_sound(Speech(samples=sine(440, 5), rate=16_000), max_seconds=2)
    assert sound.duration == 2
    assert sound.flags == ("only 2 s of 5 s are used; name parts with #t=from,to",)
    part = read_sound(Speech(samples=sine(440, 5), rate=16_000, start=1, end=3), max_seconds=2)
    assert (part.duration, part.flags) == (2, ())


def test_three_hours_cost_no_more_memory_than_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(b"")
    size = 3 * 3600 * 16_000 * 2
    header = bytearray(path.read_bytes())
    header[4:8], header[-4:] = struct.pack("<I", 36 + size), struct.pack("<I", size)
    with path.open("wb") as long:
        long.write(header)
        long.truncate(len(header) + size)  # a hole: no disk is used
    tracemalloc.start()
    sound = read_sound(Speech(path=path), max_seconds=60)
    near_the_end = read_sound(Speech(path=path, start=10_000, end=10_005))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6  # a minute is 3.8 MB, all of it would be 691 MB
    assert sound.flags[0] == "only 60 s of 10,800 s are used; name parts with #t=from,to"
    assert near_the_end.duration == 5


@pytest.mark.parametrize("ending", ["wav", "flac", "m4a"])
def test_a_file_that_ends_too_early_is_flagged_or_refused(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    path = write(tmp_path / f"a.{ending}", noise, 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if ending == "m4a":  # its table of contents stands at the end
        with pytest.raises(RowError, match="speech must be sound that FFmpeg decodes"):
            read_sound(Speech(path=path))
        return
    sound = read_sound(Speech(path=path))
    assert sound.duration == pytest.approx(5, abs=0.3)
    assert any(flag.startswith("cut off: the header tells of 10.0 s") for flag in sound.flags)


def test_a_truncated_mp3_gives_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", sine(440, 10), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read_sound(Speech(path=path)).duration == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "media file must not be empty"),
        (b"%PDF-1.7\n" + b"x" * 5000, r"speech must be sound that FFmpeg decodes .* got a\.wav"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", r"speech must"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.wav\n#EXT-X-ENDLIST\n", "speech must be sound"),
        (b"ffconcat version 1.0\nfile other.wav\n", "speech must be sound"),
        (b"just text", "speech must be sound"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_sentence(tmp_path: Path, content: bytes, match: str) -> None:
    write(tmp_path / "other.wav", sine(440, 5), 16_000)
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(RowError, match=match) as caught:
        read_sound(Speech(path=tmp_path / "a.wav"))
    assert "\n" not in str(caught.value)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", sine(440, 1), 16_000, film=False)
    with pytest.raises(RowError, match=r"speech must have a sound track, got none in a\.mp4"):
        read_sound(Speech(path=path))


def test_samples_that_are_no_numbers_or_have_an_absurd_rate_are_refused() -> None:
    bad = sine(440, 1)
    bad[100] = np.nan
    with pytest.raises(RowError, match="speech samples must be finite numbers"):
        read_sound(Speech(samples=bad, rate=16_000))
    with pytest.raises(RowError, match="speech must have 2,000 to 768,000 samples a second"):
        read_sound(Speech(samples=sine(440, 1), rate=3))
    with pytest.raises(RowError, match=r"speech must last 0\.02 s at least"):
        read_sound(Speech(samples=np.zeros(0, np.float32), rate=16_000))


def mutate(folder: Path, number: int) -> None:
    chance = random.Random(20261125)
    originals = [
        write(folder / f"good.{ending}", sine(440, 1, 16_000), 16_000).read_bytes()
        for ending in (*KINDS, "mp4", "mkv", "avi")
    ]
    for _ in range(number):
        content = bytearray(chance.choice(originals))
        for _ in range(chance.choice((1, 3, 20))):
            content[chance.randrange(min(len(content), chance.choice((64, 10**6))))] = chance.randrange(256)
        if chance.random() < 0.2:
            del content[chance.randrange(len(content)) :]
        path = folder / "mutated"
        path.write_bytes(content)
        try:
            sound = read_sound(Speech(path=path), max_seconds=30)
        except RowError as error:
            assert "\n" not in str(error)
        else:
            assert np.isfinite(sound.samples).all()
            assert 0 < len(sound.samples) <= 30 * 16_000


def test_damaged_files_give_sound_or_a_sentence(tmp_path: Path) -> None:
    mutate(tmp_path, 100)


@pytest.mark.slow
def test_two_thousand_damaged_files_give_sound_or_a_sentence(tmp_path: Path) -> None:
    mutate(tmp_path, 2000)
