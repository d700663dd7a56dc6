"""The parts of a `thymos synth` job: its plan, its comparisons, what is asked before a long run, what is said after.

Takes flags; gives values, and prints. Loads no model.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from thymos.agent.cli.synth_flags import GateFlags, OutputFlags, PlanFlags, WriterFlags
from thymos.agent.runs.destination import Destination
from thymos.agent.synth.build import Comparisons, read_comparisons
from thymos.agent.synth.corpora import missing, read_texts
from thymos.agent.synth.formats import path_as
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.models import is_address
from thymos.agent.synth.output import Extras
from thymos.agent.synth.plan import Plan, Wish
from thymos.agent.synth.request import Manner, Requests
from thymos.agent.synth.run import dropped_path
from thymos.agent.synth.vectors import Vectors
from thymos.agent.synth.wishes import ASK_FROM, counts_of, estimate, intensities_of, lengths_of, turns_of
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, RunError

if TYPE_CHECKING:
    from thymos.agent.synth.run import SynthReport

_SHOWN = 3  # plan rows of a dry run


def plan_of(flags: PlanFlags) -> Plan:
    """Return the plan that flags describe.

    Raises:
        InputError: a wish can't be met.
        TaxonomyError: the label set is unknown.
    """
    taxonomy = load_taxonomy(flags.taxonomy)
    if (flags.balance is None) == (not flags.count):
        raise InputError(
            f"rows must be asked for in one way, got {'two' if flags.count else 'none'}; give either --count joy=20 or "
            "--balance corpus.csv"
        )
    if flags.to is not None and flags.balance is None:
        raise InputError(f"--to must come with --balance, got {flags.to} alone; write --count {flags.to}")
    if flags.balance is None:
        counts: Mapping[str, int] = counts_of(flags.count, taxonomy)
    else:
        read = read_texts(flags.balance, label_column=flags.label_column, format=flags.corpus_format)
        counts = missing(read, taxonomy, flags.to)
    wish = Wish(
        counts=counts,
        turns=turns_of(flags.turns),
        language=flags.language.strip().capitalize(),
        intensities=intensities_of(flags.intensity),
        lengths=lengths_of(flags.length),
        seed=flags.seed,
    )
    return Plan(wish, taxonomy, load_grid(flags.grid))


def inputs_of(plan: PlanFlags, gates: GateFlags, seeds: str | None) -> tuple[str, ...]:
    """Return the files that a job reads."""
    more = (plan.balance, seeds, gates.real, str(gates.slurs) if gates.slurs else None)
    return (*gates.test_set, *gates.trained_on, *(each for each in more if each is not None))


def check_places(place: Destination, writing: OutputFlags, inputs: Sequence[str]) -> None:
    """Refuse a job that would write over what it reads, or over a file that is nobody's form.

    Raises:
        RunError: it would.
    """
    forms = [path_as(form, place) for form in writing.form]
    for path in (place.out, place.meta, dropped_path(place), *forms):
        for each in inputs:
            if path.exists() and Path(each).exists() and path.samefile(each):
                raise RunError(f"output must not overwrite an input, got {path.name}; choose another name with -o")
    there = next((path for path in forms if path.exists()), None)
    if there is not None and not writing.overwrite and not place.out.exists():
        raise RunError(
            f"further form must not replace another file, got {there.name}, which is there already; move it away, "
            "choose another name with -o or pass --overwrite"
        )


def compared(plan: PlanFlags, gates: GateFlags, seeds: str | None) -> Comparisons:
    """Read the corpora that flags name, and tell of rows that can't be read.

    Raises:
        InputError: one can't be read.
    """
    found = read_comparisons(
        tests=gates.test_set,
        trained_on=gates.trained_on,
        seeds=seeds,
        real=gates.real,
        slurs=gates.slurs,
        label_column=plan.label_column,
        corpus_format=plan.corpus_format,
    )
    for path, bad in found.bad.items():
        say(f"warning: {bad:,} rows of {path} could not be read and are left out", to_stderr=True)
    return found


def check_writer(flags: WriterFlags) -> None:
    """Refuse wishes that would be passed over in silence.

    Raises:
        InputError: there is one.
    """
    if flags.choose == "newest" and flags.candidates == 1:
        raise InputError("candidates must be two or more to choose the newest of them, got 1; raise --candidates")
    if flags.tries > 1 and is_address(flags.writer):
        raise InputError(
            f"tries must be 1 for a writer behind an address, got {flags.tries}; raise --candidates instead"
        )
    if flags.guidance != 1 and is_address(flags.writer):
        raise InputError(
            f"guidance must be 1 for a writer behind an address, got {flags.guidance:g}: it takes the probabilities of "
            "every word; leave it out, or name a local writer"
        )


def agreed(plan: Plan, flags: WriterFlags, *, yes: bool) -> None:
    """Ask before a run that takes long.

    Raises:
        InputError: nobody agreed.
    """
    told = estimate(plan, flags.candidates, flags.tries, flags.guidance)
    if yes or told.rows < ASK_FROM:
        return
    if sys.stdin.isatty():
        say(f"This will be {told.told()}. Go on? [y/N] ", to_stderr=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise InputError(f"a long run must be agreed to, got {told.told()}; pass --yes, or ask for fewer rows")


def extras_of(
    plan: Plan, writing: OutputFlags, found: Comparisons, vectors: Vectors | None, off: Mapping[str, str], labeler: str
) -> Extras:
    """Return what is measured of the whole set, and what its card says."""
    told: dict[str, object] = {
        "command": shlex.join(["thymos", *map(_public, sys.argv[1:])]),
        "labeler": labeler,
        "licence": writing.licence,
        "off": dict(off),
    }
    return Extras(dev=writing.dev, vectors=vectors, real=found.real, seed=plan.wish.seed, told=told)


def dry_run(plan: Plan, flags: WriterFlags, manner: Manner) -> int:
    """Show the first rows of a plan, the prompts and the size."""
    requests = Requests(plan.taxonomy, plan.grid, manner=manner, contrasted=flags.guidance != 1)
    for number, row in enumerate(plan):
        if number == _SHOWN:
            break
        ask = requests.ask(row, 0)
        say(f"--- {row.id}\n{ask.system}\n\n{ask.request}\n{ask.opening}")
        if ask.contrast:
            say(f"led away from:\n{ask.contrast.request}\n")
    say("---")
    for label, count in plan.wish.counts.items():
        say(f"{label}: {count:,} of {plan.size(label):,} that the grid has")
    say(estimate(plan, flags.candidates, flags.tries, flags.guidance).told())
    return 0


def tell(report: "SynthReport", written: Sequence[Path], fewer: int) -> int:
    """Say how a run ended; return its exit code."""
    told = report.told
    asked, kept = sum(told["asked"].values()), report.provenance.rows
    done = "already done:" if report.already_done else "wrote"
    line = f"{done} {kept:,} of {asked:,} rows in {_shown(report.out)}"
    if report.dropped is not None:
        line += f", {report.provenance.bad_rows:,} dropped texts in {_shown(report.dropped)}"
    say(line)
    counts = told["counts"]
    drops = ", ".join(f"{name} {count:,}" for name, count in counts["dropped"].items() if count)
    say(f"{counts['written']:,} texts written, {counts['well_formed']:,} well formed; dropped by {drops or 'no gate'}")
    before = told["agreement"]["before_gates"]
    if before is not None:
        say(f"read as asked before the gates: {100 * before:.1f} in 100")
    for label, count in told["asked"].items():
        if told["kept"][label] < count:
            say(f"{label}: {told['kept'][label]:,} of {count:,}", to_stderr=True)
    low = told["diversity"].get("below_floor", [])
    if low:
        say(f"warning: {', '.join(low)} below seven tenths of real text's", to_stderr=True)
    for path in written:
        say(f"also in {_shown(path)}")
    return fewer if kept < asked or low else 0


def say(text: str, *, to_stderr: bool = False) -> None:
    """Print plain text as it is, whatever brackets are in it."""
    from rich.console import Console

    Console(stderr=to_stderr).print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _public(word: str) -> str:
    """Return a word of the command line without folders and hosts, which are nobody's business in a card."""
    if word.startswith(("http://", "https://")):
        return "URL" + word[word.find("#") :] if "#" in word else "URL"
    return Path(word).name if "/" in word else word


def _shown(path: Path) -> str:
    """Return a path as short as it can be from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
