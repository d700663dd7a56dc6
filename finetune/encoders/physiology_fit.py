"""Fits the network of physiology: first to guess what was hidden from it, then to tell conditions apart.

Takes `Windows`; gives a trained `Trainee`. Both stages go through one loop with one checkpoint an epoch, so a run that
was stopped goes on as if nothing had happened. Knows no corpus and no folder but that of its checkpoints.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from thymos.adapters.physiology.features import FEATURES
from thymos.adapters.physiology.network import PhysiologyNetwork, Widths
from thymos.finetune.encoders.physiology_data import CONDITIONS, Windows
from thymos.finetune.training import checkpoint
from thymos.finetune.training.loop import State

# Share of each condition that the head is taught: rest as likely as stress, the stressors alike.
PRIOR = (0.5, *[0.5 / (len(CONDITIONS) - 1)] * (len(CONDITIONS) - 1))
_CLEAN = 30  # points that are guessed of each slow signal
_LINES = 60  # lines of the spectrum of a frame that are guessed: 1/15 Hz apart, up to 4 Hz


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How the network is fitted.

    Attributes:
        hidden: epochs of guessing what was hidden.
        told: epochs with conditions.
        batch: windows of a step.
        peak: highest learning rate.
        decay: weight decay.
        dropout: share of the head's inputs that are dropped.
        alone: share of windows whose relative features are hidden, so that it works without a baseline too.
        masked: share of time that is hidden.
    """

    hidden: int = 6
    told: int = 10
    batch: int = 48
    peak: float = 2e-3
    decay: float = 0.02
    dropout: float = 0.3
    alone: float = 0.25
    masked: float = 0.3

    @property
    def epochs(self) -> int:
        """Of both stages."""
        return self.hidden + self.told


class Trainee(nn.Module):
    """The network with what is only there to train it: a guesser of hidden signal and a head of conditions."""

    def __init__(self, plan: FitPlan) -> None:
        super().__init__()
        self.network = PhysiologyNetwork(Widths())
        learnt, dim = self.network.widths.learnt, self.network.widths.dim
        self.guess = nn.Sequential(nn.Linear(learnt, 96), nn.GELU(), nn.Linear(96, _LINES + 2 * _CLEAN))
        self.head = nn.Sequential(
            nn.Dropout(plan.dropout),
            nn.Linear(dim + learnt, 48),
            nn.GELU(),
            nn.Dropout(plan.dropout),
            nn.Linear(48, len(CONDITIONS)),
        )

    def conditions(self, rows: Windows, relative: Tensor) -> Tensor:
        """Return logits over `CONDITIONS`, shape (windows, 4)."""
        shape = rows.pulse.shape[:2]
        frames = self.network(
            *(torch.from_numpy(each).flatten(0, 1) for each in (rows.pulse, rows.slow, rows.features)),
            relative.flatten(0, 1),
            torch.from_numpy(rows.present).flatten(0, 1),
        ).unflatten(0, shape)  # (windows, frames, dim)
        varied = frames[..., : self.network.widths.learnt].std(1, unbiased=False)
        logits: Tensor = self.head(torch.cat([frames.mean(1), varied], dim=1))
        return logits


