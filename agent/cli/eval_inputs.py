"""What `thymos eval` compares: gold rows from a corpus or a column, and the label sets on both sides.

Takes the words of the command line; gives readers and maps, opened and checked. Scores nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.opening import open_corpus
from thymos.adapters.sample import Sample
from thymos.finetune.gold import gold_of_cell
from thymos.finetune.predictions import PredictionFile
from thymos.finetune.provenance import taxonomy_name
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class GoldRows:
    """Gold rows with what the score file says of them; whether they are told apart by their numbers alone."""

    source: str
    samples: Iterable[Sample | BadRow]
    identity: Mapping[str, object] | None
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Label set of the predictions, and the way from predictions and gold to the label set scored in."""

    taxonomy: Taxonomy
    prediction_map: LabelMap | None
    gold_map: LabelMap | None


def recorded_taxonomy(file: PredictionFile) -> str:
    """Return the taxonomy that the labelled file says it was labelled with."""
    name = taxonomy_name(file.metadata)
    if name is None:
        raise InputError(f"taxonomy must be known, got none recorded with {str(file.path)!r}; name it with --taxonomy")
    return name


def find_view(taxonomy: str, gold_taxonomy: str | None, at: str | None) -> View:
    """Find the label sets and the maps between them."""
    spoken = gold_taxonomy or taxonomy
    target = at or spoken
    return View(
        taxonomy=load_taxonomy(taxonomy),
        prediction_map=None if target == taxonomy else load_map(taxonomy, target),
        gold_map=None if target == spoken else load_map(spoken, target),
    )


def gold_rows(
    file: PredictionFile,
    gold: str | None,
    column: str | None,
    corpus_format: str,
    columns: Columns,
    separator: str | None,
    where: Sequence[str] = (),
    encoding: str = "utf-8",
) -> GoldRows:
    """Open the gold corpus, or take the gold labels from a column of the labelled file."""
    if (gold is None) == (column is None):
        raise InputError(
            f"gold labels must come from one place, got {'two' if gold else 'none'}; give either "
            "--gold CORPUS or --gold-column NAME"
        )
    if gold is not None:
        corpus = open_corpus(
            gold,
            format=corpus_format,
            columns=columns,
            label_separator=separator,
            where=where,
            encoding=encoding,
            gold_only=True,
        )
        source = Path(gold).name if Path(gold).exists() else gold
        return GoldRows(source, corpus, corpus.identity(), corpus.numbered)
    assert column is not None

    def samples() -> Iterator[Sample]:
        for row in file.rows(keep=[column]):
            yield Sample(row.id, gold=gold_of_cell(row.kept[column], separator))

    return GoldRows(f"column {column}", samples(), None)


def excluded_ids(path: Path) -> frozenset[str]:
    """Read ids that are not to be scored: the first cell of each line, of a CSV or TSV file or of a plain list.

    Raises:
        InputError: the file can't be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"file of excluded ids must be readable text, got {str(path)!r} ({error}); check it"
        ) from error
    cells = (line.replace("\t", ",").partition(",")[0].strip() for line in lines)
    return frozenset(name for cell in cells if (name := _unquoted(cell)))


def _unquoted(cell: str) -> str:
    """Return an id as it is meant where it stands in quotes, as some programs write every cell."""
    return cell[1:-1].replace('""', '"').strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
