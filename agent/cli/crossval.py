"""`thymos crossval`: a recipe trained once for each fold, and every row labelled by the model that did not see it.

Takes the arguments of the command line. The work is done in `thymos.agent.folds`.
"""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def crossval(
    recipe: str,
    /,
    *,
    by: str,
    output: Annotated[Path, Parameter(alias="-o")],
    data: Path = Path(),
    only: Annotated[list[str] | None, Parameter(negative="")] = None,
    aim: Literal["likeliest", "emotions", "balance"] = "likeliest",
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    quiet: Flag = False,
) -> None:
    """Cross-validate a recipe over folds that a column of its corpus names.

        thymos crossval voice --by fold5 -o runs/voice5 --data corpora
        thymos eval runs/voice5/held-out.jsonl --taxonomy ravdess --gold labels.csv --format ravdess

    Folds of speakers or subjects tell how good a model is on people whom it never met; folds of clips do not. It can be
    stopped or killed at any moment; the same command goes on where it stopped.

    Args:
        recipe: YAML file, or the name of a recipe that comes with Thymos.
        by: Column whose value is a row's fold.
        output: Folder: a run for each fold, and the labelled rows of all.
        data: Folder that the recipe's paths are relative to.
        only: Fold to do, for a part of the work; may be repeated.
        aim: As in `thymos label`: `balance` for macro F1 and unweighted accuracy.
        set_: Key of the recipe and another value for it, as in `train.epochs=2`; may be repeated.
        quiet: No progress bar.
    """
    from rich.console import Console

    from thymos.agent.cli.finetune import change
    from thymos.agent.cli.tune_bar import TuneBar
    from thymos.agent.folds import cross_validate
    from thymos.finetune.recipe import load_recipe

    told = load_recipe(recipe, dict(change(each) for each in set_ or ()))
    console = Console(stderr=True, markup=False, highlight=False)
    with TuneBar(console, quiet=quiet) as bar:
        labelled = cross_validate(
            told,
            data,
            output,
            by,
            only=only or (),
            aim=aim,
            on_fold=lambda fold, number, total: console.print(f"fold {fold}, {number} of {total}"),
            on_progress=bar,
            on_encoded=bar.encoded,
        )
    console.print(f"wrote {labelled}; score it with `thymos eval {labelled} --gold ... --taxonomy ...`", soft_wrap=True)
