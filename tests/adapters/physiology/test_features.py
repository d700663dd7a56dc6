"""Features, quality, baselines and cues: known signals give known numbers, absent ones none."""

import math
import warnings

import numpy as np
import pytest

from tests.adapters.physiology.signals import channel, pulse, skin
from thymos.adapters.physiology.baseline import baseline_from, baseline_of
from thymos.adapters.physiology.beats import beat_features, find_beats
from thymos.adapters.physiology.cues import cues
from thymos.adapters.physiology.features import FEATURES, vector, window_features
from thymos.adapters.physiology.quality import quality, quality_flags
from thymos.adapters.physiology.recording import Recording


def recording(**signals: tuple[object, float]) -> Recording:
    return Recording(tuple(channel(kind.replace("_", "-"), values, rate) for kind, (values, rate) in signals.items()))


@pytest.mark.parametrize(("rate", "beats"), [(64.0, 50.0), (64.0, 72.0), (64.0, 110.0), (250.0, 72.0), (1000.0, 90.0)])
def test_heart_rate_is_that_of_the_wave(rate: float, beats: float) -> None:
    found = window_features(recording(bvp=(pulse(rate, beats=beats), rate)))
    assert found["heart_rate"] == pytest.approx(beats, abs=0.5)
    assert found["beats_rejected"] == 0.0
    assert found["rmssd"] < 10  # ms: the beats are even


def test_an_electrocardiogram_gives_the_same_rate() -> None:
    times = np.arange(250 * 60) / 250.0
    wave = np.exp(-((((times * 80 / 60) % 1.0 - 0.5) / 0.015) ** 2)) + 0.05 * np.sin(2 * np.pi * 0.3 * times)
    assert window_features(recording(ecg=(wave, 250.0)))["heart_rate"] == pytest.approx(80, abs=0.3)


def test_beats_agree_with_neurokit() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2 as nk

        wave = nk.ppg_simulate(duration=60, sampling_rate=64, heart_rate=77, random_state=4, ibi_randomness=0.15)
        peaks = nk.ppg_findpeaks(nk.ppg_clean(wave, sampling_rate=64), sampling_rate=64)["PPG_Peaks"]
    found = find_beats(channel("bvp", wave, 64.0))
    assert found is not None
    near = np.abs(found.times[:, None] - peaks[None] / 64.0).min(1)
    assert abs(len(found.times) - len(peaks)) <= 1
    assert np.median(near) < 0.02  # s


def test_variability_follows_its_definitions() -> None:
    intervals = np.tile([0.8, 0.9, 1.0, 0.9], 12)
    times = np.concatenate([[0.5], 0.5 + np.cumsum(intervals)])
    wave = sum(np.exp(-(((np.arange(0, times[-1] + 1, 1 / 64) - at) / 0.06) ** 2)) for at in times)
    beats = find_beats(channel("bvp", wave, 64.0))
    assert beats is not None
    found = beat_features(beats, 45.0)
    assert found["rmssd"] == pytest.approx(100, rel=0.08)  # every step is 0.1 s
    assert found["sdnn"] == pytest.approx(1000 * np.std(intervals, ddof=1), rel=0.08)
    assert math.isnan(found["lf_hf"])  # 45 s are too few for low frequencies


def test_slow_and_fast_modulation_of_the_heart_need_two_minutes() -> None:
    times = np.arange(0, 180, 1 / 64)
    phase = np.cumsum(1.2 + 0.1 * np.sin(2 * np.pi * 0.25 * times)) / 64  # breathing at 0.25 Hz
    wave = np.exp(-(((phase % 1.0 - 0.5) / 0.1) ** 2))
    found = window_features(recording(bvp=(wave, 64.0)))
    assert found["lf_hf"] < 0.1
    assert found["breath_in_pulse"] == pytest.approx(15, abs=1)
    assert found["breath_middle"] > 0.8


def test_responses_of_the_skin_are_counted() -> None:
    found = window_features(recording(eda=(skin(responses=(10, 25, 40), rise=0.0), 4.0)))
    assert found["skin_responses"] == 3.0  # in one minute
    assert math.exp(found["skin_response_height"]) == pytest.approx(0.3, abs=0.03)


def test_slopes_are_per_minute() -> None:
    found = window_features(
        recording(
            eda=(skin(rise=0.5), 4.0),
            temperature=(33 - np.arange(240) / 240, 4.0),
            heart_rate=(60 + np.arange(60) / 6, 1.0),
        )
    )
    assert found["skin_slope"] == pytest.approx(0.5, abs=0.02)
    assert found["temperature_slope"] == pytest.approx(-1.0, abs=0.01)
    assert found["device_rate_slope"] == pytest.approx(10.0, abs=0.01)


def test_breath_is_measured_where_it_is_recorded() -> None:
    times = np.arange(25 * 60) / 25
    found = window_features(recording(respiration=(np.sin(2 * np.pi * 0.2 * times), 25.0)))
    assert found["breath_rate"] == pytest.approx(12, abs=0.2)


def test_brain_and_muscle() -> None:
    times = np.arange(128 * 30) / 128
    found = window_features(recording(eeg=(np.sin(2 * np.pi * 10 * times), 128.0), emg=(np.sin(times), 128.0)))
    assert found["brain_alpha"] > 0.95
    assert math.isfinite(found["muscle"])


def test_what_was_not_recorded_is_nan_and_never_zero() -> None:
    found = window_features(recording(eda=(skin(), 4.0)))
    measured = {name for name, value in found.items() if math.isfinite(value)}
    assert measured == {name for name in FEATURES if name.startswith("skin_")}
    assert list(found) == list(FEATURES)
    assert vector(found).shape == (len(FEATURES),)


