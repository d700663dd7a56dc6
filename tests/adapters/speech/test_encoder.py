"""Frames of speech: their number, their pooling, their windows; and what is observed of a clip."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from thymos.adapters.modality import Encoder
from thymos.adapters.sample import Speech
from thymos.adapters.speech.encoder import WhisperEncoder, encoder_states, levelled
from thymos.adapters.speech.prosody_encoder import ProsodyEncoder
from thymos.adapters.speech.sound import Sound
from thymos.adapters.speech.transcribe import transcribe


@pytest.fixture(scope="module")
def whisper() -> WhisperEncoder:
    return WhisperEncoder.from_pretrained()


def sound_of(seconds: float, seed: int = 0) -> Sound:
    """A buzz that swells four times a second, with a little noise."""
    at = np.arange(round(seconds * 16_000)) / 16_000
    buzz = sum((np.sin(2 * np.pi * 140 * k * at) / k for k in range(1, 9)), np.zeros(len(at)))
    noise = np.random.default_rng(seed).standard_normal(len(at))
    samples = 0.1 * buzz * np.sin(2 * np.pi * 2 * at) ** 2 + 0.003 * noise
    return Sound(samples.astype(np.float32), 16_000, len(at) / 16_000)


def encoders(whisper: WhisperEncoder) -> tuple[Encoder[Speech, Sound], ...]:
    return whisper, ProsodyEncoder()


@pytest.mark.parametrize(("seconds", "frames"), [(0.02, 1), (0.1, 1), (0.11, 2), (1.0, 10), (3.33, 34), (3.35, 34)])
def test_both_encoders_give_ten_finite_frames_a_second(whisper: WhisperEncoder, seconds: float, frames: int) -> None:
    sound = sound_of(seconds)
    for encoder in encoders(whisper):
        found = encoder.encode(sound)
        assert found.shape == (frames, encoder.layers * encoder.dim)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert np.array_equal(found, encoder.encode(sound))  # the same signal always gives the same frames


def test_a_frame_is_the_mean_of_its_five_states_in_every_layer(whisper: WhisperEncoder) -> None:
    sound = sound_of(0.52)  # 26 states: five frames of five, and one of one
    with torch.inference_mode():
        states = encoder_states(whisper.loaded.model, levelled(sound.samples)).numpy()[:, :26]
    frames = whisper.encode(sound).reshape(6, whisper.layers, whisper.dim)
    for layer in range(whisper.layers):
        assert np.allclose(frames[1, layer], states[layer, 5:10].mean(0), atol=1e-5)
        assert np.allclose(frames[5, layer], states[layer, 25], atol=1e-5)


def test_windows_of_thirty_seconds_are_encoded_apart(whisper: WhisperEncoder) -> None:
    both = sound_of(32)
    samples = levelled(both.samples)
    with torch.inference_mode():
        last = encoder_states(whisper.loaded.model, samples[30 * 16_000 :])[:, :5].mean(1).flatten()
    frames = whisper.encode(both)
    assert len(frames) == 320
    assert np.allclose(frames[300], last.numpy(), atol=1e-4)


def test_the_recorders_gain_changes_no_frame(whisper: WhisperEncoder) -> None:
    sound = sound_of(1)
    softer = Sound((sound.samples / 20).astype(np.float32), 16_000, 1.0)
    frames = whisper.encode(sound)
    assert (
        whisper.encode(softer) - frames
    ).std() < 0.02 * frames.std()  # but for rounding, of bf16 where there is that
    tone = levelled((0.001 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)).astype(np.float32))
    assert 10 * np.log10(np.mean(tone**2)) == pytest.approx(-26, abs=0.1)  # from -63 dB
    hiss = levelled(np.full(16_000, 1e-5, np.float32))  # -100 dB: 40 dB more, and no more
    assert hiss == pytest.approx(np.full(16_000, 1e-3))
    assert not levelled(np.zeros(100, np.float32)).any()


def test_a_short_window_changes_the_lower_layers_little(whisper: WhisperEncoder, shared: Path) -> None:
    clip = whisper.read(Speech(path=shared / "data/speech/ravdess/ravdess.zip/03-01-05-02-01-01-01.flac"))
    with torch.inference_mode():
        short, full = (encoder_states(whisper.loaded.model, clip.samples, tail)[:, :200] for tail in (0.5, 30))
    alike = torch.nn.functional.cosine_similarity(short, full, dim=-1).mean(1)
    assert alike[0] > 0.9999  # convolutions see 0.05 s
    assert alike.min() > 0.95


def test_silence_and_noise_give_no_text(whisper: WhisperEncoder) -> None:
    chance = np.random.default_rng(0)
    at = np.arange(80_000) / 16_000
    for samples in (
        np.zeros(80_000),
        0.002 * chance.standard_normal(80_000),
        0.1 * chance.standard_normal(80_000),
        0.1 * np.sin(2 * np.pi * 50 * at),
    ):
        sound = Sound(samples.astype(np.float32), 16_000, 5.0)
        assert transcribe(whisper.loaded, sound).text == ""


def test_a_clip_is_observed_in_words_numbers_and_text(whisper: WhisperEncoder, shared: Path) -> None:
    place = shared / "data/speech/ravdess/ravdess.zip"
    angry = whisper.observe(whisper.read(Speech(path=place / "03-01-05-02-01-01-01.flac")))  # a man, strong
    calm = whisper.observe(whisper.read(Speech(path=place / "03-01-02-01-01-01-01.flac")))  # the same man
    assert calm.text == "Kids are talking by the door."

    def of(observed: Any, name: str) -> float:
        return next(float(each.value) for each in observed.cues if each.name == name)

    assert of(angry, "pitch") > 1.3 * of(calm, "pitch")
    assert of(angry, "level") > of(calm, "level") + 10
    assert of(angry, "vocal effort") < of(calm, "vocal effort")  # less low against high frequencies
    assert 2 < of(calm, "speech rate") < 6  # six words in one to three seconds


def test_the_transcript_can_be_left_out(whisper: WhisperEncoder) -> None:
    quick = WhisperEncoder(whisper.loaded, transcribe=False)
    observed = quick.observe(sound_of(1))
    assert observed.text is None
    assert "pitch" in {each.name for each in observed.cues}


def test_what_changes_frames_changes_the_fingerprint(whisper: WhisperEncoder) -> None:
    shorter = WhisperEncoder(whisper.loaded, max_seconds=10)
    assert len({whisper.fingerprint, shorter.fingerprint, ProsodyEncoder().fingerprint}) == 3
    assert WhisperEncoder(whisper.loaded, transcribe=False).fingerprint == whisper.fingerprint
    long: NDArray[np.float32] = sound_of(11).samples
    assert len(shorter.encode(shorter.read(Speech(samples=long, rate=16_000)))) == 100


def test_prosody_frames_follow_pitch_and_level() -> None:
    at = np.arange(32_000) / 16_000
    high = (0.1 * np.sin(2 * np.pi * np.where(at < 1, 200, 400) * at)).astype(np.float32)
    frames = ProsodyEncoder().encode(Sound(high, 16_000, 2.0))
    assert (frames[13:17, 0] - frames[3:7, 0]) * 8 == pytest.approx(np.full(4, 12.0), abs=0.2)  # an octave
    assert frames[3:7, 2] * 20 - 40 == pytest.approx(np.full(4, -23.0), abs=0.2)  # dB
    assert frames[5, -6:-4] == pytest.approx([1, 1])  # voiced and sounding throughout


def test_the_last_layer_is_what_whisper_itself_gives(whisper: WhisperEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    from whisper.audio import log_mel_spectrogram

    samples = np.zeros(30 * 16_000, np.float32)
    samples[:16_000] = sound_of(1).samples[:16_000]
    model = whisper.loaded.model
    with torch.inference_mode():
        own = model.encoder(log_mel_spectrogram(torch.from_numpy(samples), model.dims.n_mels)[None])[0]
        found = []
        for fast in (False, True):
            monkeypatch.setattr("thymos.adapters.precision._multiplies_bf16", lambda told=fast: told)
            found.append(encoder_states(model, samples))
    exact, quick = found
    assert torch.allclose(exact[-1], own, atol=1e-4)
    for layer, wanted in zip(quick, exact, strict=True):
        assert 0 < (layer - wanted).std() < 0.02 * wanted.std()
