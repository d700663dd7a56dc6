"""`publish_writer`: a finished training as a folder that `thymos synth --writer-adapter` takes. All or nothing.

Takes what `tune_writer` gave; writes weights and cards. Knows nothing of the command line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from thymos.adapters.llm.adapter import AdapterCard
from thymos.adapters.whole_file import whole_folder
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.publish import ADAPTER, save_lora, write_card
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.surroundings import command_line, commit_line, hardware, versions
from thymos.finetune.training.history import read as read_history
from thymos.finetune.writing.learn import Learnt
from thymos.finetune.writing.recipe import AnsweringRecipe, WriterRecipe
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
    return save_answering(tuned.learnt, recipe, WRITING, _facts(tuned, recipe), output, beside=tuned.heard.save)


def save_answering(
    learnt: Learnt,
    recipe: AnsweringRecipe,
    prompt: str,
    facts: Mapping[str, Any],
    output: Path,
    *,
    beside: Callable[[Path], None] = lambda folder: None,
) -> Path:
    """Save an adapter that answers with text, with its cards; all or nothing.

    Args:
        learnt: the model.
        recipe: that it was tuned with.
        prompt: what its card calls its prompt.
        facts: for its cards, beside those of every training.
        output: run folder.
        beside: writes further files into the adapter's folder.

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
        base_sha256=learnt.base.sha256,
        prompt=prompt,
        confidence={},
        facts={"recipe": recipe.model_dump(mode="json"), **facts, **_learnt_facts(learnt, output)},
    )
    folder = output / ADAPTER
    with whole_folder(folder, replace=True) as stage:
        save_lora(learnt.module.model, recipe.model, stage)
        beside(stage)
        write_card(stage, card)
    return folder


def _facts(tuned: TunedWriter, recipe: WriterRecipe) -> dict[str, Any]:
    """Note what the cards say of the data."""
    return {
        "corpora": [
            corpus_facts(corpus, told, recipe.also_as)
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
    }


def corpus_facts(corpus: TrainingCorpus, told: CorpusRecipe, also_as: Sequence[str]) -> dict[str, Any]:
    """Note what the data card says of a corpus."""
    return {
        "name": corpus.name,
        "source": told.source,
        "licence": told.licence,
        "taxonomy": corpus.taxonomy.name,
        "also_as": list(also_as),
        "train": len(corpus.train),
        "dev": len(corpus.dev),
        "left": asdict(corpus.left),
        "sha256": {split: identity["sha256"] for split, identity in corpus.identity.items()},
    }


def _learnt_facts(learnt: Learnt, output: Path) -> dict[str, Any]:
    """Note how a training went, and where."""
    steps = [line for line in read_history(output) if line["kind"] == "step"]
    return {
        "dev_loss": round(learnt.dev_loss, 4),
        "steps": learnt.steps,
        "best_step": learnt.best_step,
        "tokens": sum(line["tokens"] for line in steps),
        "seconds": round(sum(line["seconds"] for line in steps)),
        "engine": learnt.module.engine,
        "dtype": learnt.base.dtype,
        "fingerprint": learnt.fingerprint,
        "command": " ".join(command_line()),
        "commit": commit_line(),
        "hardware": hardware(),
        "versions": versions(),
    }
