"""A plain classifier on the frames that an adapter listens to: what the LLM with soft tokens must not be worse than.

    python benchmarks/plain_head.py voice --by fold5 --data ../shared/data

The same projector as the recipe's, its tokens side by side, and one linear layer; the same folds, rows, seed and
averaging of weights. Prints accuracy and unweighted accuracy (mean recall) of each fold and their mean.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from torch import Tensor, nn

from thymos.adapters.perception import Perception
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Frames, gather
from thymos.agent.folds import fold_recipes
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpus
from thymos.finetune.instruct.perceived import against_speakers, perceived
from thymos.finetune.recipe import Recipe, load_recipe
from thymos.finetune.training.average import Average
from thymos.finetune.training.steps import rate
from thymos.finetune.tune import stream_of


class Head(nn.Module):
    """Projectors and a linear layer; an absent stream is zeros here, as in what people use."""

    def __init__(self, recipe: Recipe, labels: int, size: int = 128) -> None:
        super().__init__()
        streams = tuple(map(stream_of, recipe.streams))
        self.projectors = Projectors(streams, size=size, norm=1.0, dropout=recipe.train.projector_dropout)
        self.tokens = sum(each.tokens for each in streams)
        self.out = nn.Linear(self.tokens * size, labels)

    def forward(self, rows: list[tuple[Frames | None, ...]]) -> Tensor:
        felt = gather(rows, self.projectors.streams)
        table = self.projectors(felt)
        parts = table.new_zeros(len(rows), self.tokens, table.shape[1])
        for row, ids in enumerate(felt.ids):
            places = [-1 - each for of_modality in ids.values() for each in of_modality]
            parts[row, : len(places)] = table[places]
        return self.out(parts.flatten(1))


def train(corpus: TrainingCorpus, recipe: Recipe, epochs: int, batch: int = 32) -> Head:
    """Train on a fold's training rows."""
    torch.manual_seed(recipe.train.seed)
    rows = list(corpus.train_frames or ())
    gold = torch.tensor([corpus.taxonomy.index((sample.gold or ("",))[0]) for sample in corpus.train])
    head = Head(recipe, len(corpus.taxonomy))
    head.projectors.standardise(rows)
    optimizer = torch.optim.AdamW(head.parameters(), weight_decay=0.01)
    average = Average(0.98, dict(head.named_parameters()))
    steps = epochs * (len(rows) // batch)
    for step in range(steps):
        if step % (len(rows) // batch) == 0:
            order = torch.randperm(len(rows))
        places = order[(step % (len(rows) // batch)) * batch :][:batch]
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, recipe.train.projector_rate, recipe.train.warmup)
        loss = F.cross_entropy(head([rows[place] for place in places]), gold[places])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        average.update(dict(head.named_parameters()), step)
    with torch.no_grad():
        for name, weight in head.named_parameters():
            weight.copy_(average.weights[name])
    return head.eval()


@torch.no_grad()
def recalls(head: Head, corpus: TrainingCorpus) -> tuple[float, float]:
    """Accuracy and unweighted accuracy on the rows that were held out."""
    rows = list(corpus.dev_frames or ())
    gold = np.array([corpus.taxonomy.index((sample.gold or ("",))[0]) for sample in corpus.dev])
    said = np.concatenate([head(rows[at : at + 64]).argmax(1).numpy() for at in range(0, len(rows), 64)])
    each = [(said[gold == label] == label).mean() for label in np.unique(gold)]
    return float((said == gold).mean()), float(np.mean(each))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--by", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--inner", action="store_true", help="score the recipe's dev rows instead of the held-out fold")
    parser.add_argument("--set", action="append", default=[], dest="changes")
    told = parser.parse_args()
    from thymos.agent.cli.finetune import change

    recipe = load_recipe(told.recipe, dict(map(change, told.changes)))
    found = []
    for fold, changed, held_out in fold_recipes(recipe, told.data, told.by):
        if told.only and fold not in told.only:
            continue
        corpus = changed if told.inner else changed.model_copy(update={"dev_where": held_out})
        loaded = load_corpus(corpus, told.data, media=True)
        ready = perceived(loaded, Perception(tuple(map(stream_of, recipe.streams))))
        usual = Projectors(tuple(map(stream_of, recipe.streams)), size=1, norm=1.0)
        usual.standardise(list(ready.train_frames or ()))
        ready = against_speakers(ready, usual, recipe.train.seed)
        found.append(recalls(train(ready, recipe, told.epochs), ready))
        print(f"{told.by} {fold}: accuracy {found[-1][0]:.4f}, unweighted {found[-1][1]:.4f}", flush=True)
    print(f"mean: accuracy {np.mean(found, axis=0)[0]:.4f}, unweighted {np.mean(found, axis=0)[1]:.4f}")


if __name__ == "__main__":
    main()
