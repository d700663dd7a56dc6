"""`thymos eval`: scores a labelled file against gold labels, and writes figures, provenance and pictures.

Takes the arguments of the command line; reads, scores, writes, prints, each by one function of
`thymos.finetune`. Holds no metric.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.agent.cli.eval_inputs import GoldRows
    from thymos.finetune.predictions import PredictionFile
    from thymos.finetune.scores import Scores

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def evaluate(
    labelled: Path,
    /,
    *,
    gold: str | None = None,
    gold_column: str | None = None,
    corpus_format: Annotated[str, Parameter(name="--format")] = "auto",
    encoding: str = "utf-8",
    text_column: str | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    where: Annotated[list[str] | None, Parameter(negative="")] = None,
    taxonomy: str | None = None,
    gold_taxonomy: str | None = None,
    at: str | None = None,
    ignore: Annotated[list[str] | None, Parameter(negative="")] = None,
    drop_unknown_gold: Flag = False,
    exclude: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    plots: Path | None = None,
    no_plots: Flag = False,
    bootstrap: NonNegativeInt = 1000,
    seed: NonNegativeInt = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Score labels against gold labels: table, score file and pictures.

    Every figure is over all rows: a row that abstained has no label, which is a miss. Gold rows without a
    prediction are not scored; they are counted and named.

        thymos eval out.parquet --gold test.tsv --format goemotions
        thymos eval out.parquet --gold-column emotion --ignore "no emotion"
        thymos eval out.parquet --gold test.tsv --format goemotions --at ekman -o ekman.json

    Args:
        labelled: File that `thymos label` wrote: .parquet, .jsonl or .csv.
        gold: Corpus with gold labels, joined by id: the file (or hub id) that was labelled.
        gold_column: Column of the labelled file itself that holds the gold labels (see `--keep-columns`).
        corpus_format: Format of the gold corpus, as in `thymos label`.
        encoding: Character encoding of the gold corpus, likewise.
        text_column: Column of the gold corpus with the text.
        id_column: Column of the gold corpus with the ids.
        label_column: Column of the gold corpus with the gold labels.
        label_separator: What stands between several gold labels in one cell.
        where: Condition on rows of the gold corpus, as in `thymos label`; may be repeated.
        taxonomy: Label set of the predictions: a name or a YAML file. The labelled file tells, unless given.
        gold_taxonomy: Label set of the gold labels, where it is another one.
        at: Label set to score in; predictions and gold labels are mapped into it.
        ignore: Label left out of macro, micro and weighted F1; may be repeated.
        drop_unknown_gold: Leave rows out that have a gold label outside its label set; else an error.
        exclude: File whose lines begin with the id of a row, or of a dialogue, that is not to be scored; what
            follows a tab or a comma is not read.
        output: Score file; LABELLED.scores.json unless given.
        plots: Folder for the pictures; beside the score file unless given.
        no_plots: Draw no pictures.
        bootstrap: Resamples for the 95 % intervals; 0 for none.
        seed: Seed of the resamples.
        as_json: Print the content of the score file instead of the table.
    """
    from rich.console import Console

    from thymos.adapters.readers.columns import Columns
    from thymos.agent.cli.eval_inputs import excluded_ids, find_view, gold_rows, recorded_taxonomy
    from thymos.finetune.evaluate import evaluate as score_rows
    from thymos.finetune.predictions import open_predictions

    if plots and no_plots:
        raise InputError("pictures must be wanted or not, got --plots and --no-plots; give one of them")
    destination = _destination(labelled, gold, output)
    file = open_predictions(labelled)
    view = find_view(taxonomy or recorded_taxonomy(file), gold_taxonomy, at)
    columns = Columns(text=text_column, id=id_column, label=label_column)
    found = gold_rows(file, gold, gold_column, corpus_format, columns, label_separator, where or (), encoding)
    scores = score_rows(
        file.rows(),
        found.samples,
        view.taxonomy,
        prediction_map=view.prediction_map,
        gold_map=view.gold_map,
        ignore=ignore or (),
        drop_unknown_gold=drop_unknown_gold,
        exclude=excluded_ids(exclude) if exclude else (),
        bootstrap=bootstrap,
        seed=seed,
    )
    options = {
        "taxonomy": view.taxonomy.name,
        "gold_taxonomy": gold_taxonomy,
        "at": at,
        "ignore": ignore or [],
        "drop_unknown_gold": drop_unknown_gold,
        "exclude": exclude.name if exclude else None,
        "gold_column": gold_column,
        "where": where or [],
        "bootstrap": bootstrap,
        "seed": seed,
    }
    document = _write(scores, file, found, options, destination)
    pictures = () if no_plots else _draw(scores, destination, plots, f"{labelled.name} against {found.source}")
    _show(scores, document, (destination, *pictures), as_json)
    if found.numbered and _of_another_file(document):
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "the gold corpus is another file than the one that was labelled, and has no ids: rows were joined by their "
            "number"
        )


