"""`thymos synth`: a plan in, labelled text for training out, kept where it passes the gates.

Takes the flags; plans, checks what can be checked, loads models, runs, and says how it went. The work is done in
`thymos.agent.synth`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from thymos.agent.cli.synth_flags import OUTPUT, GateFlags, OutputFlags, PlanFlags, RunFlags, WriterFlags
from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.agent.chat.engines import Engines
    from thymos.agent.cli.run_bar import RunBar
    from thymos.agent.synth.build import Models, Options
    from thymos.agent.synth.plan import Plan
    from thymos.agent.synth.request import Manner

FEWER = 5  # exit code when the output is there but has fewer rows than were asked for

command = App(
    name="synth",
    help_epilogue="""
The output has one row per text: `id`, `kind`, `labels`, `turns`, `text`, `situation`, `plan`, `provenance`, `gates`,
`split`. Dropped texts go to `OUT.dropped.jsonl` with the gate and its reason, counts to `OUT.meta.json`.

A run can be stopped or killed at any moment, and a server that writes may die; the same command goes on where it was,
and writes the file that one go would have written.

Exit codes: 0 as many rows as asked for; 5 fewer, or less varied than those of `--real`; 2 input, 3 model or 4 output
cannot be used; 130 after Ctrl-C.

Examples:

```
thymos synth -o out.jsonl --taxonomy ekman --count joy=20 --count fear=20
thymos synth -o out.jsonl --taxonomy ekman --count 50 --turns 4-8 --as hf
thymos synth -o more.jsonl --taxonomy ekman --balance train.csv --test-set test.csv --real train.csv
thymos synth -o out.jsonl --count 100 --writer http://127.0.0.1:8080/v1#MODEL --seeds mine.csv
thymos synth --count 5 --dry-run
thymos synth report out.jsonl -o report.html
```
""",
)
command.command("thymos.agent.cli.synth_report:synth_report", name="report")


@dataclass(frozen=True)
class Job:
    """Everything that one `thymos synth` was told."""

    output: Path | None = None
    plan: PlanFlags = field(default_factory=PlanFlags)
    writer: WriterFlags = field(default_factory=WriterFlags)
    gates: GateFlags = field(default_factory=GateFlags)
    writing: OutputFlags = field(default_factory=OutputFlags)
    running: RunFlags = field(default_factory=RunFlags)


@command.default
def synth(
    *,
    output: Annotated[Path | None, Parameter(alias="-o", group=OUTPUT)] = None,
    plan: PlanFlags = PlanFlags(),  # noqa: B008  (frozen)
    writer: WriterFlags = WriterFlags(),  # noqa: B008
    gates: GateFlags = GateFlags(),  # noqa: B008
    writing: OutputFlags = OutputFlags(),  # noqa: B008
    running: RunFlags = RunFlags(),  # noqa: B008
) -> int:
    """Write labelled utterances or conversations, and keep what passes the gates.

    Args:
        output: file to write: `.jsonl` or `.parquet`.
        plan: see the group Plan.
        writer: see the group Writer.
        gates: see the group Gates.
        writing: see the group Output.
        running: see the group Run.
    """
    return synthesise(Job(output, plan, writer, gates, writing, running))


def models_of(job: Job, plan: "Plan") -> "Models":
    """Return what loads the models that a job names; labeler and writer share one base model where they can."""
    from functools import cache

    from thymos.agent.synth.build import Models
    from thymos.agent.synth.models import load_labeler, load_writer
    from thymos.retrieval.embedder import SentenceEmbedder

    writer, gates, device = job.writer, job.gates, job.running.device

    @cache
    def engines() -> "Engines":
        from thymos.agent.chat.engines import Engines

        return Engines(gates.model, adapter=gates.adapter, device=device)

    return Models(
        writer=lambda: load_writer(
            engines(),
            writer.writer,
            _adapter(job),
            device,
            temperature=writer.temperature,
            guidance=writer.guidance,
        ),
        labeler=lambda: load_labeler(engines(), plan, job.plan.taxonomy, gates.agree, gates.coverage, device),
        embedder=None if gates.embedder == "none" else lambda: SentenceEmbedder(gates.embedder, device=device),
    )


def synthesise(job: Job, models_from: Callable[[Job, "Plan"], "Models"] = models_of) -> int:
    """Do a job: everything that needs no model is checked before one is loaded.

    Args:
        job: what to do.
        models_from: gives what loads the models.

    Returns:
        The exit code: 0, or `FEWER`.
    """
    from thymos.agent.cli.synth_job import (
        agreed,
        check_places,
        check_writer,
        compared,
        dry_run,
        extras_of,
        inputs_of,
        plan_of,
        tell,
    )
    from thymos.agent.synth.build import build
    from thymos.agent.synth.formats import check_forms, write_as
    from thymos.agent.synth.gates.registry import check_names
    from thymos.agent.synth.run import checked, run

    plan = plan_of(job.plan)
    check_names(job.gates.without)
    check_forms(job.writing.form)
    check_writer(job.writer)
    if job.running.dry_run:
        return dry_run(plan, job.writer, _manner(job))
    place = checked(_needed(job))
    check_places(place, job.writing, inputs_of(job.plan, job.gates, job.writer.seeds))
    agreed(plan, job.writer, yes=job.running.yes)
    found = compared(job.plan, job.gates, job.writer.seeds)
    works = build(plan, found, models_from(job, plan), _options(job))
    labeler = f"{job.gates.model} with adapter {job.gates.adapter}"
    with _bar(job) as bar:
        report = run(
            plan,
            works.maker,
            place.out,
            extras=extras_of(plan, job.writing, found, works.vectors, works.gates.off, labeler),
            chunk_rows=job.running.chunk_rows,
            spare_waves=job.running.spare_waves,
            overwrite=job.writing.overwrite,
            restart=job.running.restart,
            on_progress=bar,
        )
    forms = dict.fromkeys(job.writing.form)
    written = [write_as(form, place, overwrite=job.writing.overwrite) for form in forms]
    return tell(report, written, FEWER)


def _manner(job: Job) -> "Manner":
    """Return how the writer is asked."""
    from thymos.agent.synth.models import manner_of

    told = job.writer
    if told.prompt != "auto":
        return told.prompt
    return manner_of(told.writer, _adapter(job))


def _adapter(job: Job) -> str | None:
    """Return the writer's adapter; a writer that is not named is the base model of the labeler."""
    from thymos.agent.synth.models import writer_adapter

    return writer_adapter(job.writer.writer or job.gates.model, job.writer.writer_adapter)


def _needed(job: Job) -> Path:
    """Return the output, which only a dry run can do without."""
    if job.output is None:
        raise InputError("output must be given, got none; for example -o synthetic.jsonl, or --dry-run")
    return job.output


def _options(job: Job) -> "Options":
    from thymos.agent.synth.build import Options
    from thymos.agent.synth.models import heard_by

    return Options(
        candidates=job.writer.candidates,
        tries=job.writer.tries,
        contrasted=job.writer.guidance != 1,
        choose=job.writer.choose,
        rounds=job.writer.rounds,
        without=job.gates.without,
        agree=job.gates.agree,
        sure=job.gates.sure,
        leak_cap=job.gates.leak_cap,
        manner=_manner(job),
        heard=heard_by(_adapter(job)),
    )


def _bar(job: Job) -> "RunBar":
    from rich.console import Console

    from thymos.agent.cli.run_bar import RunBar

    return RunBar(Console(stderr=True), quiet=job.running.quiet, doing="writing texts")
