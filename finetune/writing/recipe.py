"""`WriterRecipe`: everything that the training of a writer was told, as one validated value.

The field names are the keys of the file; `task: write` tells it from a recipe that labels. Knows nothing of models.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from thymos.adapters.weights import DEFAULT
from thymos.finetune.recipe_parts import CorpusRecipe, Count, LoraRecipe, Share, Strict, TrainRecipe


class WritingCorpus(CorpusRecipe):
    """One corpus to learn to write from.

    Attributes:
        situation: column that tells in what situation something was said, if there is one.
    """

    situation: str | None = None


class TextsRecipe(Strict):
    """What the model learns to write.

    Attributes:
        read: conversations of a corpus that the labeler reads, at most; those with an emotion come first.
        utterances: single ones, at most.
        dialogues: conversations, at most.
        dev: texts of each kind to look at.
        turns: fewest and most of a conversation.
        words: fewest and most of a turn.
        most_alike: share of either kind that one label may have.
        examples: share of the wishes that show other texts of the label.
        situation: share of the wishes that tell the situation, where it is known.
        stages: share of the conversations whose other turns carry wishes too.
        plain: share of the texts with examples that are written without capitals and punctuation, as the examples are.
    """

    read: Count = 8000
    utterances: Count = 9000
    dialogues: Count = 9000
    dev: Count = 200
    turns: tuple[Count, Count] = (2, 8)
    words: tuple[Count, Count] = (3, 45)
    most_alike: Share = 0.1
    examples: Share = 0.5
    situation: Share = 0.6
    stages: Share = 0.6
    plain: Share = 0.25


class KeptRecipe(Strict):
    """Rows that `thymos synth` kept, learnt as they were asked: reward-ranked fine-tuning (RAFT, Dong et al. 2023,
    arXiv:2304.06767), in which the gates are the reward.

    Attributes:
        name: how the cards call them.
        rows: JSONL of `thymos synth`, relative to the data folder.
        licence: of the rows.
        source: the command that wrote them, for the cards.
    """

    name: str
    rows: Path
    licence: str
    source: str


def unweighed(corpora: Sequence[CorpusRecipe]) -> None:
    """Refuse a weight, which lessons of a model that writes do not have.

    Raises:
        ValueError: a corpus has one.
    """
    if told := next((each for each in corpora if each.weight != 1), None):
        raise ValueError(f"weight must be left out of a model that writes, got {told.weight} for {told.name!r}")


class AnsweringRecipe(Strict):
    """What every training has whose model learns to answer with text.

    Attributes:
        name: of the adapter.
        description: one sentence for the cards.
        licence: of the adapter, which its data decide.
        model: base model, as in `thymos label --model`.
        start_from: adapter whose weights are learnt on, of the same shape; None starts afresh.
        reader: adapter of the labeler that reads the texts.
        reader_taxonomy: label set in which it reads.
        max_tokens: longest request with its answer; longer ones are not learnt from.
        lora: the update.
        train: how the weights are found.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    description: str
    licence: str
    model: str = DEFAULT
    start_from: str | None = None
    reader: str = "goemotions"
    reader_taxonomy: str = "goemotions"
    max_tokens: Count = 384
    lora: LoraRecipe = LoraRecipe()
    train: TrainRecipe = TrainRecipe()

    @model_validator(mode="after")
    def _has_an_update(self) -> Self:
        if self.train.method not in ("lora", "qlora"):
            raise ValueError(f"method must be lora or qlora for a writer, got {self.train.method}; change it")
        if self.train.align_cues:
            raise ValueError(f"train.align_cues must be left out of a model that writes, got {self.train.align_cues}")
        if self.train.shard:
            raise ValueError("train.shard must be left out of a model that writes, got true")
        return self


class WriterRecipe(AnsweringRecipe):
    """A whole training of a writer. `reader` reads the emotion of every turn: the corpora know it of some turns alone.

    Attributes:
        task: what tells it from a recipe that labels.
        also_as: label sets into which readings are translated, so that wishes are made in several.
        corpora: what to learn from.
        kept: what else, rows that an earlier writer wrote and the gates kept.
        texts: what is made of them.
    """

    task: Literal["write"]
    also_as: tuple[str, ...] = ()
    corpora: Annotated[tuple[WritingCorpus, ...], Field(min_length=1)]
    kept: tuple[KeptRecipe, ...] = ()
    texts: TextsRecipe = TextsRecipe()

    @model_validator(mode="after")
    def _can_be_done(self) -> "WriterRecipe":
        names = [corpus.name for corpus in self.corpora] + [rows.name for rows in self.kept]
        if len(set(names)) != len(names):
            raise ValueError(f"names of corpora must differ, got {', '.join(names)}; rename one")
        unweighed(self.corpora)
        low, high = self.texts.turns
        if not 2 <= low <= high:
            raise ValueError(f"texts.turns must be two numbers from 2 up, the lower first, got {low}, {high}")
        return self
