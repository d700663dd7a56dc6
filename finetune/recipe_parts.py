"""The parts of a recipe: corpora, encoders that are listened to, the update, the variation, the training.

Frozen values; the field names are the keys of a recipe's file. Nothing to compute.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Strict(BaseModel):
    """A value that refuses unknown keys and changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusRecipe(Strict):
    """One corpus to learn from.

    Attributes:
        name: how curves and cards call it.
        train: file with the rows to learn from, relative to the data folder.
        dev: file that early stopping and calibration look at.
        held_out: further files whose rows must not be learnt (test splits); only their texts are read.
        format: as in `thymos label --format`.
        taxonomy: the label set of the gold labels, built in or a YAML file.
        also_as: built-in label sets that the gold labels are translated into for a part of the batches.
        context_turns: earlier turns to show. All of them (100) cost no more than a few: turns that several rows show
            are computed once.
        text_column: column with the text, where the format does not say.
        label_column: column with the gold labels, likewise.
        label_separator: what stands between several gold labels in one cell; a JSON list needs none.
        votes: whether words of the training rows vote beside the tuned model, at a weight fitted on dev.
        weight: how many times as often its rows are drawn, beside those of the other corpora, as `mixture_temperature`
            alone would have it; how many are drawn of all together stays.
        where: conditions that rows of all splits must meet (`column=value,value`, `column!=value`).
        train_where: further conditions on the rows to learn from, where one file holds several splits.
        dev_where: likewise, for dev.
        held_out_where: likewise, for the held-out files.
        licence: of the corpus, for the cards.
        source: where it comes from, for the cards.
    """

    name: str
    train: Path
    dev: Path
    held_out: tuple[Path, ...] = ()
    format: str = "auto"
    taxonomy: str
    also_as: tuple[str, ...] = ()
    context_turns: Annotated[int, Field(ge=0)] = 0
    text_column: str | None = None
    label_column: str | None = None
    label_separator: str | None = None
    votes: bool = False
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    where: tuple[str, ...] = ()
    train_where: tuple[str, ...] = ()
    dev_where: tuple[str, ...] = ()
    held_out_where: tuple[str, ...] = ()
    licence: str
    source: str


class StreamRecipe(Strict):
    """One encoder that is listened to beside the text; see `adapters/projectors`.

    Attributes:
        encoder: its name, which tells the modality.
        kind: of the projector.
        tokens: soft tokens of one signal.
        width: of the space in which frames are pooled.
        baseline: speaker compares a recording with what its speaker is like on the whole, which takes several
            recordings of each and no label of theirs.
        votes: whether recordings of the training rows vote beside the tuned model, at a weight fitted on dev.
    """

    encoder: str
    kind: Literal["attention", "linear", "qformer"] = "attention"
    tokens: Count = 4
    width: Count = 128
    baseline: Literal["none", "speaker"] = "none"
    votes: bool = False


class LoraRecipe(Strict):
    """The low-rank update; None of it applies to full fine-tuning.

    Attributes:
        rank: r of Hu et al. 2022.
        alpha: the update is scaled by alpha / rank (rsLoRA: alpha / sqrt(rank)).
        targets: all-linear, or names of linear layers.
        dropout: on the update's input.
        rslora: rank-stabilised scaling (Kalajdzievski 2023, arXiv:2312.03732).
        dora: weight-decomposed LoRA (Liu et al. 2024, arXiv:2402.09353).
    """

    rank: Count = 16
    alpha: Positive = 16
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    dropout: Share = 0.0
    rslora: bool = False
    dora: bool = False


class VaryRecipe(Strict):
    """How the instruction varies, so that the model reads the label set instead of knowing one by heart.

    Attributes:
        share: of batches that are varied at all; the others show the taxonomy as `thymos label` does.
        translate: of these, batches asked in one of the sets of `also_as`.
        reword: of these, batches with another wording.
        shuffle: of these, batches with the labels in another order.
        subset: of these, batches that show a part of the labels; rows with a gold label outside it are left out.
        synonym: probability that a label in a varied batch is shown as a synonym.
    """

    share: Share = 0.4
    translate: Share = 0.5
    reword: Share = 0.5
    shuffle: Share = 0.8
    subset: Share = 0.2
    synonym: Share = 0.15


class TrainRecipe(Strict):
    """How the weights are found.

    Attributes:
        method: lora, qlora (4-bit base, Dettmers et al. 2023), full, or projectors (the LLM stays as it is).
        align_epochs: passes before the first step in which fresh projectors learn the words of the labels, without the
            LLM.
        align_cues: how much the words of what was measured in a recording (`high pitch`, `fast heart rate`) count in
            these passes beside the words of its label; 0 leaves them out. Every recording is read once more for it.
        align: share of the steps, from the first, in which projectors alone learn.
        projector_rate: peak learning rate of projectors.
        projector_dropout: on what projectors pool.
        drop_modalities: probability that a modality of a row is left out for a while, text too; never all of them.
        freeze_layers: lowest layers that stay as they are; they cost no backward pass.
        epochs: passes over the mixture; fractions are allowed.
        learning_rate: peak of the cosine.
        warmup: share of the steps over which the rate rises.
        weight_decay: of AdamW.
        clip: largest gradient norm.
        token_budget: padded tokens of one batch.
        accumulate: batches of one step.
        mixture_temperature: rows are drawn from a corpus of n rows in proportion to n ** (1 / temperature).
        evaluations: looks at dev in a whole run.
        patience: looks without a better macro F1 before the run stops early; 0 never stops.
        dev_rows: rows of each dev split for these looks; calibration takes all.
        checkpoint_minutes: time between checkpoints.
        average: decay of the moving average of the weights that is saved; 0 saves the last weights.
        engine: auto, eager, compiled or general, as in `thymos label`.
        shard: whether several processes share out the base's frozen weights instead of each holding all; the engine is
            general then.
        seed: of the order, the variation and the initial weights.
    """

    method: Literal["lora", "qlora", "full", "projectors"] = "lora"
    align_epochs: Annotated[float, Field(ge=0)] = 0.0
    align_cues: Share = 0.0
    align: Share = 0.0
    projector_rate: Positive = 1e-3
    projector_dropout: Share = 0.1
    drop_modalities: Share = 0.0
    freeze_layers: Annotated[int, Field(ge=0)] = 0
    epochs: Positive = 1.0
    learning_rate: Positive = 1e-3
    warmup: Share = 0.03
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip: Positive = 1.0
    token_budget: Count = 1024
    accumulate: Count = 1
    mixture_temperature: Annotated[float, Field(ge=1)] = 1.0
    evaluations: Count = 6
    patience: Annotated[int, Field(ge=0)] = 0
    dev_rows: Count = 2000
    checkpoint_minutes: Positive = 4.0
    average: Annotated[float, Field(ge=0, lt=1)] = 0.0
    engine: Literal["auto", "eager", "compiled", "general"] = "auto"
    shard: bool = False
    seed: int = 0


def deciding(recipe: BaseModel) -> dict[str, Any]:
    """Return what of a recipe decides the weights, as JSON values, to tell one run from another.

    How often is looked or saved decides nothing. Keys that came later are left out where they change nothing, so that
    runs from before there were such keys go on.
    """
    told = recipe.model_dump(mode="json")
    for key in ("checkpoint_minutes", "engine", "shard"):
        told["train"].pop(key)
    if not told["train"]["align_cues"]:
        told["train"].pop("align_cues")
    for part in told.values():
        for each in part if isinstance(part, list) else ():
            if isinstance(each, dict) and each.get("weight") == 1:
                each.pop("weight")
    return told
