"""Quality of the usual classifier: a linear head on the last token of the same LLM, with the same LoRA.

transformers' own sequence classification (bf16, cross entropy or, for several labels, binary cross entropy), on the
rows, the LoRA, the layers, the epochs, the rate, the token budget and the average of weights of a recipe; thresholds
from dev, where the best epoch is chosen too; test read once. Says how the label scoring of `thymos finetune` compares
with what people do. `--save` keeps the LoRA, and `--start-from` goes on from one, as `start_from` of a recipe does:
from an earlier run's, or from an adapter of Thymos.

    python benchmarks/classification_head.py goemotions --data corpora --save runs/head
    python benchmarks/classification_head.py dair --data corpora --start-from runs/head
"""

import argparse
import random
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from _common import machine_line
from _splits import Splits, add_options, splits
from peft import LoraConfig, PeftModel, get_peft_model

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.batches import buckets
from thymos.finetune.recipe import Recipe, load_recipe
from thymos.finetune.training.average import Average
from thymos.finetune.training.steps import rate
from thymos.prompts.taxonomy import Kind

LONGEST = 256  # tokens, the last ones: what is asked about comes last


class Classifier:
    """The LLM with a head, its rows and its probabilities."""

    def __init__(self, recipe: Recipe, labels: int, multi: bool, start_from: Path | None) -> None:
        loaded = load_language_model(recipe.model, adapter=None, dtype="bfloat16")
        self.tokenizer, self.multi = loaded.tokenizer, multi
        from transformers import LlamaForSequenceClassification

        config: Any = loaded.model.config
        config.num_labels, config.pad_token_id = labels, loaded.tokenizer.convert_tokens_to_ids("<|endoftext|>")
        model: Any = LlamaForSequenceClassification(config)
        model.model, model.score = loaded.model.model, model.score.float()
        layers = range(recipe.train.freeze_layers, config.num_hidden_layers)
        with quiet():
            if start_from is None:
                told = LoraConfig(
                    r=recipe.lora.rank,
                    lora_alpha=int(recipe.lora.alpha),
                    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
                    layers_to_transform=list(layers),
                )
                self.model: Any = get_peft_model(model, told)
            else:
                told = LoraConfig.from_pretrained(start_from)
                told.task_type = None  # that of an adapter of Thymos is to write
                self.model = PeftModel.from_pretrained(model, start_from, config=told, is_trainable=True)
        for weight in self.model.base_model.model.score.parameters():
            weight.requires_grad_(True)
        self.trained = {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def tokens(self, samples: Sequence[Sample]) -> list[list[int]]:
        """Return the token ids of rows: turns before a row on lines of their own, the row, an end."""
        texts = [
            "\n".join(f"{turn.speaker}: {turn.text}" if turn.speaker else turn.text for turn in sample.context[-8:])
            + ("\n" if sample.context else "")
            + (f"{sample.speaker}: {sample.text}" if sample.speaker else sample.text or "")
            for sample in samples
        ]
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [[*row[-LONGEST:], self.tokenizer.eos_token_id] for row in ids]

    def logits(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        longest = max(map(len, rows))
        pad = self.model.config.pad_token_id
        ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        with torch.autocast("cpu", torch.bfloat16):
            return self.model(input_ids=ids, attention_mask=mask).logits.float()

    def loss(self, logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
        if self.multi:
            return F.binary_cross_entropy_with_logits(logits, gold.float(), reduction="none").sum(1).mean()
        return F.cross_entropy(logits, gold.float() / gold.sum(1, keepdim=True))

    @torch.no_grad()
    def probabilities(self, tokens: Sequence[Sequence[int]], weights: Average, budget: int) -> Any:
        """Return probabilities under the averaged weights, (rows, labels)."""
        now = {name: weight.detach().clone() for name, weight in self.trained.items()}
        self.take(weights.weights)
        self.model.eval()
        found: Any = None
        for group in buckets([len(row) for row in tokens], budget):
            logits = self.logits([tokens[place] for place in group])
            some = (logits.sigmoid() if self.multi else logits.softmax(1)).numpy()
            found = np.zeros((len(tokens), some.shape[1])) if found is None else found
            found[group] = some
        self.take(now)
        return found

    @torch.no_grad()
    def take(self, weights: dict[str, torch.Tensor]) -> None:
        """Copy weights in."""
        for name, weight in self.trained.items():
            weight.copy_(weights[name])


def train(model: Classifier, rows: Splits, recipe: Recipe) -> tuple[Any, Any]:
    """Train; return the probabilities of dev and test after the epoch that is best on dev."""
    told = recipe.train
    chance = random.Random(told.seed)
    tokens, dev, test = (model.tokens(each) for each in (rows.corpus.train, rows.corpus.dev, rows.test))
    gold = torch.from_numpy(rows.train_gold)
    optimizer = torch.optim.AdamW(model.trained.values(), weight_decay=told.weight_decay)
    average = Average(told.average, model.trained)
    epoch_steps = len(list(buckets([len(row) for row in tokens], told.token_budget)))
    total, step, best, start = round(epoch_steps * told.epochs), 0, (-1.0, None, None), time.perf_counter()
    while step < total:
        places = list(range(len(tokens)))
        chance.shuffle(places)  # rows of one length fall into other batches in each epoch
        groups = [[places[i] for i in group] for group in buckets([len(tokens[p]) for p in places], told.token_budget)]
        chance.shuffle(groups)
        model.model.train()
        for group in groups[: total - step]:
            for part in optimizer.param_groups:
                part["lr"] = rate(step, total, told.learning_rate, told.warmup)
            loss = model.loss(model.logits([tokens[place] for place in group]), gold[group])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.trained.values(), told.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            average.update(model.trained, step)
            step += 1
            if step % 25 == 0:
                took = time.perf_counter() - start
                print(f"step {step} of {total}, loss {loss.item():.3f}, {took:.0f} s", flush=True)
        seen = model.probabilities(dev, average, told.token_budget * 4)
        figure = rows.dev_figure(seen)
        print(f"step {step} of {total}: dev macro F1 {figure:.4f}, {time.perf_counter() - start:.0f} s", flush=True)
        if figure > best[0]:
            best = (figure, seen, {name: weight.clone() for name, weight in average.weights.items()})
    average.weights = best[2] or average.weights
    found = model.probabilities(test, average, told.token_budget * 4)
    model.take(average.weights)
    return best[1], found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--epochs", type=float, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--start-from", type=Path, help="folder of an earlier run's --save; its head is not taken")
    parser.add_argument("--save", type=Path, help="folder for the LoRA")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(machine_line())
    changes = {"epochs": options.epochs, "learning_rate": options.learning_rate}
    recipe = load_recipe(options.recipe)
    given = {name: value for name, value in changes.items() if value is not None}
    recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update=given)})
    torch.manual_seed(recipe.train.seed)
    rows = splits(recipe, options)
    labels = rows.corpus.taxonomy
    model = Classifier(recipe, len(labels), labels.kind is Kind.MULTI, options.start_from)
    dev, test = train(model, rows, recipe)
    if options.save:
        model.model.save_pretrained(options.save)
    print(f"{rows.corpus.name} classification head: {rows.test_line(dev, test)}")


if __name__ == "__main__":
    main()
