"""Frames compared with what their speaker is like: known numbers, and what stays as it is."""

from dataclasses import replace

import numpy as np
import pytest

from tests.adapters.projectors.test_projectors import frames, projectors, stream
from thymos.adapters.projectors.baseline import LEAST, Baselines
from thymos.adapters.projectors.store import Projectors


@pytest.fixture
def usual() -> Projectors:
    made = projectors(replace(stream(), baseline="speaker"), stream("face"))
    made.standardise([[frames(50, seed=seed) + np.float16(3), frames(5)] for seed in range(20)])
    return made


def test_a_speaker_is_moved_to_what_is_usual(usual: Projectors) -> None:
    baselines = Baselines(usual)
    assert baselines
    deep = [frames(30, seed=seed) * np.float16(0.5) - np.float16(20) for seed in range(LEAST)]
    for each in deep:
        baselines.meet("deep", (each, None))
    moved = [baselines.moved("deep", (each, None))[0] for each in deep]
    together = np.concatenate([each for each in moved if each is not None]).astype(np.float64)
    part = usual.parts[0]
    assert together.mean(0) == pytest.approx(part.get_buffer("mean").numpy(), abs=0.02)
    assert together.std(0) == pytest.approx(part.get_buffer("deviation").numpy(), rel=0.02)


def test_somebody_hardly_known_and_other_streams_stay(usual: Projectors) -> None:
    baselines = Baselines(usual)
    for seed in range(LEAST - 1):
        baselines.meet("rare", (frames(30, seed=seed), frames(4)))
    for seed in range(LEAST):
        baselines.meet(None, (frames(30, seed=seed), None))
    given = (frames(9), frames(4, seed=9))
    for who in ("rare", "never met", "", None):
        assert all(found is each for found, each in zip(baselines.moved(who, given), given, strict=True))
    baselines.meet("rare", (frames(30, seed=99), None))
    voice, face = baselines.moved("rare", given)
    assert voice is not given[0] and face is given[1]
    assert baselines.moved("rare", (None, given[1])) == (None, given[1])


def test_a_dimension_in_which_a_speaker_never_changes_does_not_explode(usual: Projectors) -> None:
    baselines = Baselines(usual)
    flat = frames(30) * np.float16(0) + np.float16(7)
    for _ in range(LEAST):
        baselines.meet("flat", (flat, None))
    (moved, _) = baselines.moved("flat", (flat + np.float16(0.01), None))
    assert moved is not None and np.isfinite(moved).all() and np.abs(moved).max() < 10


def test_without_such_a_stream_there_is_nothing_to_do() -> None:
    assert not Baselines(projectors(stream()))
