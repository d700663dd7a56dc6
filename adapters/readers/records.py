"""`Record` and `Broken`: what a file format gives, before anybody decides which column means what.

A format reader yields these in file order. `Records` is one opened source of them. Knows nothing of samples,
columns' meaning or dialogues.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

MEASURED = 1000  # items that an estimate of the number of rows looks at
EXCERPT = 80  # characters of offending content that an error row shows


@dataclass(frozen=True, slots=True)
class Record:
    """One row as read.

    Attributes:
        values: column -> value; strings from text formats, Python objects from the others.
        id: identifier composed by a named format, else None (the id column or the row number decides).
        context_only: an utterance that is heard but not to be labelled (a listener's turn); it is no row.
    """

    values: Mapping[str, Any]
    id: str | None = None
    context_only: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not be read.

    Attributes:
        reason: one sentence: what is wrong and what to do.
        excerpt: beginning of the content, printable, or None.
        id: the row's identifier where it could be read.
    """

    reason: str
    excerpt: str | None = None
    id: str | None = None


Item = Record | Broken


class Damaged(Exception):  # noqa: N818 - a state of the file, caught inside this package, never shown as an error
    """The source cannot be read beyond this point; its message becomes the last error row."""


class Records(Protocol):
    """One source of records; iterating twice gives the same."""

    @property
    def same_columns(self) -> bool:
        """Whether every record has the columns of the first."""
        ...

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Column names where the source declares them, or None when the rows must be looked at."""
        ...

    def __iter__(self) -> Iterator[Item]:
        """Yield every record once, in order, holding a bounded amount of memory."""
        ...

    def digest(self) -> Mapping[str, object]:
        """Return what identifies the content, as JSON values."""
        ...

    def measure(self, weigh: Callable[[Item], int]) -> tuple[int, float] | None:
        """Return the summed weight of the first items and the share of the source that they make up.

        None when the size of the source is unknown.
        """
        ...


def excerpt(text: str) -> str:
    """Return the beginning of `text` as valid Unicode (undecodable bytes shown as escapes)."""
    return text[:EXCERPT].encode("utf-8", "backslashreplace").decode("utf-8")


def shown(value: object) -> str:
    """Return a value for an error: its beginning, or its type where it has (perhaps deeply nested) parts."""
    if value is None or isinstance(value, str | int | float):
        return repr(excerpt(str(value)))
    return type(value).__name__


def reason(error: BaseException) -> str:
    """Return the first line of another library's message, without its full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def identifier(value: object, otherwise: object) -> str:
    """Return a value as an identifier, or `otherwise` where it is empty or has parts."""
    missing = value == "" or value != value
    return str(value) if isinstance(value, str | int | float) and not missing else str(otherwise)


def unique(names: list[str]) -> list[str]:
    """Return column names with empty ones numbered and repeated ones marked (`text`, `text (2)`)."""
    seen: dict[str, int] = {}
    taken = set(names)
    result = []
    for position, raw in enumerate(names, start=1):
        name = raw if raw.strip() else f"column {position}"
        seen[name] = count = seen.get(name, 0) + 1
        candidate = name
        while count > 1 and (candidate := f"{name} ({count})") in taken:
            count += 1
        taken.add(candidate)
        result.append(candidate)
    return result


def measure_rows(items: Iterable[Item], weigh: Callable[[Item], int], total: int) -> tuple[int, float]:
    """Return the weight of the first items and their share of all, for a source that knows its length."""
    weights = [weigh(item) for item in islice(items, MEASURED)]
    return sum(weights), len(weights) / total if total else 1.0
