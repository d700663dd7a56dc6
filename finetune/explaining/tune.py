"""`tune_explainer`: a recipe in, a model that writes steps of explanations in a run folder.

Takes a recipe, a data folder, what explains rows to learn from, and what makes prompts. Knows nothing of the command
line.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from thymos.adapters.llm.adapter import adapter_folder
from thymos.adapters.llm.files import files_digest
from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.sample import Sample
from thymos.finetune.explaining.causes import cause_lessons
from thymos.finetune.explaining.recipe import ExplainerRecipe
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpus
from thymos.finetune.recipe_parts import deciding
from thymos.finetune.training.watch import Progress
from thymos.finetune.writing.batches import Prompter
from thymos.finetune.writing.learn import Learnt, accelerated, learn
from thymos.prompts.catalogue import load_map
from thymos.prompts.errors import InputError
from thymos.prompts.steps import TEMPLATES, StepLesson
from thymos.prompts.template import EXPLAINING, templates_sha256

_FEELINGS = "dailydialog"  # label set of the feelings of RECCON


class Tracer(Protocol):
    """Explains rows: `thymos.agent.reasoning.traces.Tracer` is one."""

    def identity(self) -> Mapping[str, object]:
        """Return what decides its explanations."""
        ...

    def lessons(self, sample: Sample) -> Sequence[StepLesson]:
        """Return the steps of one explanation; none where the row can't be labelled."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TunedExplainer:
    """A finished training.

    Attributes:
        learnt: the model.
        corpora: that it learnt from, in the recipe's order.
        lessons: how many of them, by step.
    """

    learnt: Learnt
    corpora: tuple[TrainingCorpus, ...]
    lessons: dict[str, int]


def tune_explainer(
    recipe: ExplainerRecipe,
    data: Path,
    output: Path,
    *,
    tracer: Callable[[], Tracer],
    prompter: Prompter,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_remark: Callable[[str], None] = lambda remark: None,
    on_traced: Callable[[int, int], None] = lambda done, total: None,
) -> TunedExplainer:
    """Train what a recipe says; an interrupted run in the same folder goes on.

    Args:
        recipe: what to do.
        data: folder that the recipe's paths are relative to.
        output: run folder; made if it is not there.
        tracer: loads what explains rows; it is let go before the training.
        prompter: makes ids of an instruction and a request, as they are made in use.
        restart: throw away an interrupted run.
        on_progress: called after each step.
        on_remark: called with sentences worth telling.
        on_traced: called after each row is explained, with how many are and how many there are.

    Raises:
        InputError: corpora, labels or the folder can't be used.
        ModelError: the model can't be used here.
        OutputError: the disk is full or refuses.
    """
    traces = tuple(load_corpus(each, data) for each in recipe.traces)
    causes = tuple(load_corpus(each, data) for each in recipe.causes)
    accelerator = accelerated(recipe, output)
    explains = tracer()
    train, dev = _drawn(recipe, traces)
    total = len(train) + len(dev)
    lessons: dict[str, list[StepLesson]] = {"train": [], "dev": []}
    for done, (split, sample) in enumerate([*(("train", each) for each in train), *(("dev", each) for each in dev)], 1):
        lessons[split] += explains.lessons(sample)
        on_traced(done, total)
    identity = dict(explains.identity())
    del explains
    maps = [load_map(_FEELINGS, name) for name in recipe.feelings_as]
    for corpus in causes:
        for split, samples in (("train", corpus.train), ("dev", corpus.dev)):
            lessons[split] += cause_lessons(samples, maps, random.Random(f"{recipe.train.seed}/{corpus.name}/{split}"))
    if not lessons["train"] or not lessons["dev"]:
        raise InputError("corpora must give steps to learn from and to look at, got none; check the recipe's causes")
    counts = dict(Counter(each.wish.step for each in lessons["train"]))
    learnt = learn(
        recipe,
        lessons["train"],
        lessons["dev"],
        output,
        accelerator,
        fingerprint=lambda base: _fingerprint(recipe, (*traces, *causes), identity, base),
        told=", ".join(f"{count:,} steps of {name}" for name, count in counts.items()),
        prompter=prompter,
        restart=restart,
        on_progress=on_progress,
        on_remark=on_remark,
    )
    return TunedExplainer(learnt, (*traces, *causes), counts)


def _drawn(recipe: ExplainerRecipe, traces: Sequence[TrainingCorpus]) -> tuple[list[Sample], list[Sample]]:
    """Draw the rows that are explained."""
    train, dev = [], []
    for told, corpus in zip(recipe.traces, traces, strict=True):
        chance = random.Random(f"{recipe.train.seed}/{corpus.name}")
        train += chance.sample(corpus.train, min(told.rows, len(corpus.train)))
        dev += chance.sample(corpus.dev, min(told.dev_rows, len(corpus.dev)))
    return train, dev


def _fingerprint(
    recipe: ExplainerRecipe, corpora: Sequence[TrainingCorpus], tracer: Mapping[str, object], base: LanguageModel
) -> str:
    """Hash what decides the weights: recipe, data, model, who explained the rows, words of a request."""
    identity = {
        "version": 1,
        "task": EXPLAINING,
        "recipe": deciding(recipe),
        "data": [dict(corpus.identity) for corpus in corpora],
        "start": files_digest(adapter_folder(recipe.start_from)) if recipe.start_from else None,
        "model": base.sha256,
        "tracer": dict(tracer),
        "templates": templates_sha256(*TEMPLATES),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
