"""Corpora of one's own: texts to compare with, examples to show, and what a corpus lacks.

Takes paths; gives texts with labels. Rows that can't be read are left out and counted. Knows nothing of gates.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its labels; none where it has none."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """Rows of a corpus, and how many could not be read."""

    rows: tuple[Labelled, ...]
    bad: int


def read_texts(path: str, *, label_column: str | None = None, format: str = "auto") -> Texts:  # noqa: A002
    """Read a corpus.

    Args:
        path: file, folder or hub id.
        label_column: with the labels; obvious names are found without it.
        format: as in `open_corpus`.

    Raises:
        InputError: it can't be read, or has no text.
    """
    from thymos.adapters.readers import Columns, open_corpus

    try:
        corpus = open_corpus(path, format=format, columns=Columns(label=label_column), context_turns=0)
    except InputError as error:
        if not Path(path).is_file() or "--text-column" not in str(error):
            raise
        problem = str(error).rpartition("; ")[0]  # its advice is for other commands
        advice = "tell its layout with --corpus-format, or name its columns in the first line"
        raise InputError(f"{problem}, in {path!r}; {advice}") from error
    rows, bad = [], 0
    for each in corpus:
        if isinstance(each, BadRow) or not (each.text or "").strip():
            bad += 1
        else:
            rows.append(Labelled(str(each.text), each.gold or ()))
    if not rows:
        raise InputError(f"corpus must have rows with text, got none in {path!r}; check the file and its columns")
    return Texts(tuple(rows), bad)


def missing(texts: Texts, taxonomy: Taxonomy, to: int | None = None) -> Mapping[str, int]:
    """Return what a corpus lacks: label -> rows up to the largest label, or up to a number.

    Raises:
        InputError: no row has a label of the taxonomy, or nothing is missing.
    """
    there = Counter(label for row in texts.rows for label in row.labels if label in taxonomy.names)
    if not there:
        raise InputError(
            f"corpus must have labels of {taxonomy.name!r} ({', '.join(taxonomy.names)}), got none; name its column "
            "with --label-column, or its label set with --taxonomy"
        )
    wanted = to or max(there.values())
    lacks = {name: wanted - there[name] for name in taxonomy.names if there[name] < wanted}
    if not lacks:
        raise InputError(f"corpus must lack something, got at least {wanted:,} rows of every label; raise --to")
    return lacks


def test_name(path: str) -> str:
    """Return by what name a test set is told: its file's."""
    return Path(path).name
