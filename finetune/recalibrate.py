"""`recalibrate`: temperature, thresholds, label sets and votes of what was tuned, fitted again; its weights stay.

Takes an adapter that Thymos saved and the data of its recipe; gives a new folder. Whole or not at all.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thymos.adapters.llm.adapter import WEIGHTS, read_card, tuned_folder
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.perception import Perception
from thymos.adapters.projectors.store import PROJECTORS, load_projectors
from thymos.adapters.scoring.engine import resolve_engine
from thymos.adapters.whole_file import whole_folder
from thymos.finetune.calibration.corpus import dev_figures, fit_corpora, write_votes
from thymos.finetune.instruct.batches import RowEncoder
from thymos.finetune.instruct.corpora import load_corpora
from thymos.finetune.instruct.perceived import against_speakers, perceived
from thymos.finetune.publish import write_card
from thymos.finetune.recipe import Recipe
from thymos.finetune.surroundings import command_line, commit
from thymos.prompts.errors import InputError, ModelError
from thymos.prompts.template import EXPLAINING, WRITING


def recalibrate(
    adapter: str, output: Path, data: Path, *, votes: bool | None = None
) -> Mapping[str, Mapping[str, Any]]:
    """Fit and save.

    Args:
        adapter: shipped name, folder or hub id; or folder of a whole model that Thymos saved.
        output: folder to write.
        data: folder that the recipe's paths are relative to.
        votes: whether training rows may vote: by their recordings where the adapter listens, else by their words; None
            goes by the recipe.

    Returns:
        Corpus, or corpora of one label set -> figures on dev.

    Raises:
        InputError: the folder is there already, or the data can't be read.
        ModelError: adapter or base can't be used here.
        OutputError: the disk is full or refuses.
    """
    if output.exists():
        raise InputError(f"output must be a new folder, got {str(output)!r}; choose another")
    folder = tuned_folder(adapter)
    whole = not (folder / WEIGHTS).is_file()
    card = read_card(folder)
    if card is None:
        raise ModelError(f"adapter must have been saved by Thymos, got {adapter!r}; its recipe is not known")
    if card.prompt in (WRITING, EXPLAINING):
        raise InputError(f"adapter must be one that labels, got {adapter!r}, which writes; choose another")
    try:
        recipe = Recipe.model_validate(card.facts["recipe"])
    except (KeyError, ValidationError) as error:
        raise ModelError(
            f"adapter must tell its recipe, got {adapter!r} ({type(error).__name__}); tune again"
        ) from error
    corpora = load_corpora(recipe.corpora, data, media=bool(recipe.streams))
    if votes is not None:
        recipe = _voting(recipe, votes)
    projectors = load_projectors(folder)
    if projectors is not None:
        perception = Perception(projectors.streams)
        alone = not any(each.votes or each.baseline == "speaker" for each in recipe.streams)
        heard = (perceived(each, perception, dev_alone=alone) for each in corpora)
        corpora = tuple(against_speakers(each, projectors, recipe.train.seed) for each in heard)
    loaded = load_language_model(str(folder)) if whole else load_language_model(card.base, adapter=adapter)
    encoder = RowEncoder(loaded.tokenizer, card.prompt, recipe.max_tokens)
    _, forward = resolve_engine(loaded)
    fits = fit_corpora(
        list(zip(corpora, recipe.corpora, strict=True)),
        forward,
        encoder,
        card.prompt,
        projectors=projectors,
        voting=[each.votes for each in recipe.streams],
    )
    figures = dev_figures(fits)
    facts = dict(card.facts) | {
        "recipe": recipe.model_dump(mode="json"),
        "dev": figures,
        "scores": [],
        "calibrated": {"command": " ".join(command_line()), "commit": (commit() or {}).get("hash")},
    }
    told = replace(
        card,
        confidence={name: fit.confidence for name, fit in fits.items()},
        context_turns={name: fit.context_turns for name, fit in fits.items()},
        facts=facts,
    )
    with whole_folder(output) as stage:
        names = [WEIGHTS, "adapter_config.json", *([PROJECTORS] if projectors is not None else [])]
        for name in [each.name for each in folder.iterdir() if each.is_file()] if whole else names:
            shutil.copyfile(folder / name, stage / name)
        write_votes(stage, fits)
        write_card(stage, told)
    return figures


def _voting(recipe: Recipe, votes: bool) -> Recipe:
    """Return a recipe in which recordings (or words, where none are listened to) may vote, or nothing may."""
    turned = ("streams",) if votes and recipe.streams else ("corpora", "streams")
    return recipe.model_copy(
        update={
            name: tuple(each.model_copy(update={"votes": votes}) for each in getattr(recipe, name)) for name in turned
        }
    )
