"""Recordings of labelled rows vote by their mean and spread, an absent one does not, and damage is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax

from thymos.adapters.projectors.streams import Frames, Stream
from thymos.prompts.errors import ModelError
from thymos.retrieval.frame_votes import (
    FrameVotes,
    StreamVotes,
    WeighedStream,
    load_frame_votes,
    save_frame_votes,
    there,
)

LABELS = ("calm", "loud", "restless")
VOICE = Stream("speech", "whisper", "a" * 64, 4, 1, "attention", 2, 8)
FACE = Stream("face", "face", "b" * 64, 4, 1, "attention", 2, 8)


def frames(label: str, seed: int, width: int = 4) -> Frames:
    """Twenty to thirty frames: loud ones lie higher, restless ones wander further, about the same mean as calm ones."""
    chance = np.random.default_rng(seed)
    spread = 2.0 if label == "restless" else 0.5
    found = chance.normal(scale=spread, size=(chance.integers(20, 30), width)) + (3.0 if label == "loud" else 0.0)
    found[:, 0] = 1.0  # the same in every recording
    whole: Frames = found.astype(np.float16)
    return whole


def rows(count: int, seed: int) -> tuple[list[Frames], NDArray[np.bool_]]:
    gold = np.eye(len(LABELS), dtype=np.bool_)[np.arange(count) % len(LABELS)]
    return [frames(LABELS[number % len(LABELS)], seed + number) for number in range(count)], gold


@pytest.fixture(scope="module")
def votes() -> StreamVotes:
    return StreamVotes.fit(*rows(60, seed=0))


def test_a_recording_gets_the_label_that_others_like_it_had(votes: StreamVotes) -> None:
    heard, gold = rows(60, seed=1000)
    shares = np.exp(votes.log_shares(heard))
    assert (shares.argmax(axis=1) == gold.argmax(axis=1)).mean() > 0.95
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert votes.examples == 60


def test_a_scale_of_the_frames_changes_nothing(votes: StreamVotes) -> None:
    heard, gold = rows(60, seed=0)
    scaled = StreamVotes.fit([each * np.float16(8) for each in heard], gold)
    asked = frames("loud", 5)
    assert scaled.log_shares([asked * np.float16(8)]) == pytest.approx(votes.log_shares([asked]), abs=0.02)


def test_a_label_that_no_recording_has_is_unlikely_and_not_impossible() -> None:
    heard, gold = rows(40, seed=0)
    wider = np.hstack([gold, np.zeros((40, 1), np.bool_)])
    share = np.exp(StreamVotes.fit(heard, wider).log_shares(heard)[:, 3])
    assert (share > 0).all() and (share < 0.1).all()


def test_what_a_row_does_not_bring_has_no_vote(votes: StreamVotes) -> None:
    both = FrameVotes(
        LABELS,
        (VOICE.fingerprint, FACE.fingerprint),
        (WeighedStream(votes, 0.5, 1.0), WeighedStream(votes, 1.5, 2.0)),
    )
    voice, face = frames("loud", 7), frames("calm", 8)
    model = np.log(np.tile([0.2, 0.5, 0.3], (5, 1)))
    one, other, two, none, empty = both.pooled(
        model, [(voice, None), (None, face), (voice, face), (None, None), (voice[:0], None)]
    )
    assert one == pytest.approx(log_softmax(model[0] + 0.5 * votes.log_shares([voice])[0]))
    assert other == pytest.approx(log_softmax((model[0] + 1.5 * votes.log_shares([face])[0]) / 2.0))
    assert two == pytest.approx(log_softmax((one + 1.5 * votes.log_shares([face])[0]) / 2.0))
    assert (none == model[0]).all() and (empty == model[0]).all()
    assert FrameVotes(LABELS, both.encoders, (None, None)).pooled(model[:1], [(voice, face)]) == pytest.approx(
        model[:1]
    )
    assert there([None, voice, voice[:0]]) == ([1], [voice])


def test_the_file_votes_the_same(votes: StreamVotes, tmp_path: Path) -> None:
    told = FrameVotes(LABELS, (VOICE.fingerprint, FACE.fingerprint), (None, WeighedStream(votes, 0.35, 1.25)))
    for name in ("one", "again"):
        save_frame_votes(tmp_path / name, told)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    found = load_frame_votes(tmp_path / "one", [VOICE, FACE])
    asked, model = [(frames("calm", 1), frames("restless", 2))], np.log([[0.2, 0.5, 0.3]])
    assert found.labels == LABELS
    assert found.pooled(model, asked) == pytest.approx(told.pooled(model, asked), abs=1e-6)
    assert found.parts[0] is None and found.parts[1] is not None
    assert (found.parts[1].votes.examples, found.parts[1].weight, found.parts[1].sharpening) == (60, 0.35, 1.25)


def test_damage_and_votes_of_other_encoders_are_told(votes: StreamVotes, tmp_path: Path) -> None:
    path = tmp_path / "one"
    save_frame_votes(path, FrameVotes(LABELS, (VOICE.fingerprint,), (WeighedStream(votes, 1.0, 1.0),)))
    whole = path.read_bytes()
    for streams in ([FACE], [VOICE, FACE], [], [replace(VOICE, dim=5)]):
        with pytest.raises(ModelError, match="votes must be"):
            load_frame_votes(path, streams)
    for bad in (whole[:-20], whole[:10], b"", whole.replace(b'\\"labels\\"', b'\\"lovels\\"')):
        path.write_bytes(bad)
        with pytest.raises(ModelError, match="fetch or save it again"):
            load_frame_votes(path, [VOICE])
