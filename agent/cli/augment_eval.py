"""`thymos augment-eval`: whether synthetic rows help where real ones are scarce, measured on a real test set.

Takes the arguments of the command line; reads, runs, scores, writes and prints, each by one function of
`thymos.finetune.augment`. Holds no figure.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt, PositiveInt

from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.finetune.augment.values import Cell

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Many = Annotated[list[str] | None, Parameter(negative="", show_default=False)]
_USUAL_SIZES = ("16", "64", "256")
_USUAL_CLASSIFIERS = ("tfidf", "minilm")


def augment_eval(
    synthetic: Path | None = None,
    /,
    *,
    real: str,
    test: str,
    taxonomy: str,
    output: Annotated[Path, Parameter(alias="-o")],
    corpus_format: Annotated[str, Parameter(name="--format")] = "auto",
    text_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    at: str | None = None,
    size: Many = None,
    seeds: PositiveInt = 5,
    classifier: Many = None,
    edits: PositiveInt | None = None,
    paraphrase: Flag = False,
    without: Many = None,
    bootstrap: NonNegativeInt = 1000,
    seed: NonNegativeInt = 0,
    plot: Path | None = None,
    quiet: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Measure whether synthetic rows help a classifier that has few real ones.

    Draws so many real rows of each label, trains with and without the synthetic rows and with what costs nothing
    (repeated rows, EDA word edits, paraphrases), labels the real test set, and says in a sentence whether to use the
    rows. Everything is chosen on the training draw alone. A synthetic row that stands in the test set is refused. Rows
    that were written after more real examples than the draw holds make the gain look larger than it is.

        thymos augment-eval synthetic.jsonl --real train.tsv --test test.tsv --format dair --taxonomy dair -o gain.json
        thymos augment-eval synthetic.jsonl --real train.tsv --test test.tsv --format goemotions --taxonomy goemotions \
--at ekman --size 16 --size all -o gain.json

    It can be stopped or killed at any moment; the same command goes on where it stopped.

    Args:
        synthetic: File that `thymos synth` wrote, or any labelled corpus in the label set scored in. Without it the
            cheap alternatives alone are compared.
        real: Corpus to draw real rows from.
        test: Corpus to label; never learnt from. Real rows that stand in it too are left out.
        taxonomy: Label set of the real rows and of the test rows.
        output: Score file; results of each part lie in a folder beside it.
        corpus_format: Format of the two corpora, as in `thymos label`.
        text_column: Column of the two corpora with the text.
        label_column: Column of the two corpora with the labels.
        label_separator: What stands between several labels in one cell.
        at: Label set to score in, which synthetic rows are in; real labels are mapped into it.
        size: Real rows a label, or `all`; may be repeated. 16, 64 and 256 unless given.
        seeds: Number of draws.
        classifier: `tfidf`, `minilm`, or `recipe:NAME`, which tunes the language model each time and is slow; may be
            repeated. The first two unless given.
        edits: Edited texts that EDA makes of a row; as many as its paper advises unless given.
        paraphrase: Compare with paraphrases by the embedded language model too.
        without: `oversample` or `eda`, not to be compared; may be repeated. EDA of a whole corpus takes long.
        bootstrap: Resamples for the 95 % intervals; 0 for none.
        seed: Of the first draw and of the resamples.
        plot: Picture of the curves; beside the score file unless given.
        quiet: No progress bar.
        as_json: Print the content of the score file instead of the tables.
    """
    from rich.console import Console

    from thymos.agent.cli.augment_inputs import Wish, prepared
    from thymos.agent.cli.augment_report import report
    from thymos.finetune.augment.cells import Cells
    from thymos.finetune.augment.curves import draw_curves
    from thymos.finetune.augment.document import document
    from thymos.finetune.augment.experiment import run
    from thymos.finetune.augment.outcome import outcomes, rarest
    from thymos.finetune.augment.verdict import verdicts
    from thymos.finetune.scorefile import to_json, write_score
    from thymos.finetune.surroundings import command_line

    picture = plot or output.with_suffix(".png")
    _check_places((output, picture), (synthetic, Path(real), Path(test)))
    wish = Wish(
        synthetic=synthetic,
        real=real,
        test=test,
        taxonomy=taxonomy,
        at=at,
        format=corpus_format,
        text_column=text_column,
        label_column=label_column,
        label_separator=label_separator,
        sizes=tuple(size or _USUAL_SIZES),
        seeds=tuple(range(seed, seed + seeds)),
        classifiers=tuple(classifier or _USUAL_CLASSIFIERS),
        edits=edits,
        paraphrase=paraphrase,
        without=tuple(without or ()),
    )
    ready = prepared(wish, output.with_suffix(".work"))
    experiment, labels = ready.experiment, ready.experiment.taxonomy.names
    with _bar(quiet) as told:
        results = run(experiment, Cells(output.with_suffix(".cells"), ready.identity), told)
    rare = rarest(experiment.pool, labels)
    found = outcomes(results, experiment.test, labels, rare, resamples=bootstrap, seed=seed)
    judged = verdicts(found)
    content = document(
        experiment,
        results,
        found,
        judged,
        rare=rare,
        resamples=bootstrap,
        seed=seed,
        options={**wish.told(), "bootstrap": bootstrap, "remarks": list(ready.remarks)},
        command=command_line(),
    )
    write_score(output, content)
    draw_curves(found, picture, f"{experiment.taxonomy.title}: {len(experiment.test):,} test rows, {seeds} seeds")
    if as_json:
        sys.stdout.write(to_json(content))
    else:
        Console().print(report(found, judged, rare))
    messages = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for line in (*ready.remarks, f"wrote {output}", f"wrote {picture}"):
        messages.print(line)


def _check_places(written: tuple[Path, ...], read: tuple[Path | None, ...]) -> None:
    """Refuse, before the work, places that cannot be written or that would overwrite an input."""
    for place in written:
        if not place.parent.is_dir():
            raise InputError(
                f"folder of {place.name} must exist, got {str(place.parent)!r}; make it or choose another with --output"
            )
        for given in read:
            if given is not None and place.exists() and given.exists() and place.samefile(given):
                raise InputError(
                    f"{place.name} must not overwrite an input, got {str(place)!r}; choose another --output"
                )


@contextmanager
def _bar(quiet: bool) -> "Iterator[Callable[[int, int, Cell], None]]":
    """Give what is to be called after each cell; a bar on a terminal alone, gone at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from thymos.finetune.augment.values import TITLES, size_name

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def told(done: int, total: int, cell: "Cell") -> None:
            says = f"{cell.classifier}, {size_name(cell.size)} rows, seed {cell.seed}, {TITLES[cell.arm]}"
            bar.update(task, completed=done, total=total, description=says)

        yield told
