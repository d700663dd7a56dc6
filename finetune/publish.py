"""`publish`: a finished training as a folder that others can use. Weights, calibration and cards, all or nothing.

Takes what `tune` gave; calibrates it as it will be stored, writes a folder beside and gives it its name at the end.
Knows nothing of the command line.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from thymos.adapters.llm.adapter import WEIGHTS, WORDLESS, AdapterCard
from thymos.adapters.llm.files import CARD
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.projectors.store import save_projectors
from thymos.adapters.scoring.tuned import AsForward
from thymos.adapters.whole_file import whole_file, whole_folder
from thymos.finetune.calibration.corpus import Fit, dev_figures, fit_corpora, write_votes
from thymos.finetune.cards.write import data_card, model_card
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.lineage import learnt
from thymos.finetune.recipe import Recipe
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.surroundings import command_line, hardware, versions
from thymos.finetune.training.history import read as read_history
from thymos.finetune.tune import Tuned

ADAPTER = "adapter"
MODEL = "model"


def publish(tuned: Tuned, recipe: Recipe, output: Path) -> Path:
    """Calibrate and save. Processes that share out weights must all come here; the main one alone writes.

    Args:
        tuned: from `tune`.
        recipe: that it was tuned with.
        output: run folder.

    Returns:
        The folder: `adapter` in the run folder, or `model` after full fine-tuning.

    Raises:
        OutputError: the disk is full or refuses; what was there before stays.
    """
    folder = result_folder(recipe, output)
    full = folder.name == MODEL
    if not full:
        tuned.trainee.load({name: weight.half().float() for name, weight in tuned.trainee.weights().items()})
    fits = fit_corpora(
        _told(tuned, recipe),
        AsForward(tuned.trainee.module),
        tuned.encoder,
        recipe.prompt,
        projectors=tuned.trainee.projectors,
        voting=[each.votes for each in recipe.streams],
    )
    if not tuned.main_process:
        return folder
    card = AdapterCard(
        name=recipe.name,
        description=recipe.description,
        licence=recipe.licence,
        base=recipe.model,
        base_sha256=tuned.trainee.base.sha256,
        prompt=recipe.prompt,
        confidence={taxonomy: fit.confidence for taxonomy, fit in fits.items()},
        context_turns={taxonomy: fit.context_turns for taxonomy, fit in fits.items()},
        facts=_facts(tuned, recipe, output, fits),
    )
    with whole_folder(folder, replace=True) as stage:
        if full:
            tuned.trainee.peft_model.save_pretrained(stage)
            tuned.trainee.base.tokenizer.save_pretrained(stage)
        else:
            save_lora(tuned.trainee.peft_model, recipe.model, stage)
        if tuned.trainee.projectors is not None:
            save_projectors(stage, tuned.trainee.projectors)
        write_votes(stage, fits)
        write_card(stage, card)
    return folder


def result_folder(recipe: Recipe, output: Path) -> Path:
    """Return the folder of what a recipe makes in a run folder: `model` after full fine-tuning, `adapter` else."""
    return output / (MODEL if recipe.train.method == "full" else ADAPTER)


def write_card(folder: Path, card: AdapterCard) -> None:
    """Write what is known of an adapter into its folder: `thymos.json`, `README.md` and `DATA.md`, all whole.

    Raises:
        OutputError: a field of a card is missing, or the disk is full or refuses; cards that were there stay.
    """
    texts = {
        "README.md": model_card(card),
        "DATA.md": data_card(card),
        CARD: json.dumps(card.as_json(), indent=1, ensure_ascii=False) + "\n",
    }
    with ExitStack() as files:
        for name, text in texts.items():
            file = files.enter_context(whole_file(folder / name))
            file.write(text.encode())
            file.flush()


def save_lora(model: Any, base: str, folder: Path) -> None:
    """Write peft's two files: the weights in 16 bits, and a configuration that names no path of this machine.

    Args:
        model: of peft.
        base: how the base model is named.
        folder: to write into.
    """
    with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
        from peft import get_peft_model_state_dict
    from safetensors.torch import save

    weights: Mapping[str, Tensor] = get_peft_model_state_dict(model)
    halved = {name: weight.half().contiguous() for name, weight in weights.items()}
    (folder / WEIGHTS).write_bytes(save(halved, {"format": "pt"}))  # `save_file` lets nobody but its owner read
    config = model.peft_config["default"]
    config.base_model_name_or_path = base
    config.inference_mode = True
    config.save_pretrained(folder)


def _told(tuned: Tuned, recipe: Recipe) -> list[tuple[TrainingCorpus, CorpusRecipe]]:
    """Return each corpus with what the recipe says of it."""
    return list(zip(tuned.corpora, recipe.corpora, strict=True))


def _facts(tuned: Tuned, recipe: Recipe, output: Path, fits: Mapping[str, Fit]) -> dict[str, Any]:
    """Note everything that the cards say and that running it again takes."""
    steps = [line for line in read_history(output) if line["kind"] == "step"]
    return {
        "recipe": recipe.model_dump(mode="json"),
        "corpora": [
            {
                "name": corpus.name,
                "source": told.source,
                "licence": told.licence,
                "taxonomy": corpus.taxonomy.name,
                "also_as": list(recipe.asked_as(told)),
                "train": len(corpus.train),
                "dev": len(corpus.dev),
                "left": asdict(corpus.left),
                "sha256": {split: identity["sha256"] for split, identity in corpus.identity.items()},
            }
            for corpus, told in _told(tuned, recipe)
        ],
        "dev": dev_figures(fits),
        "scores": [],
        **({WORDLESS: True} if all(row.text is None for each in tuned.corpora for row in each.train) else {}),
        "steps": tuned.steps,
        "best_step": tuned.best_step,
        "tokens": sum(line["tokens"] for line in steps),
        "seconds": round(sum(line["seconds"] for line in steps)),
        "engine": tuned.trainee.engine,
        "dtype": tuned.trainee.base.dtype,
        "fingerprint": tuned.fingerprint,
        "command": " ".join(command_line()),
        "commit": tuned.commit,
        "through": [asdict(each) for each in learnt(recipe.start_from)],
        "hardware": hardware(),
        "versions": versions(),
    }
