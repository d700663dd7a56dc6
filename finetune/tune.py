"""`tune`: a recipe in, a trained adapter's weights in a run folder. The body is the list of steps.

Takes a recipe, a data folder and an output folder; trains, and gives what was trained with what is known about it.
Knows nothing of the command line.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from thymos.adapters.encoders import load_encoder
from thymos.adapters.llm.adapter import adapter_folder
from thymos.adapters.llm.files import files_digest
from thymos.adapters.perception import Perception
from thymos.adapters.projectors.streams import Stream
from thymos.adapters.whole_file import refusal
from thymos.finetune.instruct.batches import BatchPlan, RowEncoder
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpora
from thymos.finetune.instruct.cues import telling, with_cues
from thymos.finetune.instruct.perceived import against_speakers, perceived
from thymos.finetune.recipe import Recipe
from thymos.finetune.recipe_parts import StreamRecipe, TrainRecipe, deciding
from thymos.finetune.surroundings import commit_line
from thymos.finetune.training.align import align
from thymos.finetune.training.average import Average
from thymos.finetune.training.dev import DevSplit
from thymos.finetune.training.loop import State, fit, label_cross_entropy
from thymos.finetune.training.model import Trainee, build
from thymos.finetune.training.processes import check_launch, check_processes, data_parallel
from thymos.finetune.training.steps import Schedule
from thymos.finetune.training.watch import Progress, Watch
from thymos.prompts.catalogue import builtin_taxonomies, taxonomy_identity

_PROJECTORS = "projectors."  # how their parameters' names begin
_PROJECTOR_DECAY = 0.01  # weight decay of AdamW, its usual value: they are small and see little data


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A finished training.

    Attributes:
        trainee: the model, with its best weights.
        corpora: what it learnt from.
        encoder: of rows, for calibration.
        best_step: step of the weights.
        steps: steps done.
        fingerprint: of the run.
        main_process: whether this process is the one that writes.
        commit: of this package when it began; of the last beginning where a run was gone on with.
    """

    trainee: Trainee
    corpora: tuple[TrainingCorpus, ...]
    encoder: RowEncoder
    best_step: int
    steps: int
    fingerprint: str
    main_process: bool
    commit: str


