"""Batches: every row once an epoch, in an order that the seed decides, within the budget."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from tests.finetune.recipes import dialogues, recipe, write_corpus, write_dialogues
from thymos.adapters.scoring.pack import pack
from thymos.finetune.instruct.batches import BatchPlan, RowEncoder
from thymos.finetune.instruct.corpora import TrainingCorpus, load_corpus
from thymos.finetune.recipe_parts import CorpusRecipe, VaryRecipe
from thymos.prompts.errors import InputError

BUDGET = 300


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingCorpus, ...]:
    folder = tmp_path_factory.mktemp("corpora")
    told = recipe(Path("none")).corpora[0]
    write_corpus(folder, "invented", 200, seed=1)
    write_corpus(folder, "other", 50, seed=7)
    other = told.model_copy(update={"name": "other", "train": Path("other-train.csv"), "dev": Path("other-dev.csv")})
    return load_corpus(told, folder), load_corpus(other, folder)


def plan(
    corpora: tuple[TrainingCorpus, ...],
    model: Path,
    *,
    temperature: float = 1,
    seed: int = 0,
    share: float = 0,
    packed: bool = True,
) -> BatchPlan:
    encoder = RowEncoder(AutoTokenizer.from_pretrained(model), "tuned", 512)
    return BatchPlan(
        corpora,
        encoder,
        "tuned",
        VaryRecipe(share=share),
        token_budget=BUDGET,
        mixture_temperature=temperature,
        seed=seed,
        packed=packed,
    )


def test_an_epoch_has_every_row_once(corpora: tuple[TrainingCorpus, ...], tiny_model: Path) -> None:
    for number in (0, 3):
        seen = sorted((group.corpus, row) for group in plan(corpora, tiny_model).epoch(number) for row in group.rows)
        assert seen == [(c, row) for c, corpus in enumerate(corpora) for row in range(len(corpus.train))]


def test_the_seed_alone_decides_the_order(corpora: tuple[TrainingCorpus, ...], tiny_model: Path) -> None:
    first = plan(corpora, tiny_model).epoch(1)
    state = random.getstate()
    random.seed(5)
    assert plan(corpora, tiny_model).epoch(1) == first
    random.setstate(state)
    assert plan(corpora, tiny_model).epoch(0) != first
    assert plan(corpora, tiny_model, seed=1).epoch(1) != first


def test_a_batch_stays_within_its_budget_and_its_rows_are_of_like_length(
    corpora: tuple[TrainingCorpus, ...], tiny_model: Path
) -> None:
    made = plan(corpora, tiny_model)
    batches = [made.batch(group) for group in made.epoch(0)]
    sizes = [[each.size for each in pack(batch.rows)] for batch in batches]
    padded = [len(packs) * max(packs) for packs in sizes]
    assert max(padded) <= BUDGET
    assert sum(batch.tokens for batch in batches) / sum(padded) > 0.9


def test_targets_are_equal_shares_of_the_gold_labels(corpora: tuple[TrainingCorpus, ...], tiny_model: Path) -> None:
    made = plan(corpora, tiny_model, share=1)
    for group in made.epoch(0)[:20]:
        batch = made.batch(group)
        torch.testing.assert_close(batch.targets.sum(1), torch.ones(len(batch.rows)))
        assert len(batch.trie.steps) == batch.targets.shape[1]


def test_temperature_draws_small_corpora_more_often(corpora: tuple[TrainingCorpus, ...], tiny_model: Path) -> None:
    sizes = [len(corpus.train) for corpus in corpora]
    assert plan(corpora, tiny_model).quotas == sizes
    large, small = plan(corpora, tiny_model, temperature=2).quotas
    roots = [size**0.5 for size in sizes]
    assert (large, small) == tuple(round(sum(sizes) * root / sum(roots)) for root in roots)
    assert small > len(corpora[1].train)  # so that some rows come twice


def test_a_corpus_of_weight_three_is_drawn_three_times_as_often(
    corpora: tuple[TrainingCorpus, ...], tiny_model: Path
) -> None:
    large, small = (len(corpus.train) for corpus in corpora)
    made = plan((corpora[0], replace(corpora[1], weight=3)), tiny_model)
    total = large + small
    assert made.quotas == [round(total * large / (large + 3 * small)), round(total * 3 * small / (large + 3 * small))]
    seen = Counter(group.corpus for group in made.epoch(0) for _ in group.rows)
    assert [seen[0], seen[1]] == made.quotas


def test_a_recipe_s_weight_reaches_the_mixture_and_none_is_left_out(tiny_model: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path, "invented", 40, seed=1)
    told = recipe(Path("none")).corpora[0]
    assert load_corpus(told.model_copy(update={"weight": 2.5}), tmp_path).weight == 2.5
    one = load_corpus(told, tmp_path)
    with pytest.raises(InputError, match="rows of 'faint' must be drawn in an epoch, got none; raise its weight"):
        plan((one, replace(one, name="faint", weight=1e-4)), tiny_model)
    with pytest.raises(InputError, match="rows of 'invented' must fit into max_tokens, got none that do"):
        BatchPlan(
            (one,),
            RowEncoder(AutoTokenizer.from_pretrained(tiny_model), "tuned", 3),
            "tuned",
            VaryRecipe(),
            token_budget=BUDGET,
            mixture_temperature=1,
            seed=0,
        )


def test_a_dialogue_is_drawn_whole_and_costs_its_tokens_once(tiny_model: Path, tmp_path: Path) -> None:
    write_dialogues(tmp_path)
    corpus = load_corpus(CorpusRecipe.model_validate(dialogues()), tmp_path)
    made = plan((corpus,), tiny_model)
    batches = [made.batch(group) for group in made.epoch(0)]
    assert sum(len(batch.rows) for batch in batches) == len(corpus.train) == 180
    alone = sum(len(row) for batch in batches for row in batch.rows)
    assert sum(batch.tokens for batch in batches) < 0.45 * alone
    singly = plan((corpus,), tiny_model, packed=False)
    batches = [singly.batch(group) for group in singly.epoch(0)]
    assert sum(len(batch.rows) for batch in batches) == 180
    assert max(len(batch.rows) * max(map(len, batch.rows)) for batch in batches) <= BUDGET