def _destination(labelled: Path, gold: str | None, output: Path | None) -> Path:
    """Return where the score file goes, before the work: into a folder, and over none of the inputs."""
    destination = output or labelled.with_suffix(".scores.json")
    if not destination.parent.is_dir():
        raise InputError(
            f"folder of the score file must exist, got {str(destination.parent)!r}; make it or choose "
            "another with --output"
        )
    for given in (labelled, *([Path(gold)] if gold else [])):
        if destination.exists() and given.exists() and destination.samefile(given):
            raise InputError(
                f"score file must not overwrite an input, got {str(destination)!r}; choose another with --output"
            )
    return destination


def _write(
    scores: "Scores",
    file: "PredictionFile",
    gold: "GoldRows",
    options: Mapping[str, object],
    destination: Path,
) -> dict[str, Any]:
    """Write the score file and return its content."""
    from thymos.finetune.scorefile import Origin, score_document, write_score
    from thymos.finetune.surroundings import command_line

    document = score_document(
        scores,
        Origin(
            predictions=file.path.name,
            predictions_sha256=file.sha256(),
            provenance=file.metadata,
            as_written=file.as_written(),
            gold=gold.source,
            gold_identity=gold.identity,
            options=options,
            command=command_line(),
        ),
    )
    write_score(destination, document)
    return document


def _draw(scores: "Scores", destination: Path, folder: Path | None, title: str) -> tuple[Path, ...]:
    """Draw what there is to draw and return the files."""
    from thymos.finetune.plots import draw_confusion, draw_reliability

    folder = folder or destination.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"picture folder must be a folder, got {str(folder)!r} ({error.strerror}); choose another with --plots"
        ) from error
    stem = destination.name.removesuffix(".json").removesuffix(".scores")
    drawn = []
    if scores.confusion:
        drawn.append(folder / f"{stem}.confusion.png")
        draw_confusion(scores.confusion, drawn[-1], title)
    if scores.calibration:
        drawn.append(folder / f"{stem}.reliability.png")
        draw_reliability(scores.calibration, drawn[-1], title)
    return tuple(drawn)


def _show(scores: "Scores", document: Mapping[str, Any], written: Iterable[Path], as_json: bool) -> None:
    """Print results on standard output and remarks on standard error."""
    from rich.console import Console

    from thymos.agent.cli.eval_report import remarks, report
    from thymos.finetune.scorefile import to_json

    if as_json:
        sys.stdout.write(to_json(document))
    else:
        Console().print(report(scores))
    messages = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for remark in remarks(scores):
        messages.print(remark)
    if document["predictions"]["as_written"] is False:
        messages.print("the labelled file was changed since its run wrote it; its provenance may not be true of it")
    for path in written:
        messages.print(f"wrote {path}")


def _of_another_file(document: Mapping[str, Any]) -> bool:
    """Say whether gold labels come from another file than the labels, as far as both are known."""
    labelled = ((document["predictions"]["provenance"] or {}).get("identity") or {}).get("input") or {}
    gold = document["gold"]["identity"] or {}
    return "sha256" in labelled and labelled["sha256"] != gold.get("sha256", labelled["sha256"])
