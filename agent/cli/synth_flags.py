"""The flags of `thymos synth`, one frozen dataclass per group of its help. Values only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

OUTPUT = Group("Output", sort_key=1)
PLAN = Group("Plan", sort_key=2)
WRITER = Group("Writer", sort_key=3)
GATES = Group("Gates", sort_key=4)
RUN = Group("Run", sort_key=5)

_Count = Annotated[int, Parameter(validator=Number(gte=1))]
_CountOrZero = Annotated[int, Parameter(validator=Number(gte=0))]
_Share = Annotated[float, Parameter(validator=Number(gte=0, lte=1))]
_Half = Annotated[float, Parameter(validator=Number(gte=0, lte=0.5))]
_Temperature = Annotated[float, Parameter(validator=Number(gte=0.1, lte=2))]
_Switch = Annotated[bool, Parameter(negative="")]
_Names = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


@Parameter(name="*", group=PLAN)
@dataclass(frozen=True)
class PlanFlags:
    """What is to be written.

    Attributes:
        taxonomy: built-in label set, or your own YAML file.
        count: rows of a label, as in `joy=20`, or of every label, as in `20`; may be repeated.
        balance: corpus whose labels are to be evened out: what is missing is planned.
        to: rows that every label shall have in the corpus of `--balance`; as many as the largest has unless given.
        label_column: column of labels in your corpora, where its name is not an obvious one.
        corpus_format: format of your corpora where their suffix does not tell.
        turns: turns of a conversation, as in `6` or `4-8`; 1 writes single utterances.
        intensity: of `mild`, `clear` and `strong`, with commas between; all unless given.
        length: of `short`, `medium` and `long`, likewise.
        language: in English words; one that the writer knows.
        grid: folder with scenarios.yaml, personas.yaml, arcs.yaml or styles.yaml instead of ours.
        seed: of the plan and of the writing.
    """

    taxonomy: str = "ekman"
    count: _Names = ()
    balance: str | None = None
    to: _Count | None = None
    label_column: str | None = None
    corpus_format: str = "auto"
    turns: str = "1"
    intensity: str = "mild,clear,strong"
    length: str = "short,medium,long"
    language: str = "English"
    grid: Path | None = None
    seed: _CountOrZero = 0


@Parameter(name="*", group=WRITER)
@dataclass(frozen=True)
class WriterFlags:
    """What writes.

    Attributes:
        writer: built-in name, folder, GGUF file or hub id of an instruction-tuned model, or the address of a server
            that speaks OpenAI's protocol, as in `http://127.0.0.1:8080/v1#MODEL`; the labeler's base model unless
            given.
        writer_adapter: LoRA adapter of a local writer; `auto` is the one that comes with Thymos for the built-in
            model, `none` is none.
        seeds: corpus of your own examples; those nearest to a situation are shown to the writer, and never kept.
        prompt: `tuned` asks as a writer's adapter was trained, by emotion, stages, situation, intensity and length;
            `tagged` tells the wish whole, control tags first; `plain` asks for single utterances in the plainest
            words, without relationship, style and length; `auto` is tuned for an adapter that was trained to write,
            tagged for other adapters and servers, plain for a local writer without an adapter.
        temperature: of the draws; above 1 writes more varied texts, of which fewer are as asked.
        guidance: how far a local writer is led away from what it would write with no feeling (with any other, where
            none is asked): 1 not at all, 1.5 for more texts that are read as asked. Above 1 a text takes twice as long.
        candidates: texts that are written for a row at a time, of which one is kept.
        choose: which of them, where several pass the gates: `surest` keeps the one that reads best as asked, `newest`
            the one that is least like what is kept, for a more varied set.
        tries: texts that a local writer writes for an utterance, or for each turn of a conversation that is to show a
            feeling; the blind labeler chooses the one that is judged, or gone on with. An utterance takes so many times
            as long. Three or four make twice as many conversations end as asked, and take six times as long for each.
        rounds: times that a row is tried.
    """

    writer: str | None = None
    writer_adapter: str = "auto"
    seeds: str | None = None
    prompt: Literal["auto", "tuned", "tagged", "plain"] = "auto"
    temperature: _Temperature = 0.9
    guidance: Annotated[float, Parameter(validator=Number(gte=1, lte=10))] = 1.0
    candidates: _Count = 4
    choose: Literal["surest", "newest"] = "surest"
    tries: Annotated[int, Parameter(validator=Number(gte=1, lte=64))] = 1
    rounds: _Count = 2


@Parameter(name="*", group=GATES)
@dataclass(frozen=True)
class GateFlags:
    """What a text must pass.

    Attributes:
        without: gates that shall not judge: language, personal, slurs, relabel, turns, leakage, contamination,
            memorisation, duplicates or diversity; may be repeated.
        model: of the blind labeler: built-in name, folder, GGUF file or hub id.
        adapter: of the blind labeler, as in `thymos label`.
        agree: `top` keeps what the blind labeler reads as asked; `set` what has the asked label in its conformal set.
        sure: least probability that the blind labeler must give the asked label: fewer texts, and clearer ones.
        coverage: of the conformal set.
        test_set: corpus that must not be in what is kept; may be repeated.
        trained_on: corpus that the writer learnt from and must not repeat; may be repeated.
        leak_cap: share of a label's kept rows that may name their emotion.
        slurs: file of further words, one a line.
        real: corpus of real text, whose diversity is the measure.
        embedder: of sentences, a folder or hub id; `none` looks at words and letters alone.
    """

    without: _Names = ()
    model: str = "smollm2-135m"
    adapter: str = "auto"
    agree: Literal["top", "set"] = "top"
    sure: _Share = 0.0
    coverage: _Share = 0.9
    test_set: _Names = ()
    trained_on: _Names = ()
    leak_cap: _Share = 0.1
    slurs: Path | None = None
    real: str | None = None
    embedder: str = "minilm"


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class OutputFlags:
    """What is written.

    Attributes:
        form: further forms, written beside the output: sharegpt, chatml, hf, csv or label-studio; may be repeated.
        dev: share of rows in the dev split, which has situations of its own.
        licence: of the rows, for the card; identifiers of the hub.
        overwrite: replace an output that is there.
    """

    form: Annotated[tuple[str, ...], Parameter(name="--as", negative="", show_default=False)] = ()
    dev: _Half = 0.1
    licence: str = "unknown"
    overwrite: _Switch = False


@Parameter(name="*", group=RUN)
@dataclass(frozen=True)
class RunFlags:
    """How the run goes.

    Attributes:
        dry_run: show the plan's first rows, the exact prompts and the expected size; write nothing.
        yes: do not ask before a run that takes long.
        restart: throw away an unfinished run of this output.
        chunk_rows: rows that are written and saved together; a kill loses at most these.
        spare_waves: times that rows for which nothing passed are replaced by further ones.
        device: torch device of local models.
        quiet: no progress bar.
    """

    dry_run: _Switch = False
    yes: _Switch = False
    restart: _Switch = False
    chunk_rows: _Count = 16
    spare_waves: _CountOrZero = 2
    device: str | None = None
    quiet: _Switch = False
