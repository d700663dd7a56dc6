"""Rows to draw from, rows to test on and synthetic rows, read and kept apart.

Takes corpora and a label set; gives rows whose labels are in it. A real row that the test set holds too is left out of
the pool, and a synthetic one is refused: what is in the test set can teach nobody.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.opening import open_corpus
from thymos.adapters.sample import Sample
from thymos.adapters.words import SIGNS
from thymos.finetune.augment.synth_file import LINES, PARQUET, records
from thymos.finetune.augment.values import Row
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Taxonomy

_NAMED = 5  # ids in an error
_BETWEEN = re.compile(rf"(?:[^\w{SIGNS}]|_)+")


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of one corpus, with what was left out.

    Attributes:
        rows: with labels of the label set scored in.
        left_out: reason -> number of rows.
    """

    rows: tuple[Row, ...]
    left_out: dict[str, int]


def read_rows(
    samples: Iterable[Sample | BadRow], taxonomy: Taxonomy, translation: LabelMap | None = None, *, what: str
) -> Read:
    """Read labelled rows of a corpus.

    Args:
        samples: the corpus.
        taxonomy: label set scored in.
        translation: from the corpus' own label set into it; None where that is it.
        what: what the rows are called in errors.

    Raises:
        InputError: no row is left, or a label is not in the label set.
    """
    rows: list[Row] = []
    left_out: dict[str, int] = {}
    known = frozenset((translation.source if translation else taxonomy).names)
    for sample in samples:
        if isinstance(sample, BadRow):
            reason = "could not be read"
        elif not sample.text or not sample.text.strip():
            reason = "no text"
        elif not sample.gold:
            reason = "no label"
        else:
            _check_labels(sample.gold, known, f"{what} row {sample.id!r}", (translation or taxonomy))
            labels = translation.labels(sample.gold) if translation else tuple(dict.fromkeys(sample.gold))
            reason = _unfit(labels, taxonomy)
            if not reason:
                rows.append(Row(sample.id, sample.text, labels))
                continue
        left_out[reason] = left_out.get(reason, 0) + 1
    if not rows:
        told = "; ".join(f"{n:,} with {reason}" for reason, n in left_out.items()) or "no row"
        raise InputError(f"{what} rows must have text and labels of {taxonomy.name!r}, got {told}; check the columns")
    return Read(tuple(rows), left_out)


def read_synthetic(path: Path, taxonomy: Taxonomy, format: str = "auto") -> Read:  # noqa: A002 - as in `open_corpus`
    """Read synthetic rows: what `thymos synth` wrote, or any labelled corpus in the label set scored in.

    A dialogue gives its labelled turns, one row each.

    Raises:
        InputError: a row is none, or a label is not in the label set.
    """
    if format == "auto" and path.suffix in (*LINES, *PARQUET) and path.is_file():
        found = tuple(_synth_rows(path, taxonomy))
        if found:
            return Read(found, {})
    samples = open_corpus(str(path), format=format, columns=Columns(), context_turns=0)
    return read_rows(samples, taxonomy, what="synthetic")


def apart(pool: Sequence[Row], test: Sequence[Row]) -> tuple[tuple[Row, ...], int]:
    """Return the pool without rows that the test set holds too, and how many those were."""
    held = {words_of(row.text) for row in test}
    kept = tuple(row for row in pool if words_of(row.text) not in held)
    if not kept:
        raise InputError(
            "real rows must be others than the test rows, got none that are; name another --real or --test"
        )
    return kept, len(pool) - len(kept)


def refuse_copies(synthetic: Sequence[Row], test: Sequence[Row]) -> None:
    """Refuse synthetic rows that say what a test row says, but for case, punctuation and space.

    Raises:
        InputError: there are some.
    """
    held = {words_of(row.text) for row in test}
    copies = [row.id for row in synthetic if words_of(row.text) in held]
    if copies:
        named = ", ".join(copies[:_NAMED]) + (", ..." if len(copies) > _NAMED else "")
        raise InputError(
            f"synthetic rows must not stand in the test set, got {len(copies):,} that do ({named}); take them out of "
            "the file"
        )


def words_of(text: str) -> str:
    """Return what two copies have in common: the words, whatever case, punctuation and space; all where none are."""
    told = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return _BETWEEN.sub(" ", told).strip() or text.strip()


def _unfit(labels: Sequence[str], taxonomy: Taxonomy) -> str:
    """Return why a row cannot be scored, or nothing."""
    if not labels:
        return "a label unknown there"
    return "several labels" if taxonomy.kind is Kind.SINGLE and len(labels) > 1 else ""


def _check_labels(labels: Sequence[str], known: frozenset[str], where: str, of: Taxonomy | LabelMap) -> None:
    if outside := [label for label in labels if label not in known]:
        name = of.source.name if isinstance(of, LabelMap) else of.name
        raise InputError(
            f"labels of {where} must be of {name!r} ({', '.join(sorted(known))}), got {outside[0]!r}; name its label "
            "set with --taxonomy"
        )


def _synth_rows(path: Path, taxonomy: Taxonomy) -> Iterator[Row]:
    """Yield utterances and labelled turns of a file of `thymos synth`; nothing if it is another sort of file."""
    known = frozenset(taxonomy.names)
    for number, row in enumerate(records(path), start=1):
        if row.get("kind") not in ("utterance", "dialogue"):
            if number == 1:
                return
            raise InputError(
                f"{path.name} row {number} must be an utterance or a dialogue as the first one is, got kind "
                f"{row.get('kind')!r}; mend or remove it"
            )
        for found in _utterances(row, str(row.get("id", number))):
            _check_labels(found.labels, known, f"synthetic row {found.id!r}", taxonomy)
            if not _unfit(found.labels, taxonomy) and found.text.strip():
                yield found


def _utterances(row: dict[str, object], name: str) -> Iterator[Row]:
    """Yield the labelled utterances of one row."""
    turns = row.get("turns")
    if row["kind"] == "dialogue" and isinstance(turns, list):
        for number, turn in enumerate(turns):
            if isinstance(turn, dict) and turn.get("label") and isinstance(turn.get("text"), str):
                yield Row(f"{name}-{number}", turn["text"], (str(turn["label"]),))
        return
    labels = row.get("labels")
    names = tuple(dict.fromkeys(str(each) for each in labels)) if isinstance(labels, list) else ()
    if names and isinstance(row.get("text"), str):
        yield Row(name, str(row["text"]), names)