def tune(
    recipe: Recipe,
    data: Path,
    output: Path,
    *,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_remark: Callable[[str], None] = lambda remark: None,
    on_encoded: Callable[[int, int], None] = lambda done, total: None,
) -> Tuned:
    """Train what a recipe says; an interrupted run in the same folder goes on.

    Args:
        recipe: what to do.
        data: folder that the recipe's paths are relative to.
        output: run folder; made if it is not there.
        restart: throw away an interrupted run.
        on_progress: called after each step.
        on_remark: called with sentences worth telling.
        on_encoded: called after each recording is encoded, with how many are and how many there are.

    Raises:
        InputError: corpora, labels, the folder or the processes can't be used.
        ModelError: the model can't be used here, or not so.
        OutputError: the disk is full or refuses.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs

    begun_at = commit_line()
    check_launch()
    corpora = load_corpora(recipe.corpora, data, media=bool(recipe.streams))
    streams = tuple(map(stream_of, recipe.streams))
    _make(output)
    if streams:
        perception = Perception(streams)
        corpora = tuple(perceived(each, perception, on_encoded) for each in corpora)
    # A batch in which a modality is absent has nothing for its projector to learn.
    apart = DistributedDataParallelKwargs(find_unused_parameters=bool(streams))
    accelerator: Any = Accelerator(cpu=not torch.cuda.is_available(), kwargs_handlers=[apart])
    check_processes(recipe.train.accumulate, accelerator.num_processes)
    trainee = build(
        recipe.model,
        recipe.lora,
        recipe.train,
        start_from=recipe.start_from,
        device=str(accelerator.device),
        streams=streams,
        processes=accelerator.num_processes,
    )
    remarks: list[str] = []
    if trainee.shared:
        remarks.append(f"{trainee.shared:,} frozen weights are shared out")
    elif recipe.train.shard:
        remarks.append("one process holds all weights: launch several, for train.shard to share them out")
    if trainee.projectors is not None and not trainee.fresh:
        remarks.append(f"goes on with the projectors of {recipe.start_from}; they are not aligned again")
    if trainee.projectors is not None and trainee.fresh:
        trainee.projectors.standardise([frames for each in corpora for frames in each.train_frames or ()])
    if trainee.projectors is not None:
        corpora = tuple(
            against_speakers(each, trainee.projectors, recipe.train.seed, remarks.append) for each in corpora
        )
    if trainee.projectors is not None and trainee.fresh:
        cued = corpora
        if recipe.train.align_cues:
            told = Perception(telling(streams, stream_of(StreamRecipe(encoder="prosody"))))
            cued = tuple(with_cues(each, told) for each in corpora)
        remarks += align(
            trainee.projectors,
            cued,
            trainee.base.tokenizer,
            trainee.base.model.get_input_embeddings().weight.detach(),
            epochs=recipe.train.align_epochs,
            peak=recipe.train.projector_rate,
            seed=recipe.train.seed,
            cues=recipe.train.align_cues,
        )
    fingerprint = _fingerprint(recipe, corpora, trainee)
    encoder = RowEncoder(trainee.base.tokenizer, recipe.prompt, recipe.max_tokens)
    plan = BatchPlan(
        corpora,
        encoder,
        recipe.prompt,
        recipe.vary,
        token_budget=recipe.train.token_budget,
        mixture_temperature=recipe.train.mixture_temperature,
        seed=recipe.train.seed,
        packed=bool(trainee.module.packs),
        streams=streams,
        drop_modalities=recipe.train.drop_modalities,
    )
    dev = {
        corpus.name: DevSplit(
            corpus,
            encoder,
            recipe.prompt,
            rows=recipe.train.dev_rows,
            seed=recipe.train.seed,
            streams=streams,
        )
        for corpus in corpora
    }
    parameters = trainee.trained()
    schedule = Schedule(plan, recipe.train.epochs, recipe.train.accumulate)
    optimizer = torch.optim.AdamW(_groups(parameters, recipe.train, schedule.total))
    average = Average(recipe.train.average, parameters) if recipe.train.average else None
    state = State(parameters, optimizer, average)
    module = data_parallel(trainee.module) if trainee.shared else accelerator.prepare(trainee.module)
    watch = Watch(
        output,
        fingerprint,
        trainee.module,
        dev,
        accelerator,
        evaluations=recipe.train.evaluations,
        patience=recipe.train.patience,
        minutes=recipe.train.checkpoint_minutes,
        on_progress=on_progress,
    )
    remarks += watch.start(state, schedule.total, restart=restart)
    if accelerator.num_processes > 1:
        remarks.append(f"{accelerator.num_processes} processes share each step")
    for remark in remarks if accelerator.is_main_process else ():
        on_remark(remark)
    try:
        fit(
            module,
            state,
            schedule,
            plan.batch,
            label_cross_entropy,
            accelerator,
            watch,
            peak=recipe.train.learning_rate,
            warmup=recipe.train.warmup,
            clip=recipe.train.clip,
        )
    except KeyboardInterrupt:
        watch.interrupted(state)
        raise
    finally:
        watch.close()
    if watch.best is not None:
        trainee.load(watch.best)
    trainee.module.eval()
    return Tuned(
        trainee, corpora, encoder, watch.best_step, state.step, fingerprint, accelerator.is_main_process, begun_at
    )


def stream_of(recipe: StreamRecipe) -> Stream:
    """Return a stream of a recipe, with what its encoder says of itself."""
    encoder = load_encoder(recipe.encoder)
    return Stream(
        modality=encoder.modality,
        encoder=recipe.encoder,
        fingerprint=encoder.fingerprint,
        dim=encoder.dim,
        layers=encoder.layers,
        kind=recipe.kind,
        tokens=recipe.tokens,
        width=recipe.width,
        baseline=recipe.baseline,
    )


def _groups(parameters: Mapping[str, torch.nn.Parameter], train: TrainRecipe, steps: int) -> list[dict[str, Any]]:
    """Return what is optimised, in groups: projectors have their own rate, and the LLM may begin later."""
    projectors = [weight for name, weight in parameters.items() if name.startswith(_PROJECTORS)]
    others = [weight for name, weight in parameters.items() if not name.startswith(_PROJECTORS)]
    groups: list[dict[str, Any]] = []
    if others:
        first = round(train.align * steps) if projectors else 0
        groups.append({"params": others, "weight_decay": train.weight_decay, "first": first})
    if projectors:
        groups.append({"params": projectors, "weight_decay": _PROJECTOR_DECAY, "peak": train.projector_rate})
    return groups


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(folder, error) from error


def _fingerprint(recipe: Recipe, corpora: tuple[TrainingCorpus, ...], trainee: Trainee) -> str:
    """Hash what decides the weights: recipe, data, model, batches. How often is looked or saved decides nothing."""
    told = deciding(recipe)
    for corpus in told["corpora"]:
        corpus.pop("votes")  # fitted after the weights
    for stream in told["streams"]:
        stream.pop("votes")  # likewise
    identity: Mapping[str, object] = {
        "version": 1,
        "recipe": told,
        "data": [corpus.identity for corpus in corpora],
        "rows": [(len(corpus.train), len(corpus.dev)) for corpus in corpora],  # what counts as a repeat may change
        "model": trainee.base.sha256,
        "packed": bool(trainee.module.packs),
        **({"encoders": [each.fingerprint for each in trainee.projectors.streams]} if trainee.projectors else {}),
        "start": files_digest(adapter_folder(recipe.start_from)) if recipe.start_from else None,
        **({"label_sets": own} if (own := _own_label_sets(corpora)) else {}),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _own_label_sets(corpora: tuple[TrainingCorpus, ...]) -> list[dict[str, object]]:
    """Return what the model is shown of label sets that somebody's file defines, since a file may change."""
    return [taxonomy_identity(each.taxonomy) for each in corpora if each.taxonomy.name not in builtin_taxonomies()]
