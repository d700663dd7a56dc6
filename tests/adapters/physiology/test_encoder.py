"""The encoder of physiology: the protocol, frames that depend on what was recorded and on nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.adapters.physiology.signals import channel, pulse, skin, write_csv, write_e4
from thymos.adapters.modality import Encoder
from thymos.adapters.physiology.baseline import baseline_of
from thymos.adapters.physiology.encoder import SETTINGS, SHIPPED, WEIGHTS, BodySignal, PhysiologyEncoder
from thymos.adapters.physiology.features import FEATURES
from thymos.adapters.physiology.frames import KINDS, PULSE, frames_of
from thymos.adapters.physiology.network import PhysiologyNetwork, Widths
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Physiology
from thymos.finetune.encoders.physiology import write_encoder
from thymos.finetune.encoders.physiology_fit import FitPlan, Trainee
from thymos.prompts.errors import ModelError, RowError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with random weights."""
    torch.manual_seed(20261125)
    path = tmp_path_factory.mktemp("encoder")
    write_encoder(Trainee(FitPlan()), path)
    return path


def body(seconds: float = 60.0, *, eda: bool = True, beats: float = 72.0) -> Recording:
    channels = [channel("bvp", pulse(seconds=seconds, beats=beats), 64.0)]
    if eda:
        channels.append(channel("eda", skin(seconds=seconds, responses=(20.0,)), 4.0, "uS"))
    return Recording(tuple(channels))


def source(recording: Recording, start: float | None = None, end: float | None = None) -> Physiology:
    return Physiology(channels=recording.channels, start=start, end=end)


@pytest.mark.parametrize(("seconds", "frames"), [(5.0, 1), (15.0, 1), (60.0, 4), (67.0, 4), (70.0, 5), (300.0, 20)])
def test_there_is_a_frame_for_every_quarter_of_a_minute(folder: Path, seconds: float, frames: int) -> None:
    encoder: Encoder[Physiology, BodySignal] = PhysiologyEncoder(folder)
    found = encoder.encode(encoder.read(source(body(seconds))))
    assert found.shape == (frames, encoder.layers * encoder.dim)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert encoder.dim == 40 + 2 * len(FEATURES) + len(KINDS) + 1


