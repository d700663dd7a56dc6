"""`tune_writer`: a recipe in, a trained writer in a run folder. The body is the list of steps.

Takes a recipe, a data folder, a labeler that reads and what makes prompts of wishes. Knows nothing of the command line.
"""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thymos.adapters.llm.adapter import adapter_folder
from thymos.adapters.llm.files import files_digest
from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.sample import Sample
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpus
from thymos.finetune.recipe_parts import deciding
from thymos.finetune.training.watch import Progress
from thymos.finetune.writing.batches import Prompter
from thymos.finetune.writing.dialogues import dialogues
from thymos.finetune.writing.kept import KeptRows, read_kept
from thymos.finetune.writing.learn import Learnt, accelerated, learn
from thymos.finetune.writing.lessons import Hearing, Lesson, conversations, utterances
from thymos.finetune.writing.readings import Reader, read_all
from thymos.finetune.writing.recipe import WriterRecipe, WritingCorpus
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.template import WRITING, templates_sha256
from thymos.prompts.wish import TEMPLATES
from thymos.retrieval.heard import Heard

READINGS = "readings"


@dataclass(frozen=True, slots=True, eq=False)
class TunedWriter:
    """A finished training.

    Attributes:
        learnt: the model.
        corpora: what it learnt from.
        kept: what else, by file.
        lessons: how many of them, by kind.
        heard: their texts, as hashes.
    """

    learnt: Learnt
    corpora: tuple[TrainingCorpus, ...]
    kept: tuple[KeptRows, ...]
    lessons: dict[str, int]
    heard: Heard


@dataclass(slots=True)
class _Lessons:
    train: list[Lesson] = field(default_factory=list)
    dev: list[Lesson] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def tune_writer(
    recipe: WriterRecipe,
    data: Path,
    output: Path,
    *,
    reader: Callable[[], Reader],
    prompter: Prompter,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_remark: Callable[[str], None] = lambda remark: None,
    on_read: Callable[[int, int], None] = lambda done, total: None,
) -> TunedWriter:
    """Train what a recipe says; an interrupted run in the same folder goes on.

    Args:
        recipe: what to do.
        data: folder that the recipe's paths are relative to.
        output: run folder; made if it is not there.
        reader: loads the labeler that reads turns; it is let go before the training.
        prompter: makes ids of an instruction and a request, as they are made in use.
        restart: throw away an interrupted run.
        on_progress: called after each step.
        on_remark: called with sentences worth telling.
        on_read: called after each part of the turns is read, with how many are and how many there are.

    Raises:
        InputError: corpora, labels or the folder can't be used.
        ModelError: the model can't be used here.
        OutputError: the disk is full or refuses.
    """
    corpora = tuple(load_corpus(each, data) for each in recipe.corpora)
    kept = tuple(read_kept(each, data) for each in recipe.kept)
    accelerator = accelerated(recipe, output)
    reads = reader()
    with accelerator.main_process_first():  # what it read, the others find
        made = _lessons(recipe, corpora, reads, output, on_read)
    made.train += [lesson for each in kept for lesson in each.lessons]
    if kept:
        made.counts["rows that an earlier writer wrote"] = sum(len(each.lessons) for each in kept)
    if not made.train or not made.dev:
        raise InputError("corpora must give texts to learn from and to look at, got none; widen texts in the recipe")
    learnt = learn(
        recipe,
        made.train,
        made.dev,
        output,
        accelerator,
        fingerprint=lambda base: _fingerprint(recipe, corpora, kept, base, reads),
        told=", ".join(f"{count:,} {kind}" for kind, count in made.counts.items()),
        prompter=prompter,
        restart=restart,
        on_progress=on_progress,
        on_remark=on_remark,
    )
    return TunedWriter(learnt, corpora, kept, made.counts, _heard_in(made.train, recipe.start_from))