def fit(
    windows: Windows,
    plan: FitPlan,
    *,
    seed: int = 0,
    checkpoints: Path | None = None,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Trainee:
    """Fit a network.

    Args:
        windows: all that it learns from, of at least two conditions.
        plan: how.
        seed: of weights, order, dropout and masks.
        checkpoints: folder for the state after each epoch; a newer call with the same arguments goes on from there.
        on_epoch: called with the number of an epoch, from 1, and its mean loss.

    Raises:
        InputError: the checkpoint there is of another run.
        OutputError: a checkpoint cannot be written.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trainee = Trainee(plan)
        _scale(trainee.network, windows)
        optimizer = torch.optim.AdamW(trainee.parameters(), lr=plan.peak, weight_decay=plan.decay)
        state = State(dict(trainee.named_parameters()), optimizer, None)
        identity = _identity(windows, plan, seed)
        if checkpoints is not None:
            found, _ = checkpoint.newest(checkpoints, identity)
            if found is not None:
                state.restore(found.tensors, found.step)
        for epoch in range(state.step, plan.epochs):
            loss = _epoch(trainee, optimizer, windows, plan, epoch, seed)
            state.step = epoch + 1
            state.settle()
            if checkpoints is not None:
                checkpoints.mkdir(parents=True, exist_ok=True)
                checkpoint.write(checkpoints, checkpoint.Checkpoint(state.step, identity, state.tensors(), {}))
            if on_epoch:
                on_epoch(state.step, loss)
        return trainee.eval()


@torch.inference_mode()
def probabilities(trainee: Trainee, windows: Windows, *, relative: bool = True) -> NDArray[np.float64]:
    """Return the probability of each of `CONDITIONS` where they are as common as `PRIOR` says, shape (windows, 4).

    Args:
        trainee: as `fit` gives it.
        windows: which.
        relative: whether it may see the features relative to the person's usual.
    """
    known = torch.from_numpy(windows.relative)
    logits = trainee.conditions(windows, known if relative else torch.full_like(known, math.nan))
    return np.asarray(torch.softmax(logits.double(), dim=1).numpy())


def _epoch(
    trainee: Trainee, optimizer: torch.optim.Optimizer, windows: Windows, plan: FitPlan, epoch: int, seed: int
) -> float:
    trainee.train()
    stage = epoch >= plan.hidden
    done, whole = (epoch - plan.hidden, plan.told) if stage else (epoch, plan.hidden)
    batches = list(_batches(len(windows), plan.batch, np.random.default_rng((seed, epoch))))
    weights = _class_weights(windows)
    total = 0.0
    for place, rows in enumerate(batches):
        share = (done + place / len(batches)) / whole
        for group in optimizer.param_groups:
            group["lr"] = plan.peak * min(1.0, 10 * share + 0.1) * 0.5 * (1 + math.cos(math.pi * share))
        batch = windows.of(rows)
        loss = _told(trainee, batch, plan, weights) if stage else _hidden(trainee, batch, plan)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trainee.parameters(), 1.0)
        optimizer.step()
        total += float(loss.detach())
    return total / len(batches)


def _told(trainee: Trainee, batch: Windows, plan: FitPlan, weights: Tensor) -> Tensor:
    """Return the weighted cross entropy of conditions."""
    relative = torch.from_numpy(batch.relative)
    alone = torch.rand(len(batch)) < plan.alone
    relative = torch.where(alone[:, None, None], torch.full_like(relative, math.nan), relative)
    return functional.cross_entropy(
        trainee.conditions(batch, relative), torch.from_numpy(batch.conditions), weights, label_smoothing=0.05
    )


def _hidden(trainee: Trainee, batch: Windows, plan: FitPlan) -> Tensor:
    """Return the error of what is guessed of whole frames from frames with a stretch hidden."""
    pulse, slow = (torch.from_numpy(each).flatten(0, 1) for each in (batch.pulse, batch.slow))
    lines = torch.log1p(torch.fft.rfft(pulse * torch.hann_window(pulse.shape[1]), dim=1).abs()[:, 1 : _LINES + 1])
    curves = functional.adaptive_avg_pool1d(slow, _CLEAN).flatten(1)
    seen = (_stretch(len(pulse), pulse.shape[1], plan.masked), _stretch(len(slow), slow.shape[2], plan.masked)[:, None])
    guess = trainee.guess(trainee.network.learnt(pulse * seen[0], slow * seen[1]))
    return functional.smooth_l1_loss(guess[:, :_LINES], lines) + functional.smooth_l1_loss(guess[:, _LINES:], curves)


def _stretch(rows: int, width: int, share: float) -> Tensor:
    """Return masks of shape (rows, width): 0 over one stretch of `share` of the time, which may wrap around."""
    starts = torch.randint(width, (rows, 1))
    return (((torch.arange(width) - starts) % width) >= int(share * width)).float()


def _batches(count: int, size: int, chance: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    order = chance.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def _class_weights(windows: Windows) -> Tensor:
    counts = np.bincount(windows.conditions, minlength=len(CONDITIONS))
    return torch.from_numpy(np.where(counts > 0, np.array(PRIOR) * len(windows) / np.maximum(counts, 1), 0.0)).float()


def _scale(network: PhysiologyNetwork, windows: Windows) -> None:
    """Keep middle and spread of the features in the network."""
    rows = windows.features.reshape(-1, len(FEATURES))
    known = np.isfinite(rows).any(0)
    low, middle, high = np.nanquantile(rows[:, known], (0.25, 0.5, 0.75), axis=0)
    spread = (high - low) / 1.349
    places = torch.from_numpy(np.flatnonzero(known))
    network.middle[places] = torch.from_numpy(middle).float()
    network.spread[places] = torch.from_numpy(np.where(spread > 1e-6, spread, 1.0)).float()


def _identity(windows: Windows, plan: FitPlan, seed: int) -> str:
    told = json.dumps({"plan": asdict(plan), "seed": seed, "rows": len(windows)}, sort_keys=True)
    digest = sha256(told.encode())
    for each in (windows.pulse, windows.slow, windows.features, windows.relative, windows.conditions):
        digest.update(np.ascontiguousarray(each).tobytes())
    return digest.hexdigest()
