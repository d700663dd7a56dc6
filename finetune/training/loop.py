"""The training loop: one for whatever is trained, labels and projectors as well as a writer.

Takes a module, the steps of its run, an objective and what looks on; gives nothing but the trained module and a
history. Everything that differs between trainings is handed in. Knows nothing of peft, corpora, prompts or files.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from thymos.adapters.scoring.engine import give_back_freed_memory
from thymos.finetune.instruct.batches import Batch, Group
from thymos.finetune.training.average import Average
from thymos.finetune.training.steps import Schedule, rate
from thymos.prompts.errors import InputError


class Learnt(Protocol):
    """What one forward pass learns from."""

    @property
    def rows(self) -> Sequence[Sequence[int]]:
        """Token ids of each row."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens that are computed."""
        ...

    @property
    def weight(self) -> int:
        """What the loss is summed over: rows where each has one answer, tokens where each is one."""
        ...


_GIVE_BACK_FROM = 2_500_000_000  # bytes in memory; the heap grows with every batch of another shape
_CHANCE, _CHANCE_GPU = "chance", "chance-gpu"  # random numbers, in a checkpoint
L = TypeVar("L", bound=Learnt)
Objective = Callable[[nn.Module, L], Tensor]


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did.

    Attributes:
        number: from 1.
        total: of the run.
        loss: mean over the weight of the step: its rows, or its answers' tokens.
        rate: learning rate.
        norm: of the gradient before clipping.
        rows: rows of the step, in all processes.
        tokens: of these rows, without padding and instructions.
        seconds: how long it took.
    """

    number: int
    total: int
    loss: float
    rate: float
    norm: float
    rows: int
    tokens: int
    seconds: float


class Onlooker(Protocol):
    """What happens between steps: progress, history, looks at dev, checkpoints."""

    @property
    def over(self) -> bool:
        """Whether the run has ended before its last step."""
        ...

    def after(self, step: Step, state: "State") -> None:
        """Look on."""
        ...


@dataclass(slots=True, eq=False)
class State:
    """All that changes while a model is trained.

    Attributes:
        parameters: what is trained, by name.
        optimizer: with its moments.
        average: of the parameters, or None.
        step: steps done.
        whole: False while an update is under way, when there is nothing to save.
        chance: state of the random numbers after the last step, as nothing since then is saved: on the processor and,
            where there is one, on the GPU.
    """

    parameters: Mapping[str, nn.Parameter]
    optimizer: torch.optim.Optimizer
    average: Average | None
    step: int = 0
    whole: bool = True
    chance: dict[str, Tensor] = field(init=False)
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(self.parameters)
        self.settle()

    def settle(self) -> None:
        """A step is done: what is saved from now on is this."""
        self.whole, self.chance = True, {_CHANCE: torch.get_rng_state()}
        if torch.cuda.is_available():
            self.chance[_CHANCE_GPU] = torch.cuda.get_rng_state()

    def tensors(self) -> dict[str, Tensor]:
        """Return everything as named tensors, for a checkpoint."""
        found = {f"weight/{name}": p.detach() for name, p in self.parameters.items()}
        for name, parameter in self.parameters.items():
            for key, value in self.optimizer.state[parameter].items():
                found[f"moment/{key}/{name}"] = torch.as_tensor(value)
        if self.average is not None:
            found |= {f"average/{name}": weight for name, weight in self.average.weights.items()}
        return {name: tensor.cpu() for name, tensor in found.items()} | self.chance

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Take up the state that `tensors` gave after a step."""
        for name, parameter in self.parameters.items():
            parameter.copy_(tensors[f"weight/{name}"])
            self.optimizer.state[parameter] = {
                key.split("/")[1]: value.clone() if key.startswith("moment/step/") else value.to(parameter.device)
                for key, value in tensors.items()
                if key.startswith("moment/") and key.split("/", 2)[2] == name
            }
        if self.average is not None:
            for name, weight in self.average.weights.items():
                weight.copy_(tensors[f"average/{name}"])
        torch.set_rng_state(tensors[_CHANCE])
        if _CHANCE_GPU in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors[_CHANCE_GPU])
        self.step = step
        self.settle()


