"""Rows of a labelled corpus as exemplars: passages whose emotions are their gold labels.

Takes a corpus and a taxonomy; gives passages, each with its conversation, so that a query never finds turns of its own.
"""

from collections.abc import Iterable, Iterator

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.documents.ids import Ids
from thymos.retrieval.passage import EXEMPLAR, Passage


def read_exemplars(
    rows: Iterable[Sample | BadRow], taxonomy: Taxonomy, *, name: str, licence: str = ""
) -> Iterator[Passage]:
    """Make passages of labelled rows; rows without text or gold labels are left out.

    Args:
        rows: of a corpus.
        taxonomy: of the gold labels.
        name: of the document; ids begin with it.
        licence: of the corpus.

    Raises:
        InputError: a gold label is not of the taxonomy.
    """
    known, ids = frozenset(taxonomy.names), Ids(name)
    for row in rows:
        if isinstance(row, BadRow) or not row.gold or not (row.text or "").strip():
            continue
        if outside := [label for label in row.gold if label not in known]:
            raise InputError(
                f"gold labels must be of taxonomy {taxonomy.name!r} ({', '.join(taxonomy.names)}), got {outside[0]!r} "
                f"in row {row.id}; name another taxonomy"
            )
        yield Passage(
            id=ids(row.id),
            text=(row.text or "").strip(),
            kind=EXEMPLAR,
            emotions=tuple(row.gold),
            licence=licence,
            document=name,
            dialogue=row.dialogue,
            taxonomy=taxonomy.name,
        )
