"""Steps of training the face network: order, views, loss, descent.

Takes a state and data; moves the state. Chance of a step comes from the seed and the step's number alone, so a run that
stopped goes on exactly. Knows no files.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from thymos.finetune.encoders.face_augment import augment
from thymos.finetune.encoders.face_data import UNLABELLED, FaceData
from thymos.finetune.encoders.face_state import FaceState


def steps(state: FaceState, data: FaceData) -> Iterator[float]:
    """Train to the end, yielding the loss after each step."""
    recipe, total = state.recipe, state.recipe.steps(len(data))
    while state.step < total:
        epoch = state.step * recipe.batch / len(data)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + state.step)
        rows = batch_rows(len(data), recipe.batch, state.step, recipe.seed)
        views = augment(data.faces[rows], recipe.side(epoch), generator)
        for group in state.optimizer.param_groups:
            group["lr"] = recipe.rate_at(epoch)
        state.network.train()
        torch.manual_seed(recipe.seed * 1_000_003 + state.step)  # dropout
        with torch.autocast("cpu", dtype=torch.bfloat16):
            seven, eight = state.network(views.contiguous(memory_format=torch.channels_last))
        loss = face_loss(seven.float(), eight.float(), data, rows, recipe.smooth)
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimizer.step()
        state.follow()
        yield float(loss.detach())


def batch_rows(rows: int, batch: int, step: int, seed: int) -> Tensor:
    """Return the rows of a step: each row once per epoch, in an order that seed and epoch give."""
    batch = min(batch, rows)
    epoch, place = divmod(step, rows // batch)
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 7919 + epoch))
    return order[place * batch : (place + 1) * batch]


def face_loss(seven: Tensor, eight: Tensor, data: FaceData, rows: Tensor, smooth: float) -> Tensor:
    """Return the cross-entropy of FER2013's labels plus that of FER+'s shares of votes.

    Args:
        seven: logits over FER2013's labels, (batch, 7).
        eight: logits over FER+'s labels, (batch, 8).
        data: gold of all rows; a row without one of the two counts for the other only.
        rows: rows of the batch.
        smooth: label smoothing of the former.
    """
    votes = data.votes[rows]
    labelled = functional.cross_entropy(
        seven, data.fer2013[rows], ignore_index=UNLABELLED, label_smoothing=smooth, reduction="sum"
    )
    voted = -(votes * functional.log_softmax(eight, -1)).sum()
    return (labelled + voted) / len(rows)