def _lessons(
    recipe: WriterRecipe,
    corpora: Sequence[TrainingCorpus],
    reader: Reader,
    output: Path,
    on_read: Callable[[int, int], None],
) -> _Lessons:
    """Read what is felt in every turn, and make lessons of it; each corpus gives its share."""
    taxonomy = load_taxonomy(recipe.reader_taxonomy)
    translations = [load_map(taxonomy.name, name) for name in recipe.also_as]
    if not translations:
        raise InputError("also_as must name a label set in which corpora and labeler are compared, got none; say ekman")
    first = translations[0].target.name
    made = _Lessons(counts={"utterances": 0, "conversations": 0})
    for told, corpus in zip(recipe.corpora, corpora, strict=True):
        own = corpus.taxonomy
        hearing = Hearing(taxonomy, translations, own, None if own.name == first else load_map(own.name, first))
        for split, samples in (("train", corpus.train), ("dev", corpus.dev)):
            chance = random.Random(f"{recipe.train.seed}/{told.name}/{split}")
            heard = _heard(told, samples, split, recipe, hearing, reader, taxonomy.names, output, on_read, chance)
            share = 1 / len(corpora)
            for kind, make in (("utterances", utterances), ("conversations", conversations)):
                wanted = recipe.texts.dev if split == "dev" else _wanted(recipe, kind)
                lessons = make(heard, recipe.texts, round(wanted * share), chance)
                if split == "dev":
                    made.dev += lessons
                else:
                    made.train += lessons
                    made.counts[kind] += len(lessons)
    return made


def _heard_in(lessons: Sequence[Lesson], start_from: str | None) -> Heard:
    """Return what is said in lessons, turn by turn, and what the adapter had heard that is learnt on."""
    lines = (line for each in lessons for line in each.answer.split("\n"))
    heard = Heard.of(line.removeprefix("A: ").removeprefix("B: ") for line in lines)
    earlier = Heard.load(adapter_folder(start_from)) if start_from else None
    return heard if earlier is None else heard.with_all_of(earlier)


def _wanted(recipe: WriterRecipe, kind: str) -> int:
    return recipe.texts.utterances if kind == "utterances" else recipe.texts.dialogues


def _heard(
    told: WritingCorpus,
    samples: Sequence[Sample],
    split: str,
    recipe: WriterRecipe,
    hearing: Hearing,
    reader: Reader,
    names: Sequence[str],
    output: Path,
    on_read: Callable[[int, int], None],
    chance: random.Random,
) -> list[Any]:
    found = dialogues(samples, told.situation)
    chance.shuffle(found)
    wanted = 2 * recipe.texts.dev if split == "dev" else recipe.texts.read
    # Most turns of everyday talk have no emotion, and reading them takes time.
    flat = {hearing.own.neutral}
    found.sort(key=lambda each: all(flat >= set(turn.gold) for turn in each.turns))
    found = found[:wanted]
    turns = [turn.text for each in found for turn in each.turns]
    read = read_all(turns, reader, names, output / READINGS, on_read)
    heard, start = [], 0
    for each in found:
        heard.append(hearing.hear(each, read[start : start + len(each.turns)]))
        start += len(each.turns)
    return heard


def _fingerprint(
    recipe: WriterRecipe,
    corpora: Sequence[TrainingCorpus],
    kept: Sequence[KeptRows],
    base: LanguageModel,
    reads: Reader,
) -> str:
    """Hash what decides the weights: recipe, data, model, who read the data, words of a wish."""
    identity = {
        "version": 1,
        "task": WRITING,
        "recipe": deciding(recipe),
        "data": [dict(corpus.identity) for corpus in corpora],
        "kept": [each.sha256 for each in kept],
        "start": files_digest(adapter_folder(recipe.start_from)) if recipe.start_from else None,
        "model": base.sha256,
        "reader": dict(reads.identity()),
        "templates": templates_sha256(*TEMPLATES),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
