"""Which batches make up which step: a pure function of plan, epochs and accumulation.

Takes a plan of groups; gives the steps of a run and the learning rate at each. So a run goes on where it stopped by
its step number alone. Knows nothing of models.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from thymos.finetune.instruct.batches import Group


class Plan(Protocol):
    """What steps are made of; `BatchPlan` is one."""

    def epoch(self, number: int) -> list[Group]:
        """Return the groups of an epoch in order; the same for the same number."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """The steps of a run.

    Attributes:
        plan: the groups of each epoch.
        epochs: passes, fractions allowed.
        accumulate: groups of one step.
    """

    plan: Plan
    epochs: float
    accumulate: int

    @property
    def total(self) -> int:
        """Steps of the whole run."""
        whole, part = int(self.epochs), self.epochs - int(self.epochs)
        steps = sum(self._in_epoch(number) for number in range(whole))
        return max(1, steps + (math.ceil(part * self._in_epoch(whole)) if part else 0))

    def steps(self, first: int = 0) -> Iterator[Sequence[Group]]:
        """Yield the groups of each step from `first` on; groups that fill no step are left for another epoch."""
        step, total, epoch = 0, self.total, 0
        while step < total:
            groups = self.plan.epoch(epoch)
            here = max(1, len(groups) // self.accumulate)
            for place in range(max(0, first - step), min(here, total - step)):
                yield groups[place * self.accumulate : (place + 1) * self.accumulate]
            step, epoch = step + here, epoch + 1

    def _in_epoch(self, number: int) -> int:
        return max(1, len(self.plan.epoch(number)) // self.accumulate)


def rate(step: int, total: int, peak: float, warmup: float) -> float:
    """Return the learning rate of a step: linear to the peak, then a cosine to a hundredth of it.

    Args:
        step: from 0.
        total: steps of the run.
        peak: highest rate.
        warmup: share of the steps before the peak.
    """
    rising = max(1, round(total * warmup))
    if step < rising:
        return peak * (step + 1) / rising
    done = (step - rising) / max(1, total - rising)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