@pytest.mark.parametrize(
    "values", [np.zeros(3840), np.full(3840, np.nan), np.full(3840, 7.0), np.r_[np.zeros(3839), np.nan]]
)
def test_constant_and_empty_signals_have_no_heart_rate(values: np.ndarray) -> None:
    assert math.isnan(window_features(recording(bvp=(values, 64.0)))["heart_rate"])


def test_every_feature_stays_finite_or_nan_on_any_signal() -> None:
    chance = np.random.default_rng(0)
    kinds = ("bvp", "ecg", "eda", "temperature", "heart-rate", "respiration", "emg", "eeg")
    for turn in range(60):
        channels = []
        for kind in kinds:
            rate = float(chance.choice([0.5, 1, 4, 32, 64, 250]))
            values = chance.normal(0, 10.0 ** chance.integers(-6, 6), int(rate * chance.integers(1, 70)) + 1)
            values[chance.random(len(values)) < chance.choice([0, 0.1, 0.9])] = np.nan
            channels.append(channel(kind, values if turn % 3 else np.round(values), rate))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = window_features(Recording(tuple(channels)))
            assert not np.isinf(vector(found)).any()
            quality_flags(Recording(tuple(channels)))


def test_beats_in_a_gap_are_not_made_up() -> None:
    wave = pulse(seconds=60)
    wave[1280:2560] = np.nan  # 20 s
    beats = find_beats(channel("bvp", wave, 64.0))
    assert beats is not None
    assert not ((beats.times > 20.2) & (beats.times < 39.8)).any()
    assert beats.intervals.max() < 1.0


def test_quality_falls_with_gaps_and_noise() -> None:
    clean, noise = pulse(), np.random.default_rng(2).normal(0, 20, 3840)
    half = clean.copy()
    half[:1920] = np.nan
    found = [quality(recording(bvp=(each, 64.0)))["bvp"] for each in (clean, half, noise, np.zeros(3840))]
    assert found[0] > 0.95
    assert 0.4 < found[1] <= 0.5
    assert found[2] < 0.8 * found[0]
    assert found[3] == 0.0
    assert "bvp is missing for 50% of the time" in quality_flags(recording(bvp=(half, 64.0)))
    assert quality_flags(recording(bvp=(clean, 64.0), eda=(skin(responses=(5,)), 4.0))) == ()


def test_a_baseline_needs_some_minutes_and_knows_only_the_past_where_asked() -> None:
    long = np.concatenate([skin(seconds=300), skin(seconds=300) + 10])
    assert baseline_of(recording(eda=(long[:800], 4.0))) is None  # 200 s
    whole, past = (baseline_of(recording(eda=(long, 4.0)), until=until) for until in (None, 300.0))
    assert whole is not None
    assert past is not None
    level = FEATURES.index("skin_level")
    assert math.exp(past.middle[level]) == pytest.approx(2.0, abs=0.01)
    assert whole.middle[level] > past.middle[level]
    assert np.isnan(whole.middle[FEATURES.index("heart_rate")])


def test_relative_features_are_standard_deviations_from_the_usual() -> None:
    rows = np.full((101, len(FEATURES)), np.nan, dtype=np.float32)
    rows[:, 0] = np.linspace(60, 80, 101)  # middle 70, quartiles 65 and 75
    usual = baseline_from(rows)
    assert usual is not None
    asked = np.full(len(FEATURES), np.nan, dtype=np.float32)
    asked[0] = 77.413  # one standard deviation of a normal distribution with these quartiles: 10 / 1.349
    assert usual.relative(asked)[0] == pytest.approx(1.0, abs=1e-3)
    assert np.isnan(usual.relative(asked)[1:]).all()


def test_cues_say_what_stands_out_first_and_nothing_of_what_is_absent() -> None:
    body = recording(bvp=(pulse(beats=112), 64.0), eda=(skin(rise=0.4), 4.0))
    found = cues(window_features(body))
    assert found[0].words in ("fast heart rate 112 1/min", "skin conductance rising 0.4 uS/min")
    assert {cue.name for cue in found} >= {"heart rate", "skin conductance change"}
    assert not any("temperature" in cue.name or "breath" in cue.name for cue in found)
    rate = next(cue for cue in found if cue.name == "heart rate")
    assert (rate.value, rate.unit) == (112.0, "1/min")


def test_cues_compare_with_the_person_where_the_usual_is_known() -> None:
    rows = np.full((20, len(FEATURES)), np.nan, dtype=np.float32)
    rows[:, FEATURES.index("heart_rate")] = np.linspace(58, 62, 20)
    found = cues(window_features(recording(bvp=(pulse(beats=92), 64.0))), baseline_from(rows))
    assert found[0].words == "heart rate 92 1/min, above this person's baseline"


def test_variability_out_of_doubtful_beats_is_not_cited() -> None:
    features = window_features(recording(bvp=(pulse(), 64.0)))
    assert any("RMSSD" in cue.name for cue in cues(features))
    assert not any("RMSSD" in cue.name for cue in cues({**features, "beats_rejected": 0.3}))


def test_the_devices_rate_is_cited_where_beats_are_doubtful() -> None:
    found = window_features(recording(bvp=(pulse(beats=72), 64.0), heart_rate=(np.full(60, 85.0), 1.0)))
    assert next(cue.value for cue in cues(found) if cue.name == "heart rate") == 72.0
    assert next(cue.value for cue in cues({**found, "beats_rejected": 0.5}) if cue.name == "heart rate") == 85.0
