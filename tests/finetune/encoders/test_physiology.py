"""Training of the encoder of physiology: exact resume, subjects held out, what is written loads."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.adapters.physiology.signals import pulse, skin, write_npz
from thymos.adapters.physiology.encoder import SETTINGS, WEIGHTS, PhysiologyEncoder
from thymos.adapters.sample import Physiology
from thymos.finetune.encoders.physiology import leave_one_subject_out, train_physiology_encoder
from thymos.finetune.encoders.physiology_data import CONDITIONS, Windows, read_windows
from thymos.finetune.encoders.physiology_fit import FitPlan, Trainee, fit, probabilities
from thymos.prompts.errors import InputError

PLAN = FitPlan(hidden=1, told=2, batch=4)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stress-Predict in small: three people, 6 minutes each; hearts beat fast under stress."""
    folder = tmp_path_factory.mktemp("stress")
    lines = ["subject,segment,t_start_s,t_end_s,duration_s,stress"]
    for number, subject in enumerate(("S01", "S02", "S03")):
        wave = np.concatenate(
            [pulse(seconds=180, beats=60 + number), pulse(seconds=180, beats=100 + number, seed=number)]
        )
        eda = skin(seconds=360, responses=tuple(np.arange(185, 350, 12.0)))
        write_npz(
            folder / f"{subject}.npz", bvp=wave, eda=eda, temp=33 - np.arange(1440) / 2880, fs=np.array([64.0, 4, 4])
        )
        lines += [
            f"{subject},baseline,0,180,180,0",
            f"{subject},questionnaire,0,180,180,0",
            f"{subject},stroop,180,360,180,1",
        ]
    (folder / "segments.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def windows(corpus: Path) -> Windows:
    return read_windows(corpus)


def weights(trainee: Trainee) -> list[bytes]:
    return [value.numpy().tobytes() for value in trainee.state_dict().values()]


def test_windows_have_frames_conditions_and_people(windows: Windows) -> None:
    assert len(windows) == 30  # 5 windows of 60 s every 30 s in each of two segments of three people
    assert windows.pulse.shape[:2] == (30, 4)
    assert {CONDITIONS[place] for place in windows.conditions} == {"rest", "stroop"}
    assert windows.subjects.tolist() == ["S01"] * 10 + ["S02"] * 10 + ["S03"] * 10
    assert np.isfinite(windows.relative).any()


def test_the_same_seed_gives_the_same_weights_and_another_one_others(windows: Windows) -> None:
    one, again, other = (fit(windows, PLAN, seed=seed) for seed in (0, 0, 1))
    assert weights(one) == weights(again)
    assert weights(one) != weights(other)


def test_the_seed_of_the_caller_is_left_alone(windows: Windows) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    fit(windows, FitPlan(hidden=0, told=1))
    assert torch.equal(torch.rand(1), wanted)


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("after", [1, 2])
def test_a_run_that_was_stopped_ends_with_the_same_weights(windows: Windows, tmp_path: Path, after: int) -> None:
    def stop(epoch: int, loss: float) -> None:
        if epoch == after:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        fit(windows, PLAN, checkpoints=tmp_path, on_epoch=stop)
    done: list[int] = []
    resumed = fit(windows, PLAN, checkpoints=tmp_path, on_epoch=lambda epoch, loss: done.append(epoch))
    assert done == list(range(after + 1, 4))
    assert weights(resumed) == weights(fit(windows, PLAN))


def test_a_checkpoint_of_another_run_is_refused(windows: Windows, tmp_path: Path) -> None:
    fit(windows, FitPlan(hidden=1, told=0), checkpoints=tmp_path)
    with pytest.raises(InputError, match="must be new or of the same run"):
        fit(windows, FitPlan(hidden=1, told=0), seed=1, checkpoints=tmp_path)


def test_guessing_what_is_hidden_gets_better(windows: Windows) -> None:
    losses: list[float] = []
    fit(windows, FitPlan(hidden=30, told=0, batch=8), on_epoch=lambda epoch, loss: losses.append(loss))
    assert np.mean(losses[-5:]) < 0.75 * losses[0]


def test_conditions_of_an_unseen_person_are_told_apart(windows: Windows) -> None:
    held: list[str] = []
    found = leave_one_subject_out(
        windows, FitPlan(hidden=0, told=30, batch=10), on_fold=lambda who, _: held.append(who)
    )
    assert held == ["S01", "S02", "S03"]
    assert found["relative"].shape == (30, 4)
    assert found["relative"].sum(1) == pytest.approx(np.ones(30))
    assert (found["relative"].argmax(1) == windows.conditions).mean() > 0.9


def test_a_held_out_person_changes_nothing_in_its_fold(windows: Windows) -> None:
    changed = Windows(**{name: getattr(windows, name).copy() for name in Windows.__slots__})
    mine = changed.subjects == "S01"
    changed.conditions[mine] = 3
    changed.pulse[mine] = 0.0
    first: list[Trainee] = []
    for each in (windows, changed):
        fitted = fit(each.of(each.subjects != "S01"), PLAN)
        first.append(fitted)
    assert weights(first[0]) == weights(first[1])


def test_relative_features_can_be_hidden(windows: Windows) -> None:
    trainee = fit(windows, PLAN)
    assert not np.allclose(probabilities(trainee, windows), probabilities(trainee, windows, relative=False))


def test_what_is_written_loads_and_says_where_it_comes_from(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train_physiology_encoder(corpus, tmp_path / "body", plan=PLAN, on_progress=said.append)
    encoder = PhysiologyEncoder(tmp_path / "body")
    frames = encoder.encode(encoder.read(Physiology(path=corpus / "S01.npz", start=60.0, end=120.0)))
    assert frames.shape == (4, encoder.dim)
    assert said[0] == "S01: 10 windows"
    assert said[-1].startswith("epoch 3 of 3: loss ")
    assert sorted(path.name for path in (tmp_path / "body").iterdir()) == ["README.md", SETTINGS, WEIGHTS]
    assert not (tmp_path / "body.run").exists()
    card = (tmp_path / "body" / "README.md").read_text()
    assert "3, all of them: nothing was held out" in card
    assert "{" not in card
    assert json.loads((tmp_path / "body" / SETTINGS).read_text())["dim"] == encoder.dim


def test_a_folder_without_the_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="corpus must exist"):
        train_physiology_encoder(tmp_path, tmp_path / "body")


def test_a_folder_with_something_else_in_it_is_not_replaced(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine.txt").write_text("work of weeks")
    for place in (tmp_path / "runs", tmp_path / "runs" / "mine.txt"):
        with pytest.raises(InputError, match="output must be a new folder, or one with an encoder of the body"):
            train_physiology_encoder(corpus, place, plan=PLAN)
    assert (tmp_path / "runs" / "mine.txt").read_text() == "work of weeks"
