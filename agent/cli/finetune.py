"""`thymos finetune`: a recipe in, an adapter out.

Takes the arguments of the command line; reads the recipe, trains, and tells. The work is done in `thymos.finetune`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from thymos.finetune.explaining.recipe import ExplainerRecipe
    from thymos.finetune.recipe import Recipe
    from thymos.finetune.writing.recipe import WriterRecipe

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def finetune(
    recipe: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    data: Path = Path(),
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    leave_out: Annotated[list[str] | None, Parameter(negative="")] = None,
    restart: Flag = False,
    quiet: Flag = False,
) -> None:
    """Tune a model on labelled corpora: to label, to write (`task: write` in the recipe) or to explain.

        thymos finetune goemotions -o runs/goemotions --data corpora
        thymos finetune writer -o runs/writer --data corpora
        thymos finetune explain -o runs/explain --data corpora
        thymos finetune my-recipe.yaml -o runs/mine --set train.epochs=2 --set lora.rank=8
        thymos finetune all -o runs/unseen --data corpora --leave-out dair --leave-out meld
        accelerate launch --multi_gpu --num_processes 2 -m thymos.agent.cli finetune my-recipe.yaml -o runs/mine

    A run can be stopped or killed at any moment; the same command goes on after its last checkpoint.

    Args:
        recipe: YAML file, or the name of a recipe that comes with Thymos.
        output: Run folder: checkpoints, history, curves and, in the end, the adapter.
        data: Folder that the recipe's paths are relative to.
        set_: Key of the recipe and another value for it, as in `train.epochs=2`; may be repeated.
        leave_out: Corpus of the recipe that is not learnt from, by its name there; may be repeated. No other is asked
            in its label set either.
        restart: Throw away an interrupted run in the same folder.
        quiet: No progress bar.
    """
    from rich.console import Console

    from thymos.agent.cli.tune_bar import TuneBar
    from thymos.finetune.publish import publish
    from thymos.finetune.recipe import Recipe, read_recipe, without
    from thymos.finetune.training.processes import leads
    from thymos.finetune.tune import tune

    told = read_recipe(recipe, dict(change(each) for each in set_ or ()))
    console = Console(stderr=True, markup=False, highlight=False)
    if not isinstance(told, Recipe):
        if leave_out:
            raise InputError(f"--leave-out must go with a recipe that labels, got {recipe!r}; leave it away")
        _finetune_text(told, data, output, console, restart=restart, quiet=quiet)
        return
    if leads():
        say_if_met(told, leave_out or [], console)
    told = without(told, leave_out or [])
    with TuneBar(console, quiet=quiet) as bar:
        tuned = tune(
            told,
            data,
            output,
            restart=restart,
            on_progress=bar,
            on_remark=console.print,
            on_encoded=bar.encoded,
        )
    if tuned.main_process:
        console.print("calibrates on the dev splits")
    elif not tuned.trainee.shared:
        return
    folder = publish(tuned, told, output)
    if tuned.main_process:
        _draw(output, f"{told.name}: {told.model}, seed {told.train.seed}", folder, console)


def say_if_met(told: "Recipe", left_out: list[str], console: "Console") -> None:
    """Say where the adapter that a recipe starts from knows what is left out."""
    from thymos.finetune.lineage import learnt
    from thymos.finetune.recipe import label_sets_of

    label_sets = label_sets_of(told, left_out)
    for each in learnt(told.start_from) if left_out else ():
        asked = sorted(label_sets.intersection(each.label_sets))
        if each.corpus in left_out or asked:
            how = f" and was asked in the label set {', '.join(asked)}" if asked else ""
            console.print(
                f"starts from {told.start_from}: {each.adapter} has learnt from {each.corpus}{how}; "
                "--set start_from=null starts anew"
            )


def _finetune_text(
    told: "WriterRecipe | ExplainerRecipe", data: Path, output: Path, console: "Console", *, restart: bool, quiet: bool
) -> None:
    """Train a model that writes; the labeler that reads for it is loaded by the same names as in `thymos label`."""
    from functools import partial

    from langchain_core.messages import HumanMessage, SystemMessage

    from thymos.agent.chat.prompt import prompt_ids
    from thymos.agent.cli.tune_bar import TuneBar
    from thymos.agent.labeler import Labeler
    from thymos.agent.reasoning.traces import Tracer
    from thymos.finetune.explaining.publish import publish_explainer
    from thymos.finetune.explaining.tune import tune_explainer
    from thymos.finetune.writing.publish import publish_writer
    from thymos.finetune.writing.recipe import WriterRecipe
    from thymos.finetune.writing.tune import tune_writer

    def reader() -> Labeler:
        return Labeler.from_pretrained(told.model, taxonomy=told.reader_taxonomy, adapter=told.reader)

    with TuneBar(console, quiet=quiet) as bar:
        common: dict[str, Any] = {
            "prompter": lambda tokenizer, system, request: prompt_ids(
                tokenizer, [SystemMessage(system), HumanMessage(request)]
            ),
            "restart": restart,
            "on_progress": bar,
            "on_remark": console.print,
        }
        if isinstance(told, WriterRecipe):
            writer = tune_writer(told, data, output, reader=reader, on_read=bar.read, **common)
            learnt, publish = writer.learnt, partial(publish_writer, writer, told, output)
        else:
            explainer = tune_explainer(
                told, data, output, tracer=lambda: Tracer.of_shipped(reader()), on_traced=bar.explained, **common
            )
            learnt, publish = explainer.learnt, partial(publish_explainer, explainer, told, output)
    if learnt.main_process:
        _draw(output, f"{told.name}: {told.model}, seed {told.train.seed}", publish(), console)


def _draw(output: Path, title: str, folder: Path, console: "Console") -> None:
    from thymos.finetune.training.curves import draw_curves
    from thymos.finetune.training.history import read

    draw_curves(read(output), output / "curves.png", title)
    console.print(f"wrote {folder} and {output / 'curves.png'}")


def change(text: str) -> tuple[str, Any]:
    """Read `key=value` of `--set`, the value as YAML.

    Raises:
        InputError: it is written another way.
    """
    import yaml

    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set must be key=value, got {text!r}; for example --set train.epochs=2")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"value of --set must be YAML, got {value!r}; put quotes around it") from error
