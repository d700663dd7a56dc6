"""`publish_writer`: a finished training as a folder that `thymos synth --writer-adapter` takes. All or nothing.

Takes what `tune_writer` gave; writes weights and cards. Knows nothing of the command line.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from thymos.adapters.llm.adapter import AdapterCard
from thymos.adapters.whole_file import whole_folder
from thymos.finetune.publish import ADAPTER, save_lora, write_card
from thymos.finetune.surroundings import command_line, commit, hardware, versions
from thymos.finetune.training.history import read as read_history
from thymos.finetune.writing.recipe import WriterRecipe
from thymos.finetune.writing.tune import TunedWriter
from thymos.prompts.template import WRITING


def publish_writer(tuned: TunedWriter, recipe: WriterRecipe, output: Path) -> Path:
    """Save.

    Args:
        tuned: from `tune_writer`.
        recipe: that it was tuned with.
        output: run folder.

    Returns:
        The folder `adapter` in the run folder.

    Raises:
        OutputError: the disk is full or refuses; what was there before stays.
    """
    card = AdapterCard(
        name=recipe.name,
        description=recipe.description,
        licence=recipe.licence,
        base=recipe.model,
        base_sha256=tuned.base.sha256,
        prompt=WRITING,
        confidence={},
        facts=_facts(tuned, recipe, output),
    )
    folder = output / ADAPTER
    with whole_folder(folder, replace=True) as stage:
        save_lora(tuned.module.model, recipe.model, stage)
        tuned.heard.save(stage)
        write_card(stage, card)
    return folder


def _facts(tuned: TunedWriter, recipe: WriterRecipe, output: Path) -> dict[str, Any]:
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
                "also_as": list(recipe.also_as),
                "train": len(corpus.train),
                "dev": len(corpus.dev),
                "left": asdict(corpus.left),
                "sha256": {split: identity["sha256"] for split, identity in corpus.identity.items()},
            }
            for corpus, told in zip(tuned.corpora, recipe.corpora, strict=True)
        ],
        "kept": [
            {
                "name": each.told.name,
                "source": each.told.source,
                "licence": each.told.licence,
                "rows": len(each.lessons),
                "sha256": each.sha256,
            }
            for each in tuned.kept
        ],
        "lessons": tuned.lessons,
        "dev_loss": round(tuned.dev_loss, 4),
        "steps": tuned.steps,
        "best_step": tuned.best_step,
        "tokens": sum(line["tokens"] for line in steps),
        "seconds": round(sum(line["seconds"] for line in steps)),
        "engine": tuned.module.engine,
        "dtype": tuned.base.dtype,
        "fingerprint": tuned.fingerprint,
        "command": " ".join(command_line()),
        "commit": (commit() or {}).get("hash") or "an installed package",
        "hardware": hardware(),
        "versions": versions(),
    }
