"""A progress bar over texts that are embedded, and the base that a command means, made under one.

Takes a folder; gives a `KnowledgeBase`. Used by every command that opens a base.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thymos.retrieval.knowledge_base import KnowledgeBase


@contextmanager
def embedding_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is to be called with texts done and texts to do; shown on a terminal alone, and gone at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def opened(folder: Path | None) -> "KnowledgeBase":
    """Open the base of a folder, or the default one, which is made on first use.

    Raises:
        ThymosError: as `open_base`.
    """
    from thymos.retrieval.builtin import open_base

    with embedding_bar("shipped passages") as told:
        return open_base(folder, on_progress=told)
