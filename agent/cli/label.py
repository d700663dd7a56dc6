"""`thymos label`: a corpus in, a file of label distributions out.

Takes the flags; opens the corpus, checks what can be checked, loads the model, runs, and says how it went.
The work is done in `thymos.agent.runs`.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from thymos.agent.cli.label_flags import OUTPUT, DecisionFlags, InputFlags, ModelFlags, OutputFlags, RunFlags
from thymos.agent.cli.pace import counted
from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.adapters.corpus import Corpus
    from thymos.adapters.sample import Sample
    from thymos.agent.runs.preview import PreviewLabeler
    from thymos.agent.runs.report import RunReport

CONTEXT_TURNS = 5  # earlier turns that are shown to a model of which it is not known how many it was tuned with
_LOOKED_AT = 200  # rows that tell which language a corpus is in
BAD_ROWS = 5  # exit code when the output is there but some rows are not in it


# Below the flags, since the registration's one line takes the place of the function's own description.
command = App(
    name="label",
    help_epilogue="""
The output has one row per good input row, in input order: `id`, `labels`, `probabilities`, `entropy`,
`margin`, `abstained`, `label_set`. Bad rows go to `OUT.errors.jsonl` with row number and reason.

A run can be stopped or killed at any moment; the same command goes on where it was. A changed parameter is
refused with what differs.

Exit codes: 0 every row is labelled; 5 bad rows were set aside; 2 input, 3 model or 4 output cannot be used;
130 after Ctrl-C.

Examples:

