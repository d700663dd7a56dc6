"""Conditions on rows: which rows of a corpus are meant, by the cells of a column.

Takes `split=test`, `fold5!=0` or `emotion=anger,fear`; says of a record whether it is meant. Knows nothing of samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thymos.adapters.readers.columns import listed
from thymos.prompts.errors import InputError


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        column: whose cells are compared, as text.
        values: that are meant.
        negated: whether all others are meant instead.
    """

    column: str
    values: frozenset[str]
    negated: bool

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Say whether a record is meant; a missing cell is compared as an empty one."""
        cell = values.get(self.column)
        return (("" if cell is None else str(cell)) in self.values) != self.negated


def conditions(texts: Sequence[str], names: Sequence[str]) -> tuple[Condition, ...]:
    """Read conditions.

    Args:
        texts: `column=value,value` or `column!=value,value`.
        names: the columns that exist.

    Raises:
        InputError: one is written another way, or names a column that does not exist.
    """
    found = []
    for text in texts:
        left, equals, right = text.partition("=")
        column, negated = left.removesuffix("!").strip(), left.endswith("!")
        if not equals or not column:
            raise InputError(f"where must be column=value or column!=value, got {text!r}; for example split=test")
        if column not in names:
            raise InputError(f"where must name a column that exists, got {column!r}; there are {listed(names)}")
        found.append(Condition(column, frozenset(value.strip() for value in right.split(",")), negated))
    return tuple(found)