def label_cross_entropy(module: nn.Module, batch: Batch) -> Tensor:
    """Return the cross entropy between gold and scored label distributions, summed over rows, in nats.

    The loss is on the label words alone: the same restricted softmax that scores them.

    Args:
        module: forward(prefix, rows, trie, felt) gives logits, (rows, choices).
        batch: rows with their gold distributions.
    """
    logits = module(batch.prefix, batch.rows, batch.trie, batch.felt)
    return -(batch.targets.to(logits.device) * batch.trie.log_probabilities(logits)).sum()


def fit(
    module: nn.Module,
    state: State,
    schedule: Schedule,
    batch_of: Callable[[Group], L],
    objective: Objective[L],
    accelerator: Any,
    onlooker: Onlooker,
    *,
    peak: float,
    warmup: float,
    clip: float,
) -> None:
    """Train.

    Args:
        module: prepared by the accelerator; its forward pass is the objective's affair.
        state: what is trained and its optimizer, new or restored.
        schedule: the steps.
        batch_of: makes a batch of a group.
        objective: loss of a batch, summed over its weight.
        accelerator: of Hugging Face accelerate; each of its processes takes its part of every step.
        onlooker: called after each step; nothing is learnt where it is over before the first.
        peak: highest learning rate.
        warmup: share of the steps before it.
        clip: largest gradient norm.

    Raises:
        InputError: an epoch has too few batches for a step, and they do not come out even over the processes.
    """
    total, world, mine = schedule.total, accelerator.num_processes, accelerator.process_index
    module.train()
    state.settle()
    for groups in schedule.steps(state.step):
        if onlooker.over:
            return
        started = time.perf_counter()
        if len(groups) % world:  # the others would wait for ever
            raise InputError(
                f"a step must have as many batches for each of the {world} processes, got {len(groups)} in all: the "
                "epoch has no more; learn from more rows, lower train.token_budget, or take one process"
            )
        for each in state.optimizer.param_groups:  # a group may begin later, and have its own peak
            first = each.get("first", 0)
            begun = state.step >= first
            each["lr"] = rate(state.step - first, total - first, each.get("peak", peak), warmup) if begun else 0.0
        batches = [batch_of(group) for group in groups]
        rows = sum(len(batch.rows) for batch in batches)
        weight = sum(batch.weight for batch in batches)
        loss = _gradients(module, batches[mine::world], objective, accelerator, weight)
        norm = accelerator.clip_grad_norm_(state.parameters.values(), clip)
        state.whole = False
        state.optimizer.step()
        state.optimizer.zero_grad(set_to_none=True)
        if state.average is not None:
            state.average.update(state.parameters, state.step)
        state.step += 1
        give_back_freed_memory(_GIVE_BACK_FROM)
        done = Step(
            number=state.step,
            total=total,
            loss=float(accelerator.reduce(loss, reduction="sum")) / weight,
            rate=state.optimizer.param_groups[0]["lr"],
            norm=float(norm),
            rows=rows,
            tokens=sum(batch.tokens for batch in batches),
            seconds=time.perf_counter() - started,
        )
        state.settle()
        onlooker.after(done, state)


def _gradients(
    module: nn.Module, batches: Sequence[L], objective: Objective[L], accelerator: Any, weight: int
) -> Tensor:
    """Add up the gradients of this process's batches; return the loss summed over their weight.

    Processes average their gradients, so each scales its own by their number: what is left is the mean over the step.
    """
    total = torch.zeros((), device=accelerator.device)
    for place, batch in enumerate(batches):
        last = place == len(batches) - 1
        with nullcontext() if last else accelerator.no_sync(module):
            loss = objective(module, batch)
            accelerator.backward(loss * (accelerator.num_processes / weight))
        total += loss.detach()
    return total
