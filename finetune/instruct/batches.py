"""Batches: rows of like length, or of one dialogue, behind one instruction, in an order that the seed alone decides.

Takes training corpora, a tokenizer and how to vary; gives, for each epoch, the same groups every time, so that a run
taken up again sees what an uninterrupted one would have seen. Knows no model.
"""

import random
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from thymos.adapters.projectors.streams import Felt, Stream, gather, soft_ids
from thymos.adapters.sample import Sample, Turn
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.fit import fitted
from thymos.adapters.scoring.pack import grouped, pack
from thymos.adapters.scoring.trie import LabelTrie
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.instruct.draw import Draw, as_asked, varied
from thymos.finetune.instruct.perceived import without_some
from thymos.finetune.recipe_parts import VaryRecipe
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import load_prompt

SoftIds = Mapping[str, Sequence[int]]

_POOL = 4096  # rows that are sorted by length together: enough for little padding, few enough for a random order


@dataclass(frozen=True, slots=True)
class Batch:
    """What one forward pass gets.

    Attributes:
        prefix: token ids of the instruction.
        rows: token ids of each row.
        trie: label words.
        targets: gold distribution, (rows, labels): equal shares of each row's gold labels.
        tokens: to compute, without padding and instruction; what rows begin with alike counts once where it is
            computed once.
        felt: what rows bring beside words, or None.
    """

    prefix: list[int]
    rows: list[list[int]]
    trie: LabelTrie
    targets: Tensor
    tokens: int
    felt: Felt | None = None

    @property
    def weight(self) -> int:
        """Every row has one answer."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are computed together, and the seed of their draw."""

    corpus: int
    rows: tuple[int, ...]
    seed: str


class RowEncoder:
    """Tokenises samples for a prompt: what `thymos label` would feed, without the instruction."""

    def __init__(self, tokenizer: Any, prompt: str, max_tokens: int) -> None:
        """Keep what encodes.

        Args:
            tokenizer: of the model.
            prompt: name of the prompt template.
            max_tokens: longest row.
        """
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._max_tokens = max_tokens

    def rows(
        self, samples: Sequence[Sample], taxonomy: Taxonomy, soft: Sequence[SoftIds] | None = None
    ) -> list[list[int] | None]:
        """Return the tokens of each sample, oldest turns left out to fit; None where its text alone is too long.

        Args:
            samples: to tokenise.
            taxonomy: of their prompt.
            soft: for each sample, modality -> ids of its soft tokens; None where they are read alone.
        """
        return list(self.each(samples, taxonomy, soft))

    def each(
        self, samples: Sequence[Sample], taxonomy: Taxonomy, soft: Sequence[SoftIds] | None = None
    ) -> Iterator[list[int] | None]:
        """Yield what `rows` returns, one by one."""
        prompt = load_prompt(self._prompt, taxonomy)
        encoder = self.encoder(prompt.system, taxonomy.words, prompt.answer)
        ids = soft or [{}] * len(samples)
        for sample, each in zip(samples, ids, strict=True):
            yield self._row(encoder, prompt, sample, each)

    def encoder(self, system: str, words: Sequence[str], answer: str | None) -> PromptEncoder:
        """Return the encoder of an instruction and its label words."""
        return PromptEncoder(self._tokenizer, system, words, answer=answer)

    def _row(self, encoder: PromptEncoder, prompt: Any, sample: Sample, soft: SoftIds) -> list[int] | None:
        def row(context: Sequence[Turn]) -> list[int]:
            return encoder.row(prompt.row(sample.text or "", sample.speaker, context, soft), soft)

        found = fitted(row, sample.context, self._max_tokens)
        return found if len(found) <= self._max_tokens else None


