"""Pitch, periods, pauses and syllables of signals whose numbers are known because they were made so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

from thymos.adapters.modality import Measured
from thymos.adapters.sample import Speech
from thymos.adapters.speech.acoustics import analyse, spoken
from thymos.adapters.speech.pitch import HOP, track_pitch
from thymos.adapters.speech.prosody import NORMS, count_syllables, find_pauses, measure
from thymos.adapters.speech.sound import Sound, read_sound
from thymos.adapters.speech.voice import steadiness

RATE = 16_000


def sound(samples: NDArray[np.float64]) -> Sound:
    return read_sound(Speech(samples=samples.astype(np.float32), rate=RATE))


def times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def buzz(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eight harmonics that follow a course of pitch."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return 0.1 * sum((np.sin(k * phase) / k for k in range(1, 9)), np.zeros(len(hertz)))


def pulses(jitter: float, shimmer: float, seconds: float = 3.0, oversampling: int = 16) -> tuple[Sound, float, float]:
    """A vowel-like train of pulses at 150 Hz, and the jitter and shimmer that it was made with."""
    chance = np.random.default_rng(20261125)
    rate, at = RATE * oversampling, 0.0
    train, periods, heights = np.zeros(round(seconds * rate)), [], []
    while at < seconds * 0.99:
        periods.append((1 + jitter * chance.standard_normal()) / 150)
        heights.append(1 + shimmer * chance.standard_normal())
        train[int(at * rate)] = heights[-1]
        at += periods[-1]
    for formant, width in ((500, 80), (1500, 120)):
        radius = np.exp(-np.pi * width / rate)
        train = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / rate), radius**2], train)
    voice = resample_poly(train, 1, oversampling)
    made = [float(np.abs(np.diff(each)).mean() / np.mean(each)) for each in (periods, heights)]
    return sound(0.5 * voice / np.abs(voice).max()), made[0], made[1]


def cue(cues: tuple[Measured, ...], name: str) -> Measured:
    return next(each for each in cues if each.name == name)


@pytest.mark.parametrize("hertz", [80, 110, 220, 440, 700])
def test_the_pitch_of_a_tone_is_its_frequency(hertz: float) -> None:
    pitch = track_pitch((0.3 * np.sin(2 * np.pi * hertz * times(1))).astype(np.float32), RATE)
    assert not np.isnan(pitch.f0).any()
    assert np.median(pitch.f0) == pytest.approx(hertz, rel=0.001)
    assert np.abs(pitch.f0[5:-5] / hertz - 1).max() < 0.01


def test_pitch_follows_a_glide_without_jumps_of_an_octave() -> None:
    course = 120 * 2 ** np.linspace(0, 1.5, 3 * RATE)  # an octave and a half up in three seconds
    pitch = track_pitch(buzz(course).astype(np.float32), RATE)
    wanted = course.reshape(-1, round(HOP * RATE)).mean(1)
    assert np.abs(12 * np.log2(pitch.f0 / wanted))[5:-5].max() < 0.3  # semitones


def test_noise_and_silence_have_no_pitch() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    assert np.isnan(track_pitch(noise.astype(np.float32), RATE).f0).all()
    assert np.isnan(track_pitch(np.zeros(RATE, np.float32), RATE).f0).all()
    assert len(track_pitch(np.zeros(100, np.float32), RATE).f0) == 1


@pytest.mark.parametrize("ratio", [5, 10, 15])
def test_harmonicity_is_the_ratio_of_tone_to_noise(ratio: int) -> None:
    tone = np.sin(2 * np.pi * 150 * times(2))
    noise = np.random.default_rng(0).standard_normal(len(tone)) * np.sqrt(0.5 / 10 ** (ratio / 10))
    pitch = track_pitch((0.1 * (tone + noise)).astype(np.float32), RATE)
    assert np.median(pitch.hnr) == pytest.approx(ratio, abs=1.5)  # the best of several noisy peaks is a little higher


@pytest.mark.parametrize(("jitter", "shimmer"), [(0.005, 0), (0.01, 0), (0.02, 0), (0, 0.05), (0, 0.1)])
def test_jitter_and_shimmer_are_those_of_the_pulses(jitter: float, shimmer: float) -> None:
    voice, true_jitter, true_shimmer = pulses(jitter, shimmer)
    found = steadiness(voice.samples, RATE, track_pitch(voice.samples, RATE))
    assert found is not None
    assert found[0] == pytest.approx(true_jitter, rel=0.1, abs=0.002)
    if not jitter:  # unequal periods overlap with what rings on of the last one, so their heights differ too
        assert found[1] == pytest.approx(true_shimmer, rel=0.15)


def test_a_regular_train_of_pulses_is_steady() -> None:
    voice, _, _ = pulses(0, 0)
    found = steadiness(voice.samples, RATE, track_pitch(voice.samples, RATE))
    assert found is not None
    assert found[0] < 0.001
    assert found[1] < 0.01
    assert steadiness(voice.samples[:400], RATE, track_pitch(voice.samples[:400], RATE)) is None


def test_pauses_that_were_put_in_are_found() -> None:
    say = buzz(np.full(RATE, 150.0))

    def gap(seconds: float) -> Any:
        return 1e-4 * np.random.default_rng(1).standard_normal(round(seconds * RATE))

    voice = np.concatenate([gap(0.7), say, gap(0.5), say, gap(0.1), say, gap(1.2), say, gap(0.4)])
    found = find_pauses(spoken(analyse(voice.astype(np.float32)).level))
    assert found == pytest.approx([0.5, 1.2], abs=0.06)  # not the ends, and not the tenth of a second
    cues = measure(sound(voice))
    assert cue(cues, "pauses").words == "2 pauses"
    assert cue(cues, "pauses").value == pytest.approx(1.7 / 5.8, abs=0.02)
    assert cue(cues, "longest pause").words == "long pause"
    assert cue(cues, "longest pause").value == pytest.approx(1.2, abs=0.06)


@pytest.mark.parametrize("rate", [3, 4, 5])
def test_syllables_are_the_peaks_of_the_level(rate: int) -> None:
    swing = np.maximum(0.03, np.sin(np.pi * rate * times(2)) ** 2)
    acoustics = analyse((buzz(np.full(2 * RATE, 150.0)) * swing).astype(np.float32))
    assert count_syllables(acoustics.level, ~np.isnan(acoustics.pitch.f0)) == 2 * rate
    cues = measure(sound(buzz(np.full(2 * RATE, 150.0)) * swing), words=6)
    assert cue(cues, "tempo").value == pytest.approx(rate, rel=0.1)
    assert cue(cues, "speech rate").words == "6 words"


def test_words_compare_with_the_norms() -> None:
    high = measure(sound(buzz(300 * 2 ** (0.5 * np.sin(2 * np.pi * times(3))))))
    assert cue(high, "pitch").words == "high pitch"
    assert cue(high, "pitch").value == pytest.approx(300, rel=0.02)
    assert cue(high, "pitch range").words == "wide pitch range"
    # a sine of half an octave spends four fifths of its time within sin(0.4 pi) of it: 2 * 6 * 0.951 semitones
    assert cue(high, "pitch range").value == pytest.approx(11.4, abs=0.3)
    low = measure(sound(buzz(np.full(3 * RATE, 80.0))))
    assert cue(low, "pitch").words == "low pitch"
    assert cue(low, "pitch range").words == "narrow pitch range"
    rising = measure(sound(buzz(120 * 2 ** (times(3) / 3))))  # an octave in three seconds
    assert cue(rising, "pitch slope").value == pytest.approx(4, abs=0.1)


def test_the_most_unusual_cue_comes_first() -> None:
    cues = measure(sound(buzz(np.full(2 * RATE, 600.0))))
    ranked = [each for each in cues if each.name in NORMS]
    distances = [NORMS[each.name].distance(each.value or 0) for each in ranked]
    assert distances == sorted(distances, reverse=True)
    assert cue(tuple(ranked[:4]), "pitch").words == "high pitch"


def test_the_level_is_that_of_what_sounds() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 220 * times(2))  # -20 dB peak, -23 dB mean square
    assert cue(measure(sound(tone)), "level").value == pytest.approx(-23.0, abs=0.1)
    assert cue(measure(sound(tone * 0.05)), "level").words == "quiet recording"
    assert cue(measure(sound(tone * 8)), "level").words == "loud recording"


def test_silence_noise_and_a_click_are_measured_without_a_voice() -> None:
    assert measure(sound(np.zeros(RATE))) == ()
    noise = {each.name for each in measure(sound(0.1 * np.random.default_rng(0).standard_normal(RATE)))}
    assert noise == {"loudness range", "pauses", "level"}
    click = np.zeros(400)
    click[200] = 0.5
    assert {each.name for each in measure(sound(click))} <= {"loudness range", "pauses", "level"}


def test_every_value_is_finite_for_a_sound_of_any_length() -> None:
    for samples in (320, 800, 1600, 4000):
        for each in measure(replace(sound(buzz(np.full(samples, 150.0))), flags=())):
            assert each.value is not None
            assert np.isfinite(each.value)
