"""`Corpus`: a stream of rows that can be walked again and identified, whatever file it came from.

Readers give it, runs take it. Knows nothing of file formats or of what is done with a row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from thymos.adapters.sample import Sample


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be labelled.

    Attributes:
        row: 1-based number of the row among all rows of the corpus, good and bad (a header is no row).
        reason: one sentence: what is wrong and what to do.
        id: the row's own identifier where it could be read.
        excerpt: the first 80 characters of the offending content where there are any.
    """

    row: int
    reason: str
    id: str | None = None
    excerpt: str | None = None


class Corpus(Protocol):
    """Rows in input order; iterating twice gives the same rows."""

    @property
    def source(self) -> str:
        """What the user named: a path or a hub id."""
        ...

    def __iter__(self) -> Iterator[Sample | BadRow]:
        """Yield every row once, good or bad, holding no more than a bounded window in memory."""
        ...

    def identity(self) -> Mapping[str, object]:
        """Return what makes these rows these rows: SHA-256 of the content, format, column names, options.

        The values are JSON; the path is not among them, since a copied file is the same corpus.
        """
        ...