```
thymos label reviews.csv -o labelled.parquet
thymos label chat.jsonl -o chat.csv --taxonomy ekman --keep-columns all
thymos label reviews.csv --dry-run
```
""",
)


@dataclass(frozen=True)
class Job:
    """Everything that one `thymos label` was told."""

    input: str
    output: Path | None = None
    reading: InputFlags = field(default_factory=InputFlags)
    writing: OutputFlags = field(default_factory=OutputFlags)
    model: ModelFlags = field(default_factory=ModelFlags)
    decision: DecisionFlags = field(default_factory=DecisionFlags)
    running: RunFlags = field(default_factory=RunFlags)


@command.default
def label(
    input: str,  # noqa: A002  (its name is what the help shows)
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o", group=OUTPUT)] = None,
    reading: InputFlags = InputFlags(),  # noqa: B008  (frozen)
    writing: OutputFlags = OutputFlags(),  # noqa: B008
    model: ModelFlags = ModelFlags(),  # noqa: B008
    decision: DecisionFlags = DecisionFlags(),  # noqa: B008
    running: RunFlags = RunFlags(),  # noqa: B008
) -> int:
    """Label every row of a corpus.

    Args:
        input: file or hub id of the corpus.
        output: file to write: `.parquet`, `.jsonl` or `.csv`.
        reading: see the group Input.
        writing: see the group Output.
        model: see the group Model.
        decision: see the group Decision.
        running: see the group Run.
    """
    return label_corpus(Job(input, output, reading, writing, model, decision, running))


def open_input(job: Job) -> "Corpus":
    """Open the corpus that a job names.

    Raises:
        InputError: there is none, or its columns cannot be used.
    """
    from thymos.adapters.readers import Columns, open_corpus

    flags = job.reading
    columns = Columns(
        id=flags.id_column,
        text=flags.text_column,
        speaker=flags.speaker_column,
        dialogue=flags.dialogue_column,
        turn=flags.turn_column,
        speech=flags.speech_column,
        face=flags.face_column,
        physiology=flags.physiology_column,
    )
    return open_corpus(
        job.input,
        format=flags.format,
        columns=columns,
        context_turns=_context_turns(job) if flags.context_turns is None else flags.context_turns,
        max_chars=flags.max_chars,
        encoding=flags.encoding,
        where=flags.where,
    )


def _context_turns(job: Job) -> int:
    from thymos.prompts.catalogue import load_taxonomy

    return usual_turns(job.model.model, job.model.adapter, load_taxonomy(job.decision.taxonomy).name)


def usual_turns(model: str, adapter: str, taxonomy: str) -> int:
    """Return how many earlier turns a model was tuned with, going by its card; no weights are loaded."""
    from thymos.adapters.llm.adapter import adapter_folder, read_card, wished_adapter

    wished = wished_adapter(model, adapter)
    card = read_card(adapter_folder(wished) if wished else Path(model).expanduser())
    return card.context_turns.get(taxonomy, CONTEXT_TURNS) if card else CONTEXT_TURNS


def load_labeler(job: Job, expected_rows: int | None) -> "PreviewLabeler":
    """Load the model that a job names.

    Args:
        job: what was told.
        expected_rows: how many rows will come, if known.

    Raises:
        ModelError: it cannot be found or used here.
        TaxonomyError: the label set is unknown.
    """
    from thymos.agent.batch_calibrated import BatchCalibrated
    from thymos.agent.labeler import Labeler

    told = asdict(job.model) | asdict(job.decision)
    given = {name: value for name, value in told.items() if value is not None}  # its own defaults otherwise
    if given["calibration"] == "batch":
        return BatchCalibrated.from_pretrained(**given | {"calibration": "none"}, expected_rows=expected_rows)
    return Labeler.from_pretrained(**given, expected_rows=expected_rows)


def label_corpus(
    job: Job,
    corpus_from: Callable[[Job], "Corpus"] = open_input,
    labeler_from: Callable[[Job, int | None], "PreviewLabeler"] = load_labeler,
) -> int:
    """Do a job: everything that needs no model is checked before one is loaded.

    Args:
        job: what to do.
        corpus_from: opens the input.
        labeler_from: loads the model.

    Returns:
        The exit code: 0, or `BAD_ROWS`.
    """
    from rich.console import Console

    from thymos.adapters.sample import Sample
    from thymos.agent.cli.run_bar import RunBar
    from thymos.agent.language import doubt
    from thymos.agent.runs.progress import expected_rows
    from thymos.agent.runs.run import check_before, run

    output = _needed(job)
    corpus = corpus_from(job)
    kept, overwrite = job.writing.kept, job.writing.overwrite
    if output is not None:
        check_before(corpus, output, keep_columns=kept, overwrite=overwrite)
    first = islice(corpus, _LOOKED_AT)
    if doubted := doubt((row.text for row in first if isinstance(row, Sample) and row.text), job.model.model):
        _say(f"{doubted}; name another --model", to_stderr=True)
    labeler = labeler_from(job, expected_rows(corpus, job.reading.limit))
    if output is None or job.running.dry_run:
        if job.decision.calibration == "batch":  # it would not label before it has looked
            labeler.meet(row for row in islice(corpus, _LOOKED_AT) if isinstance(row, Sample))
        return _dry_run(job, corpus, labeler)
    if remark := labeler.meet(_everybody(corpus, job)):
        _say(remark, to_stderr=True)
    with RunBar(Console(stderr=True), quiet=job.running.quiet) as bar:
        report = run(
            corpus,
            labeler,
            output,
            keep_columns=kept,
            limit=job.reading.limit,
            chunk_rows=job.running.chunk_rows,
            overwrite=overwrite,
            restart=job.running.restart,
            on_progress=bar,
            prepare=labeler.prepare if labeler.modalities else None,
        )
    for modality, (rows, why) in getattr(labeler, "left_out", {}).items():
        _say(f"{counted(rows, 'row')} labelled without {modality}, which could not be used: {why}", to_stderr=True)
    return _tell(report)


def _everybody(corpus: "Corpus", job: Job) -> "Iterator[Sample]":
    """Yield the samples of a corpus under a bar of their own, which is drawn only where somebody takes them."""
    from rich.console import Console

    from thymos.adapters.sample import Sample
    from thymos.agent.cli.run_bar import RunBar
    from thymos.agent.runs.progress import Progress, expected_rows

    total = expected_rows(corpus, job.reading.limit)
    with RunBar(Console(stderr=True), quiet=job.running.quiet, doing="looking at the rows") as bar:
        for number, row in enumerate(islice(corpus, job.reading.limit)):
            bar(Progress("label", rows=number, bad=0, resumed=0, total=total))
            if isinstance(row, Sample):
                yield row


def _needed(job: Job) -> Path | None:
    """Return the output, which only a dry run can do without."""
    if job.output is None and not job.running.dry_run:
        raise InputError(f"output must be given, got none; for example -o {Path(job.input).stem}.parquet, or --dry-run")
    return job.output


def _dry_run(job: Job, corpus: "Corpus", labeler: "PreviewLabeler") -> int:
    """Show what a run would ask and take."""
    from thymos.agent.cli.preview_text import describe
    from thymos.agent.runs.preview import preview

    _say(describe(preview(corpus, labeler, limit=job.reading.limit)))
    return 0


def _tell(report: "RunReport") -> int:
    """Say how a run ended; return its exit code."""
    found = report.provenance
    if found.duplicates:
        _say(
            f"warning: {counted(found.duplicates, 'row')} with an id that an earlier row has, for example "
            f"{found.duplicate!r}; only the order tells them apart",
            to_stderr=True,
        )
    done = "already done:" if report.already_done else "labelled"
    line = f"{done} {counted(found.rows, 'row')} in {_shown(report.out)}"
    if report.errors is not None:
        line += f", {counted(found.bad_rows, 'bad row')} set aside in {_shown(report.errors)}"
    _say(line)
    return BAD_ROWS if found.bad_rows else 0


def _say(text: str, *, to_stderr: bool = False) -> None:
    """Print plain text as it is, whatever brackets are in it."""
    from rich.console import Console

    Console(stderr=to_stderr).print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _shown(path: Path) -> str:
    """Return a path as short as it can be from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
