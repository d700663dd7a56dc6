"""`cross_validate`: a recipe trained once for each fold, and every row labelled by the model that did not see it.

Takes a recipe, a data folder and the column that names a row's fold (a split of speakers, say); gives one labelled file
for `thymos eval`. Each fold is a run of its own, so an interrupted cross-validation goes on where it stopped. Knows
nothing of the command line.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.llm.adapter import read_card
from thymos.adapters.whole_file import whole_file
from thymos.agent.calibrated import Aim, check_aim
from thymos.agent.labeler import Labeler
from thymos.agent.runs.run import run
from thymos.finetune.instruct.corpora import identities, open_rows
from thymos.finetune.publish import publish, result_folder
from thymos.finetune.recipe import Recipe
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.training.processes import check_alone
from thymos.finetune.training.watch import Progress
from thymos.finetune.tune import tune
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError

HELD_OUT = "held-out"  # .jsonl of all folds, .parquet of each; with another aim its name behind it


def cross_validate(
    recipe: Recipe,
    data: Path,
    output: Path,
    column: str,
    *,
    only: Sequence[str] = (),
    aim: Aim = "likeliest",
    on_fold: Callable[[str, int, int], None] = lambda fold, number, total: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_encoded: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Train and label fold by fold.

    Args:
        recipe: of one corpus in one file; its `train_where` and `dev_where` hold in each fold, beside the fold's own.
        data: folder that its paths are relative to.
        output: folder; a folder for each fold in it.
        column: of the corpus: its value is a row's fold.
        only: folds to do; all unless given.
        aim: of the labels; see `Labeler.from_pretrained`.
        on_fold: called before each fold with its value, its number from 1, and how many there are.
        on_progress: called after each step of training.
        on_encoded: called after each recording is encoded.

    Returns:
        The labelled file, JSON lines; rows of all folds.

    Raises:
        InputError: the recipe has several corpora, the column gives fewer than two folds, the folder holds folds of
            another recipe, its label set has no such aim, or there are several processes.
    """
    check_alone("cross-validation")
    name = HELD_OUT if aim == "likeliest" else f"{HELD_OUT}-{aim}"
    every = list(fold_recipes(recipe, data, column))
    check_aim(aim, load_taxonomy(recipe.corpora[0].taxonomy))
    if unknown := [fold for fold in only if fold not in {each for each, _, _ in every}]:
        known = ", ".join(each for each, _, _ in every)
        raise InputError(f"fold must be one of {known}, got {unknown[0]!r}; choose one of these")
    wanted = [each for each in every if not only or each[0] in only]
    parts = []
    for number, (fold, changed, held_out) in enumerate(wanted, start=1):
        on_fold(fold, number, len(wanted))
        folder = output / f"{column}-{fold}"
        told = recipe.model_copy(update={"corpora": (changed,)})
        if not _is_done(result_folder(told, folder), told, data):
            tuned = tune(told, data, folder, on_progress=on_progress, on_encoded=on_encoded)
            publish(tuned, told, folder)
        parts.append(folder / f"{name}.parquet")
        _label(told, data, parts[-1], held_out, aim)
    return _gathered(output / f"{name}.jsonl", parts)


def fold_recipes(recipe: Recipe, data: Path, column: str) -> Iterator[tuple[str, CorpusRecipe, tuple[str, ...]]]:
    """Yield for each fold its value, the corpus without it, and the conditions on its rows.

    Args:
        recipe: of one corpus in one file.
        data: folder that its paths are relative to.
        column: its value is a row's fold.

    Raises:
        InputError: the recipe has several corpora, or the column gives fewer than two folds, or some that no condition
            can name.
    """
    if len(recipe.corpora) != 1:
        raise InputError(f"recipe must have one corpus to be cross-validated, got {len(recipe.corpora)}; split it")
    (corpus,) = recipe.corpora
    for fold in _folds(corpus, data, column):
        others = f"{column}!={fold}"
        changed = corpus.model_copy(
            update={"train_where": (*corpus.train_where, others), "dev_where": (*corpus.dev_where, others)}
        )
        yield fold, changed, (f"{column}={fold}",)


def _folds(corpus: CorpusRecipe, data: Path, column: str) -> list[str]:
    """Return the values of the column, sorted."""
    rows = open_rows(corpus, data / corpus.train)
    values = [row.metadata.get(column) for row in rows if not isinstance(row, BadRow)]
    found = {str(value) for value in values if value is not None}
    if len(found) < 2:
        raise InputError(
            f"column of the folds must have two values or more, got {', '.join(found) or 'none'} in {column!r} of "
            f"{corpus.train}; name another"
        )
    if odd := sorted(value for value in found if "," in value or value != value.strip()):
        raise InputError(
            f"values of the folds' column must have neither commas nor spaces around them, got {odd[0]!r} in "
            f"{column!r} of {corpus.train}; name the folds otherwise"
        )
    return sorted(found, key=lambda value: (len(value), value))


def _is_done(learnt: Path, recipe: Recipe, data: Path) -> bool:
    """Say whether a fold was trained already, by just this recipe and from just these rows; if so, it is not again."""
    if not learnt.is_dir():
        return False
    card = read_card(learnt)
    if card is None or Recipe.model_validate(card.facts["recipe"]) != recipe:
        raise InputError(
            f"output folder must be new or of the same recipe, got {learnt.parent} of another; choose another --output"
        )
    (corpus,), (known,) = recipe.corpora, card.facts["corpora"]
    if known["sha256"] != {split: identity["sha256"] for split, identity in identities(corpus, data).items()}:
        raise InputError(
            f"output folder must be new or of the same rows, got {learnt.parent}, which learnt from {corpus.train} "
            "when something else stood in it; choose another --output"
        )
    return True


def _label(recipe: Recipe, data: Path, output: Path, held_out: tuple[str, ...], aim: Aim) -> None:
    """Label the rows of a fold with the adapter that did not see them."""
    (corpus,) = recipe.corpora
    rows = open_rows(corpus, data / corpus.train, held_out)
    learnt = str(result_folder(recipe, output.parent))
    model, adapter = (learnt, None) if recipe.train.method == "full" else (recipe.model, learnt)
    labeler = Labeler.from_pretrained(model, taxonomy=corpus.taxonomy, adapter=adapter, aim=aim)
    labeler.meet(row for row in rows if not isinstance(row, BadRow))
    run(rows, labeler, output)


def _gathered(path: Path, parts: Sequence[Path]) -> Path:
    """Write the rows of all folds into one file."""
    import pyarrow.parquet as pq

    with whole_file(path) as file:
        for part in parts:
            for row in pq.read_table(part).to_pylist():
                file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    return path