class BatchPlan:
    """The batches of every epoch of a run."""

    def __init__(
        self,
        corpora: Sequence[TrainingCorpus],
        encoder: RowEncoder,
        prompt: str,
        vary: VaryRecipe,
        *,
        token_budget: int,
        mixture_temperature: float,
        seed: int,
        packed: bool = True,
        streams: Sequence[Stream] = (),
        drop_modalities: float = 0.0,
    ) -> None:
        """Tokenise all rows once.

        Args:
            corpora: what to learn from.
            encoder: of rows and instructions.
            prompt: name of the prompt template.
            vary: how instructions vary.
            token_budget: padded tokens of one batch, its instruction left out.
            mixture_temperature: 1 draws from corpora in proportion to their rows; larger draws more evenly.
            seed: of everything that chance decides here.
            packed: whether the forward computes turns of a dialogue once; if not, rows are drawn and counted singly.
            streams: that the frames of the corpora are of.
            drop_modalities: probability that a modality of a row is left out of a batch.
        """
        self._corpora = tuple(corpora)
        self._encoder = encoder
        self._prompt = prompt
        self._vary = vary
        self._budget = token_budget
        self._seed = seed
        self._packed = packed
        self._streams = tuple(streams)
        self._drop = drop_modalities
        soft = [soft_ids(corpus.train_frames, streams) if corpus.train_frames else None for corpus in corpora]
        # Token ids as numbers of a list take six times as much: 0.4 GB for five corpora.
        self._rows = [
            [array("i", row or ()) for row in encoder.each(corpus.train, corpus.taxonomy, ids)]
            for corpus, ids in zip(corpora, soft, strict=True)
        ]
        self._usable = [[i for i, row in enumerate(of_corpus) if row] for of_corpus in self._rows]
        self.too_long = sum(len(every) - len(usable) for every, usable in zip(self._rows, self._usable, strict=True))
        self._units = [
            [tuple(usable[place] for place in each.rows) for each in pack([of_corpus[row] for row in usable])]
            if packed
            else [(row,) for row in usable]
            for of_corpus, usable in zip(self._rows, self._usable, strict=True)
        ]
        sizes = [len(usable) for usable in self._usable]
        for corpus, size in zip(corpora, sizes, strict=True):
            if not size:
                raise InputError(f"rows of {corpus.name!r} must fit into max_tokens, got none that do; raise it")
        weights = [
            corpus.weight * size ** (1 / mixture_temperature) for corpus, size in zip(corpora, sizes, strict=True)
        ]
        self.quotas: list[int] = [round(sum(sizes) * weight / sum(weights)) for weight in weights]
        for number, corpus in enumerate(corpora):
            if not self._wanted(number):
                raise InputError(f"rows of {corpus.name!r} must be drawn in an epoch, got none; raise its weight")

    def epoch(self, number: int) -> list[Group]:
        """Return the groups of an epoch, in the order in which they are learnt from."""
        chance = random.Random(f"{self._seed}/{number}")
        groups = []
        for corpus in range(len(self._corpora)):
            for pool in self._pools(self._drawn(corpus, number)):
                for places in grouped([self._rows[corpus][row] for row in pool], self._budget, packed=self._packed):
                    groups.append((corpus, tuple(pool[place] for place in places)))
        chance.shuffle(groups)
        return [Group(corpus, rows, f"{self._seed}/{number}/{place}") for place, (corpus, rows) in enumerate(groups)]

    def batch(self, group: Group) -> Batch:
        """Return a group as tokens and targets, under the instruction that its seed draws."""
        corpus = self._corpora[group.corpus]
        draw = self._draw(corpus, random.Random(group.seed))
        golds = [draw.targets(corpus.train[row].gold or ()) for row in group.rows]
        kept = [(row, gold) for row, gold in zip(group.rows, golds, strict=True) if gold]
        if not kept:  # a subset that holds no gold label of this group
            draw = as_asked(corpus.taxonomy, self._prompt)
            kept = [(row, draw.targets(corpus.train[row].gold or ())) for row in group.rows]
        encoder = self._encoder.encoder(draw.system, draw.words, load_prompt(self._prompt, corpus.taxonomy).answer)
        targets = torch.zeros(len(kept), len(draw.words))
        for place, (_, gold) in enumerate(kept):
            targets[place, list(gold)] = 1 / len(gold)
        rows, felt = self._shown(group, [row for row, _ in kept])
        tokens = sum(each.size for each in pack(rows)) if self._packed else sum(map(len, rows))
        return Batch(encoder.prefix, rows, encoder.trie, targets, tokens, felt)

    def _shown(self, group: Group, places: Sequence[int]) -> tuple[list[list[int]], Felt | None]:
        """Return the tokens of rows, with what they bring beside words, some of it left out by chance."""
        corpus = self._corpora[group.corpus]
        if not corpus.train_frames:
            return [self._rows[group.corpus][row].tolist() for row in places], None
        chance = random.Random(f"{group.seed}/shown")
        shown = [
            without_some(corpus.train[row], corpus.train_frames[row], self._streams, self._drop, chance)
            for row in places
        ]
        felt = gather([frames for _, frames in shown], self._streams)
        rows = self._encoder.rows([sample for sample, _ in shown], corpus.taxonomy, felt.ids)
        return [row or [] for row in rows], felt

    def _draw(self, corpus: TrainingCorpus, chance: random.Random) -> Draw:
        if chance.random() >= self._vary.share:
            return as_asked(corpus.taxonomy, self._prompt)
        return varied(corpus.taxonomy, corpus.translations, self._prompt, self._vary, chance)

    def _wanted(self, corpus: int) -> int:
        """Return how many units of a corpus an epoch has."""
        return round(self.quotas[corpus] * len(self._units[corpus]) / len(self._usable[corpus]))

    def _drawn(self, corpus: int, epoch: int) -> list[tuple[int, ...]]:
        """Return the units of a corpus for an epoch: the next ones of an endless row of shuffles of all.

        A unit is a row, or the rows of a dialogue, which are computed together.
        """
        units = self._units[corpus]
        wanted = self._wanted(corpus)
        first = epoch * wanted
        drawn: list[tuple[int, ...]] = []
        turn = first // len(units)
        while len(drawn) < wanted:
            shuffled = list(units)
            random.Random(f"{self._seed}/{corpus}/{turn}").shuffle(shuffled)
            begin = first - turn * len(units) if turn == first // len(units) else 0
            drawn += shuffled[begin : begin + wanted - len(drawn)]
            turn += 1
        return drawn

    @staticmethod
    def _pools(units: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
        """Gather the rows of units into pools of about `_POOL`."""
        pool: list[int] = []
        for unit in units:
            if pool and len(pool) + len(unit) > _POOL:
                yield pool
                pool = []
            pool += unit
        yield pool