def test_the_same_signal_gives_the_same_frames_and_another_one_others(folder: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    one, again, other = (encoder.encode(encoder.read(source(body(beats=beats)))) for beats in (72, 72, 90))
    assert np.array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


def test_a_missing_channel_is_marked_as_missing(folder: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    both, one = (encoder.encode(encoder.read(source(body(eda=eda)))) for eda in (True, False))
    masks = slice(encoder.dim - 1 - len(KINDS), encoder.dim - 1)
    assert both[0, masks].tolist() == [float(kind in ("bvp", "eda")) for kind in KINDS]
    assert one[0, masks].tolist() == [float(kind == "bvp") for kind in KINDS]


def test_a_part_is_compared_with_the_whole_recording_where_that_is_wished(folder: Path, tmp_path: Path) -> None:
    times = np.arange(0, 600, 0.25)
    path = write_csv(tmp_path / "a.csv", "time,eda_uS", np.stack([times, skin(seconds=600) + times / 60], axis=1))
    with_usual, alone = PhysiologyEncoder(folder), PhysiologyEncoder(folder, relative=False)
    asked = Physiology(path=path, start=540.0, end=600.0)
    relative = slice(40 + len(FEATURES), 40 + 2 * len(FEATURES))
    assert np.abs(with_usual.encode(with_usual.read(asked))[:, relative]).max() > 0.2
    assert not alone.encode(alone.read(asked))[:, relative].any()
    assert with_usual.encode(with_usual.read(asked))[0, -1] == 1.0
    assert alone.encode(alone.read(asked))[0, -1] == 0.0
    assert with_usual.fingerprint != alone.fingerprint
    assert (
        "above this person's baseline"
        in " ".join(cue.words for cue in with_usual.observe(with_usual.read(Physiology(path=path))).cues)
        or with_usual.read(asked).usual is not None
    )


def test_a_file_that_changed_is_read_again(folder: Path, tmp_path: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    path = write_csv(tmp_path / "a.csv", "time,eda_uS", np.stack([np.arange(240) / 4, skin()], axis=1))
    first = encoder.encode(encoder.read(Physiology(path=path)))
    write_csv(path, "time,eda_uS", np.stack([np.arange(240) / 4, skin(responses=(10, 20, 30)) + 5], axis=1))
    assert not np.array_equal(first, encoder.encode(encoder.read(Physiology(path=path))))


def test_a_recording_is_read_once_for_its_rows_in_an_archive_too(folder: Path, tmp_path: Path) -> None:
    import zipfile

    encoder = PhysiologyEncoder(folder)
    session = write_e4(tmp_path / "session")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "time,eda_uS\n" + "".join(f"{at / 4},{at}\n" for at in range(80)))
    for path in (session, tmp_path / "a.zip" / "a.csv"):
        one, two = (encoder.read(Physiology(path=path, start=start)) for start in (0.0, 5.0))
        assert np.shares_memory(one.recording.channels[0].values, two.recording.channels[0].values)


def test_other_weights_have_another_fingerprint(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    write_encoder(Trainee(FitPlan()), tmp_path)
    assert PhysiologyEncoder(tmp_path).fingerprint != PhysiologyEncoder(folder).fingerprint
    assert PhysiologyEncoder(folder).fingerprint == PhysiologyEncoder(folder).fingerprint


def test_cues_and_flags_come_with_the_signal(folder: Path, tmp_path: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    found = encoder.observe(encoder.read(source(body(beats=110))))
    assert any(cue.words == "fast heart rate 110 1/min" for cue in found.cues)
    assert found.flags == ()
    flat = Recording((channel("bvp", np.zeros(3840), 64.0),))
    assert encoder.observe(encoder.read(source(flat))).flags == ("bvp is constant; was the sensor attached?",)
    assert np.isfinite(encoder.encode(encoder.read(source(flat)))).all()
    session = encoder.read(Physiology(path=write_e4(tmp_path / "session")))
    assert len(encoder.encode(session)) == 1


def test_a_hole_in_every_channel_and_single_samples_do_no_harm(folder: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    values = pulse(seconds=300)
    values[3840:11520] = np.nan
    assert np.isfinite(encoder.encode(encoder.read(source(Recording((channel("bvp", values, 64.0),)))))).all()
    few = Recording((channel("temperature", [33.0], 4.0), channel("eda", np.full(80, np.nan), 4.0)))
    assert np.isfinite(encoder.encode(BodySignal(few))).all()


def test_too_short_and_too_long_parts_are_refused(folder: Path) -> None:
    encoder = PhysiologyEncoder(folder)
    with pytest.raises(RowError, match="must last at least 5 s, got 2 s"):
        encoder.encode(encoder.read(source(body(), 10.0, 12.0)))
    with pytest.raises(RowError, match="must last at most 4 hours at once, got 5"):
        encoder.encode(BodySignal(Recording((channel("eda", np.ones(18_000), 1.0),))))


def test_frames_see_a_wave_the_same_at_any_rate_and_scale() -> None:
    a = frames_of(Recording((channel("bvp", pulse(64.0), 64.0),)))
    b = frames_of(Recording((channel("bvp", 1e-4 * pulse(256.0, seed=9), 256.0),)))
    assert a.pulse.shape == (4, PULSE)
    assert np.corrcoef(a.pulse.ravel(), b.pulse.ravel())[0, 1] > 0.99


def test_features_do_not_depend_on_other_frames_of_a_batch() -> None:
    network = PhysiologyNetwork(Widths()).eval()
    frames = frames_of(body(120.0), baseline_of(body(600.0)))
    arrays = [
        torch.from_numpy(each) for each in (frames.pulse, frames.slow, frames.features, frames.relative, frames.present)
    ]
    with torch.inference_mode():
        whole, part = network(*arrays), network(*(each[3:4] for each in arrays))
    assert torch.allclose(whole[3:4], part, atol=1e-6)


@pytest.mark.parametrize("told", ["", "[]", "{}", '{"name": "a", "version": 9, "dim": 1, "widths": {}}'])
def test_a_folder_that_is_no_encoder_is_refused(folder: Path, tmp_path: Path, told: str) -> None:
    with pytest.raises(ModelError, match="encoder must have"):
        PhysiologyEncoder(tmp_path)
    (tmp_path / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes())
    (tmp_path / SETTINGS).write_text(told)
    with pytest.raises(ModelError):
        PhysiologyEncoder(tmp_path)


def test_weights_that_do_not_fit_are_refused(folder: Path, tmp_path: Path) -> None:
    settings = json.loads((folder / SETTINGS).read_text())
    (tmp_path / SETTINGS).write_text(json.dumps(settings))
    (tmp_path / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])
    encoder = PhysiologyEncoder(tmp_path)
    with pytest.raises(ModelError, match="must fit their settings"):
        encoder.encode(encoder.read(source(body())))


def test_loading_the_module_is_light() -> None:
    code = (
        "import sys, thymos.adapters.physiology.encoder; "
        "print({'torch', 'scipy', 'neurokit2', 'wfdb', 'pyedflib', 'pyarrow'} & set(sys.modules) or None)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "None"
    )


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the shipped encoder is not here")
def test_the_shipped_encoder_loads_and_is_small() -> None:
    encoder = PhysiologyEncoder()
    assert np.isfinite(encoder.encode(encoder.read(source(body())))).all()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 20_000_000
    assert (SHIPPED / "README.md").read_text().startswith("---\nlicense:")
