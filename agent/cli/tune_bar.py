"""The progress bar of a fine-tuning, on standard error: steps, loss, tokens/s, time left, dev.

Takes `Progress` values. On a terminal it draws a bar; elsewhere it writes a line every half minute.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from thymos.agent.cli.pace import Pace
from thymos.finetune.training.watch import Progress

_FORGET = 0.98  # of the running mean of the loss, a step


class TuneBar:
    """Draws what it is called with, between `with` and the end of the block."""

    def __init__(self, console: Console, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._quiet = quiet
        self._pace = Pace(clock)
        self._bar = Bar(
            TextColumn("tuning"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, figures="")
        self._loss: float | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""
        self._bar.stop()

    def encoded(self, done: int, total: int) -> None:
        """Show how many recordings are encoded."""
        self._before(done, total, "recordings encoded")

    def read(self, done: int, total: int) -> None:
        """Show how many turns are read."""
        self._before(done, total, "turns read")

    def explained(self, done: int, total: int) -> None:
        """Show how many rows are explained."""
        self._before(done, total, "rows explained")

    def _before(self, done: int, total: int, what: str) -> None:
        """Show how far something is that comes before the first step."""
        if not self._bar.disable:
            self._bar.update(self._task, completed=done, total=total, figures=what)
        elif not self._quiet and self._pace.due():
            self._console.print(f"{done:,} of {total:,} {what}", soft_wrap=True)

    def __call__(self, progress: Progress) -> None:
        """Show how far the run is."""
        step = progress.step
        if step.number == 1:  # perhaps of another fold
            self._loss = None
        self._loss = step.loss if self._loss is None else _FORGET * self._loss + (1 - _FORGET) * step.loss
        figures = f"loss {self._loss:.3f}, {progress.tokens_per_second:,.0f} tokens/s"
        if progress.dev:
            shown = {name: each.shown for name, each in progress.dev.items()}
            figures += f", dev {next(iter(shown.values()))[0]} " + ", ".join(
                f"{name} {value:.3f}" for name, (_, value) in shown.items()
            )
        if not self._bar.disable:
            self._bar.update(self._task, completed=step.number, total=step.total, figures=figures)
        elif not self._quiet and (self._pace.due() or step.number == step.total):
            self._console.print(f"step {step.number:,} of {step.total:,}, {figures}", soft_wrap=True)
