"""What rows bring, some of it left out by chance: every subset occurs, and never nothing."""

import random

import numpy as np

from thymos.adapters.projectors.streams import Frames, Stream
from thymos.adapters.sample import Sample, Turn
from thymos.finetune.instruct.perceived import without_some

STREAMS = tuple(
    Stream(modality, name, "f" * 64, 3, 1, "attention", 2, 8)
    for modality, name in (("speech", "whisper"), ("speech", "prosody"), ("face", "face"))
)
FRAMES: tuple[Frames | None, ...] = tuple(np.ones((1, 3), np.float16) for _ in STREAMS)
SAMPLE = Sample(id="1", text="so", context=(Turn("before"),))


def draws(
    share: float, frames: tuple[Frames | None, ...] = FRAMES, sample: Sample = SAMPLE
) -> list[tuple[bool, bool, bool]]:
    """Whether words, voice and face are there, in 400 draws."""
    chance = random.Random(7)
    seen = []
    for _ in range(400):
        kept, left = without_some(sample, frames, STREAMS, share, chance)
        assert (left[0] is None) == (left[1] is None)  # streams of one modality go together
        assert kept.text is not None or kept.context == ()  # what was said before goes with what is said
        seen.append((kept.text is not None, left[0] is not None, left[2] is not None))
    return seen


def test_every_subset_occurs_and_never_nothing() -> None:
    found = draws(0.5)
    assert len(set(found)) == 7  # of 2 ** 3, all but one
    assert (False, False, False) not in found


def test_one_stays_even_where_all_would_go() -> None:
    found = draws(1.0)
    assert {sum(each) for each in found} == {1} and len(set(found)) == 3


def test_a_share_of_zero_leaves_all() -> None:
    assert set(draws(0.0)) == {(True, True, True)}


def test_each_goes_about_as_often_as_is_asked() -> None:
    found = draws(0.2)
    for place in range(3):
        assert 0.12 < 1 - sum(each[place] for each in found) / len(found) < 0.28


def test_what_is_not_there_cannot_be_what_stays() -> None:
    only_face: tuple[Frames | None, ...] = (None, None, FRAMES[2])
    assert set(draws(1.0, only_face, Sample(id="1"))) == {(False, False, True)}
