"""What happens between steps: history, looks at dev, the best weights, checkpoints, and when to stop.

Takes what a run folder needs; is the `Onlooker` of the loop. Knows nothing of how a step is computed.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from thymos.finetune.training import checkpoint
from thymos.finetune.training.checkpoint import Checkpoint
from thymos.finetune.training.history import History
from thymos.finetune.training.loop import State, Step

CHECKPOINTS = "checkpoints"


class Figures(Protocol):
    """What one look at a dev split shows."""

    @property
    def score(self) -> float:
        """The higher, the better."""
        ...

    @property
    def shown(self) -> tuple[str, float]:
        """What a person is shown of it: measure and value."""
        ...

    def told(self) -> dict[str, float]:
        """Return it as JSON values."""
        ...


class Dev(Protocol):
    """A dev split: what it is worth now."""

    def look(self, module: nn.Module, accelerator: Any) -> Figures:
        """Look, each process at its part of the rows; the module is in evaluation mode."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress bar shows.

    Attributes:
        step: the last step.
        dev: the last look at dev by corpus, or None before the first.
        tokens_per_second: over the last steps.
    """

    step: Step
    dev: Mapping[str, Figures] | None
    tokens_per_second: float


class Watch:
    """The onlooker of a fine-tuning.

    Attributes:
        best: weights of the best look at dev, or None before the first.
        best_score: its mean score over the corpora.
        best_step: when that was.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        module: nn.Module,
        dev: Mapping[str, Dev],
        accelerator: Any,
        *,
        evaluations: int,
        patience: int,
        minutes: float,
        on_progress: Callable[[Progress], None],
    ) -> None:
        """Keep what is needed to look on.

        Args:
            folder: of the run.
            fingerprint: of the run, for its checkpoints.
            module: what is trained.
            dev: dev splits by corpus.
            accelerator: whose processes share the looks at dev.
            evaluations: looks at dev in the whole run.
            patience: looks without a better one before the run stops; 0 never stops.
            minutes: between checkpoints.
            on_progress: called after each step, in the main process.
        """
        self._folder, self._fingerprint = folder, fingerprint
        self._module, self._dev, self._accelerator = module, dev, accelerator
        self._evaluations, self._patience, self._seconds = evaluations, patience, minutes * 60
        self._on_progress = on_progress
        self._saved = time.monotonic()
        self._history: History | None = None
        self._last_dev: Mapping[str, Figures] | None = None
        self._pace: list[Step] = []
        self.best: dict[str, Tensor] | None = None
        self.best_score, self.best_step, self._looks_since, self._looked = -float("inf"), 0, 0, 0

    @property
    def over(self) -> bool:
        """Whether patience is over: also where a run is taken up that had stopped early."""
        return bool(self._patience and self._looks_since >= self._patience)

    def start(self, state: State, total: int, *, restart: bool) -> list[str]:
        """Take up the newest checkpoint of the run, if there is one; return remarks.

        Args:
            state: what changes, as it begins.
            total: steps of the run.
            restart: throw away what there is.
        """
        remarks: list[str] = []
        if not restart:
            found, remarks = checkpoint.newest(self._folder / CHECKPOINTS, self._fingerprint)
            if found is not None:
                self._restore(found, state)
                remarks.append(f"goes on after step {found.step}")
        if self._accelerator.is_main_process:
            (self._folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            if restart:
                for old in (self._folder / CHECKPOINTS).glob("*.safetensors"):
                    old.unlink()
            self._history = History(self._folder, after=state.step)
        if self._looked < state.step and state.step in self._looks(total):
            self._look(state.step, state)  # it was interrupted
        return remarks

    def after(self, step: Step, state: State) -> None:
        """Look on after a step."""
        self._pace = [*self._pace[-19:], step]
        if self._history:
            self._history.step(step)
        if step.number in self._looks(step.total):
            self._look(step.number, state)
        last = step.number == step.total
        if last or self.over or time.monotonic() - self._saved > self._seconds:
            self.save(state)
        if self._accelerator.is_main_process:
            pace = sum(each.tokens for each in self._pace) / sum(each.seconds for each in self._pace)
            self._on_progress(Progress(step, self._last_dev, pace))

    def save(self, state: State) -> None:
        """Write a checkpoint now."""
        self._saved = time.monotonic()
        if not self._accelerator.is_main_process:
            return
        tensors = state.tensors() | {f"best/{name}": weight for name, weight in (self.best or {}).items()}
        notes = {
            "best_score": self.best_score,
            "best_step": self.best_step,
            "looks_since": self._looks_since,
            "looked": self._looked,
        }
        checkpoint.write(self._folder / CHECKPOINTS, Checkpoint(state.step, self._fingerprint, tensors, notes))

    def interrupted(self, state: State) -> None:
        """Write a checkpoint of the last step that was whole, if nothing has been changed since."""
        if state.whole:
            self.save(state)

    def close(self) -> None:
        """Finish the history."""
        if self._history:
            self._history.close()

    def _restore(self, found: Checkpoint, state: State) -> None:
        state.restore(found.tensors, found.step)
        best = {name.partition("/")[2]: tensor for name, tensor in found.tensors.items() if name.startswith("best/")}
        self.best = best or None
        notes: Mapping[str, Any] = found.notes
        self.best_score, self.best_step = notes["best_score"], notes["best_step"]
        self._looks_since = notes["looks_since"]
        self._looked = notes.get("looked", found.step)  # none was told apart before

    def _looks(self, total: int) -> set[int]:
        """Return the steps after which dev is looked at: evenly spread, the last one among them."""
        return {round(total * look / self._evaluations) for look in range(1, self._evaluations + 1)}

    def _look(self, number: int, state: State) -> None:
        """Score dev with the weights that would be saved."""
        with _averaged(state):
            figures = {name: self._figures(split) for name, split in self._dev.items()}
            score = float(np.mean([each.score for each in figures.values()]))
            self._looks_since += 1
            if score > self.best_score:
                self.best = {name: p.detach().clone().cpu() for name, p in state.parameters.items()}
                self.best_score, self.best_step, self._looks_since = score, number, 0
        self._looked, self._last_dev = number, figures
        if self._history:
            self._history.dev(number, {name: each.told() for name, each in figures.items()})

    def _figures(self, split: Dev) -> Figures:
        training = self._module.training
        self._module.eval()
        figures = split.look(self._module, self._accelerator)
        self._module.train(training)
        return figures


@contextmanager
def _averaged(state: State):  # type: ignore[no-untyped-def]
    """Let the parameters be their average for a while."""
    if state.average is None:
        yield
        return
    own = {name: p.detach().clone() for name, p in state.parameters.items()}
    try:
        _put(state, state.average.weights)
        yield
    finally:
        _put(state, own)


def _put(state: State, weights: Mapping[str, Tensor]) -> None:
    """Give the parameters other values; there is nothing whole to save meanwhile."""
    state.whole = False
    with torch.no_grad():
        for name, parameter in state.parameters.items():
            parameter.copy_(weights[name])
    state.whole = True
