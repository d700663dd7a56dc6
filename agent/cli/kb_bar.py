"""A progress bar over texts that are embedded, and the base that a command means, made under one.

Takes a folder; gives a `KnowledgeBase`. Used by every command that opens a base.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thymos.agent.cli.pace import Pace, duration

if TYPE_CHECKING:
    from rich.console import Console

    from thymos.retrieval.knowledge_base import KnowledgeBase


@contextmanager
def embedding_bar(title: str, console: "Console | None" = None) -> Iterator[Callable[[int, int], None]]:
    """Give what is to be called with texts done and texts to do.

    On a terminal it draws a bar that is gone at the end; elsewhere it writes a line every half minute.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lines(title, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
        return
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def lines(
    title: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """Return what says how far the work is, at most every half minute; work that is done by then says nothing."""
    pace = Pace(clock)

    def told(done: int, total: int) -> None:
        if done < total and pace.due():
            left = pace.elapsed * (total - done) / max(1, done)
            say(f"{title}: {done:,} of {total:,} texts embedded, {duration(left)} left")

    return told


def opened(folder: Path | None) -> "KnowledgeBase":
    """Open the base of a folder, or the default one, which is made on first use.

    Raises:
        ThymosError: as `open_base`.
    """
    from thymos.retrieval.builtin import open_base

    with embedding_bar("shipped passages") as told:
        return open_base(folder, on_progress=told)
