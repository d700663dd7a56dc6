"""`TextFormat` and `Layout`: what the registry holds.

A format says how bytes become records; a layout (a named format such as `meld`) which columns they have and
how a line that holds a dialogue becomes its turns. Values, with nothing to compute.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.records import Item, Record


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A format of characters.

    Attributes:
        name: what `--format` calls it.
        suffixes: endings of file names that mean it.
        read: byte stream, encoding -> records.
        has_header: whether the first record shows all columns.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[ByteStream, str], Iterator[Item]]
    has_header: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A published corpus as it lies in its files.

    Attributes:
        name: what `--format` calls it.
        columns: which column holds what.
        expand: one record as read and its number from 1 -> records with those columns (the turns of a
            dialogue).
        formats: readers of its own in place of the general ones, by format name.
        default: general format when the file's name does not tell.
    """

    name: str
    columns: Columns
    default: str
    expand: Callable[[Record, int], Iterable[Item]]
    formats: Mapping[str, TextFormat] = field(default_factory=dict)
