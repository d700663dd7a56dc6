"""`cross_validate`: a recipe trained once for each fold, and every row labelled by the model that did not see it.

Takes a recipe, a data folder and the column that names a row's fold (a split of speakers, say); gives one labelled file
for `thymos eval`. Each fold is a run of its own, so an interrupted cross-validation goes on where it stopped. Knows
nothing of the command line.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import open_corpus
from thymos.adapters.whole_file import whole_file
from thymos.agent.labeler import Labeler
from thymos.agent.runs.run import run
from thymos.finetune.publish import ADAPTER, publish
from thymos.finetune.recipe import Recipe
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.training.watch import Progress
from thymos.finetune.tune import tune
from thymos.prompts.errors import InputError

HELD_OUT = "held-out.jsonl"
_LABELLED = "held-out.parquet"  # of one fold


def cross_validate(
    recipe: Recipe,
    data: Path,
    output: Path,
    column: str,
    *,
    only: Sequence[str] = (),
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
        on_fold: called before each fold with its value, its number from 1, and how many there are.
        on_progress: called after each step of training.
        on_encoded: called after each recording is encoded.

    Returns:
        The labelled file, JSON lines; rows of all folds.

    Raises:
        InputError: the recipe has several corpora, or the column gives fewer than two folds.
    """
    if len(recipe.corpora) != 1:
        raise InputError(f"recipe must have one corpus to be cross-validated, got {len(recipe.corpora)}; split it")
    (corpus,) = recipe.corpora
    folds = _folds(corpus, data, column)
    if unknown := [fold for fold in only if fold not in folds]:
        raise InputError(f"fold must be one of {', '.join(folds)}, got {unknown[0]!r}; choose one of these")
    wanted = [fold for fold in folds if not only or fold in only]
    for number, fold in enumerate(wanted, start=1):
        on_fold(fold, number, len(wanted))
        _do(recipe, corpus, data, output / f"{column}-{fold}", column, fold, on_progress, on_encoded)
    return _gathered(output, [output / f"{column}-{fold}" / _LABELLED for fold in wanted])


def _folds(corpus: CorpusRecipe, data: Path, column: str) -> list[str]:
    """Return the values of the column, sorted."""
    opened = open_corpus(data / corpus.train, format=corpus.format, where=corpus.where)
    values = [row.metadata.get(column) for row in opened if not isinstance(row, BadRow)]
    found = {str(value) for value in values if value is not None}
    if len(found) < 2:
        raise InputError(
            f"column of the folds must have two values or more, got {', '.join(found) or 'none'} in {column!r} of "
            f"{corpus.train}; name another"
        )
    return sorted(found, key=lambda value: (len(value), value))


def _do(
    recipe: Recipe,
    corpus: CorpusRecipe,
    data: Path,
    folder: Path,
    column: str,
    fold: str,
    on_progress: Callable[[Progress], None],
    on_encoded: Callable[[int, int], None],
) -> None:
    """Train without a fold and label it; what is done already is not done again."""
    others = f"{column}!={fold}"
    changed = corpus.model_copy(
        update={
            "train_where": (*corpus.train_where, others),
            "dev_where": (*corpus.dev_where, others),
        }
    )
    told = recipe.model_copy(update={"corpora": (changed,)})
    adapter = folder / ADAPTER
    if not adapter.is_dir():
        tuned = tune(told, data, folder, on_progress=on_progress, on_encoded=on_encoded)
        publish(tuned, told, folder)
    held_out = open_corpus(
        data / corpus.train,
        format=corpus.format,
        context_turns=corpus.context_turns,
        where=(*corpus.where, f"{column}={fold}"),
    )
    labeler = Labeler.from_pretrained(recipe.model, taxonomy=corpus.taxonomy, adapter=str(adapter))
    run(held_out, labeler, folder / _LABELLED)


def _gathered(output: Path, parts: Sequence[Path]) -> Path:
    """Write the rows of all folds into one file."""
    import pyarrow.parquet as pq

    path = output / HELD_OUT
    with whole_file(path) as file:
        for part in parts:
            for row in pq.read_table(part).to_pylist():
                file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    return path
