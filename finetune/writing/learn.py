"""`learn`: lessons in, a model that answers them out. Whatever the lessons are: wishes for text, or steps of reasons.

Takes lessons, a recipe's settings and what makes prompts; trains, keeps checkpoints, goes on where it stopped. Knows
nothing of corpora or of what an answer is for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from thymos.adapters.llm.load import LanguageModel, LoadIn, load_language_model
from thymos.adapters.scoring.engine import TRAINING, keep_freed_memory
from thymos.adapters.whole_file import refusal
from thymos.finetune.training.average import Average
from thymos.finetune.training.loop import State, fit
from thymos.finetune.training.model import learn_on, with_lora
from thymos.finetune.training.processes import check_launch, check_processes
from thymos.finetune.training.steps import Schedule
from thymos.finetune.training.watch import Progress, Watch
from thymos.finetune.writing.batches import Answered, LessonPlan, Prompter, encode
from thymos.finetune.writing.learner import DevLessons, Learner, text_cross_entropy
from thymos.finetune.writing.recipe import AnsweringRecipe


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """A finished training.

    Attributes:
        base: model that it started from.
        module: with its best weights.
        dev_loss: of the best weights, nats a token.
        best_step: step of the weights.
        steps: steps done.
        fingerprint: of the run.
        main_process: whether this process is the one that writes.
    """

    base: LanguageModel
    module: Learner
    dev_loss: float
    best_step: int
    steps: int
    fingerprint: str
    main_process: bool


def accelerated(recipe: AnsweringRecipe, output: Path) -> Any:
    """Return the accelerator of a run; its folder is made if it is not there.

    Raises:
        InputError: the batches do not come out even over the processes, or these were launched for another way.
        OutputError: the folder can't be made.
    """
    from accelerate import Accelerator

    check_launch()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(output, error) from error
    accelerator: Any = Accelerator(cpu=not torch.cuda.is_available())
    check_processes(recipe.train.accumulate, accelerator.num_processes)
    return accelerator


def learn(
    recipe: AnsweringRecipe,
    train: Sequence[Answered],
    dev: Sequence[Answered],
    output: Path,
    accelerator: Any,
    *,
    fingerprint: Callable[[LanguageModel], str],
    told: str,
    prompter: Prompter,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_remark: Callable[[str], None] = lambda remark: None,
) -> Learnt:
    """Train on lessons; an interrupted run in the same folder goes on.

    Args:
        recipe: how the model is trained.
        train: lessons to learn from.
        dev: lessons to look at.
        output: run folder, which is there.
        accelerator: from `accelerated`.
        fingerprint: what decides the weights, hashed; takes the base model.
        told: what the lessons are, in words, for a remark.
        prompter: makes ids of an instruction and a request, as they are made in use.
        restart: throw away an interrupted run.
        on_progress: called after each step.
        on_remark: called with sentences worth telling.

    Raises:
        InputError: the folder holds another run.
        ModelError: the model can't be used here.
        OutputError: the disk is full or refuses.
    """
    keep_freed_memory(TRAINING)  # the labeler that read has asked for less
    torch.manual_seed(recipe.train.seed)
    load_in: LoadIn | None = "4bit" if recipe.train.method == "qlora" else None
    base = load_language_model(recipe.model, load_in=load_in, device=str(accelerator.device))
    model = with_lora(base, recipe.lora, recipe.train)
    if recipe.start_from is not None:
        learn_on(model, recipe.start_from, recipe.model, base.sha256)
    module = Learner(model.train(), general=recipe.train.engine == "general")
    parameters = {name: weight for name, weight in module.model.named_parameters() if weight.requires_grad}
    pad = base.tokenizer.pad_token_id or base.tokenizer.eos_token_id
    learnt, looked_at = (encode(each, base.tokenizer, prompter, recipe.max_tokens) for each in (train, dev))
    plan = LessonPlan(learnt, recipe.train.token_budget, recipe.train.seed, pad)
    schedule = Schedule(plan, recipe.train.epochs, recipe.train.accumulate)
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=recipe.train.weight_decay)
    average = Average(recipe.train.average, parameters) if recipe.train.average else None
    state = State(parameters, optimizer, average)
    told_apart = fingerprint(base)
    watch = Watch(
        output,
        told_apart,
        module,
        {"texts": DevLessons(looked_at, recipe.train.token_budget, pad)},
        accelerator,
        evaluations=recipe.train.evaluations,
        patience=recipe.train.patience,
        minutes=recipe.train.checkpoint_minutes,
        on_progress=on_progress,
    )
    remarks = watch.start(state, schedule.total, restart=restart)
    remarks.append(f"learns from {told}; {len(train) - len(learnt):,} too long are left out")
    for remark in remarks if accelerator.is_main_process else ():
        on_remark(remark)
    try:
        fit(
            accelerator.prepare(module),
            state,
            schedule,
            plan.batch,
            text_cross_entropy,
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
    with torch.no_grad():
        for name, weight in (watch.best or {}).items():
            parameters[name].copy_(weight)
    return Learnt(
        base,
        module.eval(),
        -watch.best_score,
        watch.best_step,
        state.step,
        told_apart,
        accelerator.is_main_process,
    )
