"""Quality of the usual classifier: a linear head on the last token of the same LLM, with the same LoRA.

transformers' own sequence classification (bf16, cross entropy or, for several labels, binary cross entropy), on the
rows, the LoRA, the layers, the epochs, the rate, the token budget and the average of weights of a recipe; thresholds
from dev, where the best epoch is chosen too; test read once. A turn is read with all before it, 1,024 tokens at most,
and turns of a dialogue are computed once, each with a head of its own at its end, as label scoring does. Says how the
label scoring of `thymos finetune` compares with what people do. `--save` keeps the LoRA and the probabilities, and
`--start-from` goes on from a LoRA, as `start_from` of a recipe does: an earlier run's, or that of an adapter of Thymos.

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
from safetensors.torch import save_file

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.sample import Sample, Turn
from thymos.adapters.scoring.batches import buckets
from thymos.adapters.scoring.pack import Pack, pack
from thymos.finetune.recipe import Recipe, load_recipe
from thymos.finetune.training.average import Average
from thymos.finetune.training.steps import rate
from thymos.prompts.taxonomy import Kind

LONGEST = 1024  # tokens, the last ones: what is asked about comes last


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
        """Return the token ids of rows: turns before a row and the row, each with an end."""
        told = [
            [(turn.text, turn.speaker) for turn in (*sample.context, Turn(sample.text or "", sample.speaker))]
            for sample in samples
        ]
        turns = list({turn for row in told for turn in row})
        texts = [f"{speaker}: {text}" if speaker else text for text, speaker in turns]
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        ended = {turn: [*row, self.tokenizer.eos_token_id] for turn, row in zip(turns, ids, strict=True)}
        return [[token for turn in row for token in ended[turn]][-LONGEST:] for row in told]

    def logits(self, packs: Sequence[Pack]) -> torch.Tensor:
        """Return the logits of the rows of packs, those of a pack in its order."""
        longest = max(len(each.trunk) for each in packs)
        pad = self.model.config.pad_token_id
        ids = torch.tensor([[*each.trunk, *[pad] * (longest - len(each.trunk))] for each in packs])
        mask = torch.tensor([[1] * len(each.trunk) + [0] * (longest - len(each.trunk)) for each in packs])
        classifier = self.model.base_model.model
        with torch.autocast("cpu", torch.bfloat16):
            states = classifier.model(input_ids=ids, attention_mask=mask).last_hidden_state
        read = torch.cat([states[place, [end - 1 for end in ends(each)]] for place, each in enumerate(packs)])
        return classifier.score(read.float())

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
        packs = whole(tokens)
        for group in buckets([len(each.trunk) for each in packs], budget):
            logits = self.logits([packs[place] for place in group])
            some = (logits.sigmoid() if self.multi else logits.softmax(1)).numpy()
            found = np.zeros((len(tokens), some.shape[1])) if found is None else found
            found[[row for place in group for row in packs[place].rows]] = some
        self.take(now)
        return found

    @torch.no_grad()
    def take(self, weights: dict[str, torch.Tensor]) -> None:
        """Copy weights in."""
        for name, weight in self.trained.items():
            weight.copy_(weights[name])


def whole(tokens: Sequence[Sequence[int]]) -> list[Pack]:
    """Return rows as packs whose rows all end within the trunk; a row that does not is a pack of its own."""
    packs = []
    for each in pack(tokens):
        inside = [place for place, branch in enumerate(each.branches) if not branch.tokens]
        rows = [each.rows[place] for place in inside]
        packs.append(Pack(each.trunk, tuple(each.branches[place] for place in inside), (*rows, each.rows[-1])))
        packs += [Pack(tokens[row], (), (row,)) for row in each.rows[:-1] if row not in rows]
    return packs


def ends(packed: Pack) -> list[int]:
    """Return where the rows of a pack of `whole` end in its trunk, in its order."""
    return [*(branch.start for branch in packed.branches), len(packed.trunk)]


def train(model: Classifier, rows: Splits, recipe: Recipe) -> tuple[Any, Any]:
    """Train; return the probabilities of dev and test after the epoch that is best on dev."""
    told = recipe.train
    chance = random.Random(told.seed)
    tokens, dev, test = (model.tokens(each) for each in (rows.corpus.train, rows.corpus.dev, rows.test))
    gold = torch.from_numpy(rows.train_gold)
    optimizer = torch.optim.AdamW(model.trained.values(), weight_decay=told.weight_decay)
    average = Average(told.average, model.trained)
    packs = whole(tokens)
    epoch_steps = len(list(buckets([len(each.trunk) for each in packs], told.token_budget)))
    print(f"{len(tokens)} rows in {len(packs)} packs, {sum(len(each.trunk) for each in packs)} tokens", flush=True)
    total, step, best, start = round(epoch_steps * told.epochs), 0, (-1.0, None, None), time.perf_counter()
    while step < total:
        chance.shuffle(packs)  # those of one length fall into other batches in each epoch
        groups = list(buckets([len(each.trunk) for each in packs], told.token_budget))
        chance.shuffle(groups)
        model.model.train()
        for group in groups[: total - step]:
            for part in optimizer.param_groups:
                part["lr"] = rate(step, total, told.learning_rate, told.warmup)
            chosen = [packs[place] for place in group]
            loss = model.loss(model.logits(chosen), gold[[row for each in chosen for row in each.rows]])
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
    parser.add_argument("--save", type=Path, help="folder for the LoRA and the probabilities of dev and test")
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
        save_file({"dev": torch.from_numpy(dev), "test": torch.from_numpy(test)}, options.save / "read.safetensors")
    print(f"{rows.corpus.name} classification head\n{rows.lines(dev, test)}")


if __name__ == "__main__":
    main()
