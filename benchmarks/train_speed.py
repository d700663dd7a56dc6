"""Training speed: Thymos' loop against TRL's SFTTrainer and transformers' Trainer: same rows, model, LoRA, precision.

The rows are GoEmotions texts (or random words of like lengths) with random labels: speed does not depend on which. All
train LoRA of rank 16 on every linear layer; Thymos also with the lower half frozen, as its recipes do. Each contender
trains on the same rows in every round, after a warm-up that is not counted; what is printed is rows per second and how
many times faster ours are, as ratio of medians. The others see one row's instruction with every row, as is usual;
`--instruction short` makes it a few tokens, so that the rest can be compared. Where the processor multiplies bf16, all
hold the LLM in bf16 and the update in fp32; `--autocast` lets the others compute the update in bf16 too.

    python benchmarks/train_speed.py --rounds 3 --rows 96
    python benchmarks/train_speed.py --rounds 3 --rows 96 --instruction short

TRL is not among Thymos' dependencies: `pip install trl` beside it, or it is left out and said so.
"""

import argparse
import logging
import random
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from _common import machine_line, race, report, rows
from datasets import disable_progress_bars

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.scoring.batches import buckets
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.finetune.instruct.batches import Batch
from thymos.finetune.recipe_parts import LoraRecipe, TrainRecipe
from thymos.finetune.training.loop import label_cross_entropy
from thymos.finetune.training.model import build
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.template import load_prompt

TAXONOMY = load_taxonomy("goemotions")
INSTRUCTIONS = {"labels": load_prompt("tuned", TAXONOMY).system, "short": "Name the emotion."}
TOKEN_BUDGET = 1536  # of the shipped recipes
OTHERS_BATCH = 16
RATE = 1e-4


def gold(texts: Sequence[str]) -> list[int]:
    """A label for each text, the same in every contender."""
    return [random.Random(text).randrange(len(TAXONOMY)) for text in texts]


def ours(instruction: str, freeze: int, engine: Any = "auto") -> Callable[[Sequence[str]], object]:
    trainee = build("smollm2-135m", LoraRecipe(), TrainRecipe(freeze_layers=freeze, engine=engine))
    encoder = PromptEncoder(trainee.base.tokenizer, instruction, TAXONOMY.words, answer=None)
    optimizer = torch.optim.AdamW(trainee.trained().values(), lr=RATE)

    def train(texts: Sequence[str]) -> None:
        tokens, labels = [encoder.row(text) for text in texts], gold(texts)
        for group in buckets([len(row) for row in tokens], TOKEN_BUDGET):
            targets = torch.nn.functional.one_hot(torch.tensor([labels[i] for i in group]), len(TAXONOMY)).float()
            rows_ = [tokens[i] for i in group]
            batch = Batch(encoder.prefix, rows_, encoder.trie, targets, sum(map(len, rows_)))
            loss: Any = label_cross_entropy(trainee.module, batch) / len(group)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trainee.trained().values(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return train


def lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")


def arguments(kind: Any, autocast: bool, **more: Any) -> Any:
    return kind(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=OTHERS_BATCH,
        num_train_epochs=1,
        learning_rate=RATE,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        bf16=autocast,
        **more,
    )


def silent(made: Any) -> Any:
    """Return a Trainer that does not print its figures."""
    from transformers import PrinterCallback

    made.remove_callback(PrinterCallback)
    return made


def trainer(instruction: str, autocast: bool) -> Callable[[Sequence[str]], object]:
    from datasets import Dataset
    from peft import get_peft_model
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    loaded = load_language_model()
    with quiet():
        model = get_peft_model(loaded.model, lora())
    encoder = PromptEncoder(loaded.tokenizer, instruction, TAXONOMY.words, answer=None)

    def train(texts: Sequence[str]) -> None:
        examples = []
        for text, label in zip(texts, gold(texts), strict=True):
            asked = [*encoder.prefix, *encoder.row(text)]
            answer = loaded.tokenizer(" " + TAXONOMY.words[label], add_special_tokens=False)["input_ids"]
            examples.append({"input_ids": asked + answer, "labels": [-100] * len(asked) + answer})
        collator: Any = DataCollatorForSeq2Seq(loaded.tokenizer)
        made: Any = Trainer
        told = arguments(TrainingArguments, autocast)
        silent(made(model, told, train_dataset=Dataset.from_list(examples), data_collator=collator)).train()

    return train


def trl(instruction: str, autocast: bool) -> Callable[[Sequence[str]], object]:
    from datasets import Dataset
    from peft import get_peft_model
    from trl import SFTConfig, SFTTrainer

    loaded = load_language_model()
    with quiet():
        model = get_peft_model(loaded.model, lora())
    encoder = PromptEncoder(loaded.tokenizer, instruction, TAXONOMY.words, answer=None)

    def train(texts: Sequence[str]) -> None:
        pairs = [
            {"prompt": encoder.text(text), "completion": " " + TAXONOMY.words[label]}
            for text, label in zip(texts, gold(texts), strict=True)
        ]
        settings = arguments(SFTConfig, autocast, completion_only_loss=True, gradient_checkpointing=False)
        silent(
            SFTTrainer(model, settings, train_dataset=Dataset.from_list(pairs), processing_class=loaded.tokenizer)
        ).train()

    return train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=96, help="rows of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--instruction", choices=tuple(INSTRUCTIONS), default="labels")
    parser.add_argument("--autocast", action="store_true", help="the others compute in bf16 wherever they can")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    disable_progress_bars()
    print(machine_line())
    asked = INSTRUCTIONS[options.instruction]
    contenders = {
        "all layers": (ours(asked, 0), options.rows),
        "upper half": (ours(asked, 15), options.rows),
    }
    print(f"peak memory with two models of ours: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    how = ", autocast" if options.autocast else ""
    contenders[f"Trainer and peft{how}"] = (trainer(asked, options.autocast), options.rows)
    if find_spec("trl"):
        contenders[f"TRL SFTTrainer{how}"] = (trl(asked, options.autocast), options.rows)
    else:
        print("TRL is not installed and is left out", file=sys.stderr)
    report(race(contenders, rows(options.rows), options.rounds), ["all layers", "upper half"])


if __name__ == "__main__":
    main()
