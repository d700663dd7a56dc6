"""The progress bar of a run, on standard error: rows, rows/s, time left, bad rows.

Takes `Progress` values. On a terminal it draws a bar; elsewhere it writes a line every half minute.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from thymos.agent.cli.pace import Pace, duration
from thymos.agent.runs.progress import Progress

_SPEED_OVER = 120.0  # s, so that several chunks count


class RunBar:
    """Draws what it is called with, between `with` and the end of the block."""

    def __init__(
        self,
        console: Console,
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        doing: str = "labelling",
    ) -> None:
        self._console = console
        self._quiet = quiet
        self._pace = Pace(clock)
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[bad]}"),
            console=console,
            speed_estimate_period=_SPEED_OVER,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task(doing, total=None, rate="", bad="")
        self._stage = "label"

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""
        self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the run is."""
        if self._bar.disable:
            self._say(progress)
            return
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._bar.reset(self._task, description="writing", rate="")
        bad = f"{progress.bad:,} bad" if progress.bad else ""
        if progress.stage == "label" and progress.rows == progress.resumed:
            # Rows of an earlier session took no time now: they must not count for the speed.
            self._bar.reset(self._task, completed=progress.rows, total=progress.total, bad=bad)
            self._pace.start()
            return
        rate = self._rate(progress) if progress.stage == "label" else ""
        self._bar.update(self._task, completed=progress.rows, total=progress.total, rate=rate, bad=bad)

    def _say(self, progress: Progress) -> None:
        """Write a line where no bar can be drawn."""
        if self._quiet or progress.stage != "label":
            return
        if progress.rows == progress.resumed:
            self._pace.start()
        if not self._pace.due():
            return
        of = f" of {progress.total:,}" if progress.total else ""
        self._console.print(
            f"{progress.rows:,}{of} rows, {self._rate(progress)}{self._left(progress)}, {progress.bad:,} bad",
            highlight=False,
            soft_wrap=True,
        )

    def _speed(self, progress: Progress) -> float:
        """Return rows per second of this session."""
        return (progress.rows - progress.resumed) / self._pace.elapsed

    def _rate(self, progress: Progress) -> str:
        return f"{self._speed(progress):,.1f} rows/s"

    def _left(self, progress: Progress) -> str:
        speed = self._speed(progress)
        if not progress.total or not speed:
            return ""
        return f", {duration((progress.total - progress.rows) / speed)} left"
