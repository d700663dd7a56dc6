"""`train_face_encoder`: the face network from FER2013's pictures to weights with a card.

Takes the data's folder and an output folder. A run that stopped goes on where it was; valid is read to follow it, test
once, after the last step.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.face.network import build_network
from thymos.finetune.encoders.face_card import halved, write_face_encoder
from thymos.finetune.encoders.face_data import FaceData, read_faces
from thymos.finetune.encoders.face_loop import steps
from thymos.finetune.encoders.face_recipe import EPOCHS, FaceRecipe
from thymos.finetune.encoders.face_score import FaceScore, evaluate_face_encoder, score
from thymos.finetune.encoders.face_state import FaceState
from thymos.prompts.errors import InputError

__all__ = ["FaceFigures", "evaluate_face_encoder", "train_face_encoder"]

CHECKPOINTS = "checkpoints"
ENCODER = "encoder"
SAVE_EVERY = 180.0  # s
TELL_EVERY = 50  # steps

Progress = Callable[[int, int, float], None]  # steps done, steps in all, mean loss since the last call


@dataclass(frozen=True, slots=True)
class FaceFigures:
    """What came of a run.

    Attributes:
        step: steps done.
        steps: steps of the whole run.
        valid: accuracy on valid of the averaged weights.
        test: the same on test; None while steps are left.
        folder: with weights and card; None while steps are left.
    """

    step: int
    steps: int
    valid: FaceScore
    test: FaceScore | None
    folder: Path | None


def train_face_encoder(
    data: Path,
    output: Path,
    *,
    epochs: float = EPOCHS,
    seed: int = 0,
    minutes: float | None = None,
    limit: int | None = None,
    on_progress: Progress | None = None,
) -> FaceFigures:
    """Train, measure and save.

    Args:
        data: folder with `labels.csv`, `train.zip`, `valid.zip` and `test.zip`.
        output: run folder; the same call goes on from the checkpoint in it.
        epochs: views of each face.
        seed: of weights, order and augmentation.
        minutes: after which this sitting ends, with a checkpoint; None is until the last step.
        limit: pictures per split, for a trial; None is all.
        on_progress: told how far it is.

    Raises:
        InputError: the data is not there, a number makes no sense, or the folder holds another run.
        OutputError: the disk is full or refuses.
    """
    if not epochs > 0 or (minutes is not None and not minutes > 0):
        raise InputError(f"epochs and minutes must be above zero, got {epochs} and {minutes}")
    recipe = FaceRecipe(epochs=epochs, seed=seed)
    train, valid = read_faces(data, "train", limit=limit), read_faces(data, "valid", limit=limit)
    state = FaceState(recipe, recipe.fingerprint(train.digest()))
    place = output / CHECKPOINTS
    state.restore(place)
    _advance(state, train, place, minutes, on_progress)
    state.save(place)
    total = recipe.steps(len(train))
    network = build_network(halved(state.average))  # as it is stored
    valid_score = score(network, valid, "valid")
    if state.step < total:
        return FaceFigures(state.step, total, valid_score, None, None)
    test_score = score(network, read_faces(data, "test", limit=limit), "test")
    folder = output / ENCODER
    write_face_encoder(folder, state.average, recipe, (valid_score, test_score), len(train))
    return FaceFigures(state.step, total, valid_score, test_score, folder)


def _advance(
    state: FaceState, train: FaceData, place: Path, minutes: float | None, on_progress: Progress | None
) -> None:
    """Take steps to the last one or until the time is over, with checkpoints on the way."""
    began = saved = time.monotonic()
    losses: list[float] = []
    total = state.recipe.steps(len(train))
    for loss in steps(state, train):
        losses.append(loss)
        if on_progress and (state.step % TELL_EVERY == 0 or state.step == total):
            on_progress(state.step, total, sum(losses) / len(losses))
            losses.clear()
        now = time.monotonic()
        if minutes is not None and now - began > 60 * minutes:
            return
        if now - saved > SAVE_EVERY:
            state.save(place)
            saved = now
