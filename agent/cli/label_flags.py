"""The flags of `thymos label`, one frozen dataclass per group of its help. Values only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

INPUT = Group("Input", sort_key=1)
OUTPUT = Group("Output", sort_key=2)
MODEL = Group("Model", sort_key=3)
DECISION = Group("Decision", sort_key=4)
RUN = Group("Run", sort_key=5)

_Count = Annotated[int, Parameter(validator=Number(gte=1))]
_CountOrZero = Annotated[int, Parameter(validator=Number(gte=0))]
_Share = Annotated[float, Parameter(validator=Number(gte=0, lte=1))]
_Switch = Annotated[bool, Parameter(negative="")]  # only ever turned on
_Names = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


@Parameter(name="*", group=INPUT)
@dataclass(frozen=True)
class InputFlags:
    """How the input is read.

    Attributes:
        format: format of the input when its suffix does not tell.
        encoding: character encoding of a text input.
        text_column: column with the utterance.
        id_column: column with the identifier; the row number without one.
        speaker_column: column with the speaker.
        dialogue_column: column with the conversation that a row belongs to.
        turn_column: column with the position in the conversation.
        speech_column: column with paths of voice recordings.
        face_column: column with paths of pictures or videos of faces.
        physiology_column: column with paths of recordings of the body.
        max_chars: longest text of a row in characters; a longer one is a bad row.
        context_turns: earlier turns of the conversation to show; later ones never are. As many as the model was tuned
            with unless given, or 5.
        limit: stop after this many input rows.
        where: label only rows whose column has a value, as in `split=test` or `fold!=0`; may be repeated.
    """

    format: str = "auto"
    encoding: str = "utf-8"
    text_column: str | None = None
    id_column: str | None = None
    speaker_column: str | None = None
    dialogue_column: str | None = None
    turn_column: str | None = None
    speech_column: str | None = None
    face_column: str | None = None
    physiology_column: str | None = None
    max_chars: _Count = 100_000
    context_turns: _CountOrZero | None = None
    limit: _Count | None = None
    where: _Names = ()


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class OutputFlags:
    """What is written.

    Attributes:
        keep_columns: input columns to carry along: names with commas between, or `all`.
        overwrite: replace an output that is there.
    """

    keep_columns: _Names = ()
    overwrite: _Switch = False

    @property
    def kept(self) -> tuple[str, ...]:
        """Column names, from `--keep-columns a,b --keep-columns c`."""
        return tuple(name.strip() for flag in self.keep_columns for name in flag.split(",") if name.strip())


@Parameter(name="*", group=MODEL)
@dataclass(frozen=True)
class ModelFlags:
    """What answers.

    Attributes:
        model: built-in name, folder, GGUF file or hub id; `thymos models` lists what is here.
        adapter: shipped name, folder or hub id of a LoRA adapter; `auto` takes the one that ships for the model, and
            `none` leaves the model untuned.
        load_in: quantise the weights while loading, through bitsandbytes.
        device: `cpu`, `cuda`, ...; the best there is unless given.
        engine: how the forward pass is run; `auto` takes the fastest that works here and compiles it for
            corpora of 10,000 rows or more.
        max_tokens: longest row, 2048 unless given; earlier turns are left out to fit, a longer text is a bad row.
    """

    model: str = "smollm2-135m"
    adapter: str = "auto"
    load_in: Literal["4bit", "8bit"] | None = None
    device: str | None = None
    engine: Literal["auto", "eager", "compiled", "general"] = "auto"
    max_tokens: _Count | None = None


@Parameter(name="*", group=DECISION)
@dataclass(frozen=True)
class DecisionFlags:
    """What is asked and how the answer is decided.

    Attributes:
        taxonomy: built-in label set, or your own YAML file.
        prompt: `instruct` for untuned models, `tuned` or `cause` for those that Thymos tuned; goes by the model unless
            given.
        threshold: probability that a label of a multi-label set needs, the likeliest being always chosen; those
            fitted for each label unless given, or 0.25 where none were.
        abstain_below: leave a row to a person when its largest probability is below this, whatever the aim.
        accuracy: leave rows to a person so that this share of the other rows is labelled right, as on the dev split.
        coverage: add the set of labels that holds the right ones with this probability, for example 0.9.
        aim: what the choice of a single label is to be good at: `likeliest` for accuracy; `emotions` for F1 of the
            labels other than neutral, which is chosen only where the model is sure of it; `balance` for macro F1 and
            unweighted accuracy, where a rare label counts as much as a common one. The latter two as on the dev split.
        kb: folder of a knowledge base whose labelled examples vote, as `thymos kb weigh` weighed them.
        calibration: `fitted` takes the temperature fitted for the label set; `content-free` takes away the model's
            bias towards label words; `batch` takes away what it expects of labels on the whole, going by 512 rows of
            the corpus, for label sets that nothing was fitted for; `none` leaves it; `auto` takes what fits the model
            and the label set, and never `batch`.
    """

    taxonomy: str = "goemotions"
    prompt: Literal["instruct", "tuned", "cause"] | None = None
    threshold: _Share | None = None
    abstain_below: _Share = 0.0
    accuracy: _Share | None = None
    coverage: _Share | None = None
    aim: Literal["likeliest", "emotions", "balance"] = "likeliest"
    kb: Annotated[Path | None, Parameter(name="--kb", show_default=False)] = None
    calibration: Literal["auto", "fitted", "content-free", "batch", "none"] = "auto"


@Parameter(name="*", group=RUN)
@dataclass(frozen=True)
class RunFlags:
    """How the run goes.

    Attributes:
        dry_run: show the exact prompt, rows, tokens and expected time; write nothing.
        restart: throw away an unfinished run of this output.
        chunk_rows: rows that are labelled and saved together; a kill loses at most these.
        quiet: no progress bar.
    """

    dry_run: _Switch = False
    restart: _Switch = False
    chunk_rows: _Count = 512
    quiet: _Switch = False
