"""`Recipe`: everything that a fine-tuning was told, as one validated value. A YAML file in, frozen dataclasses out.

The field names are the keys of the file, and the comments in `recipes/` are their documentation. Configuration stops
here: what trains takes plain arguments. Knows nothing of models or of rows.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thymos.adapters.weights import DEFAULT
from thymos.prompts.errors import InputError
from thymos.prompts.yaml_lines import near

_RECIPES = Path(__file__).parent / "recipes"
_MAX_BYTES = 1_000_000

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusRecipe(_Strict):
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
    licence: str
    source: str


class LoraRecipe(_Strict):
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


class VaryRecipe(_Strict):
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


class TrainRecipe(_Strict):
    """How the weights are found.

    Attributes:
        method: lora, qlora (4-bit base, Dettmers et al. 2023) or full.
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
        seed: of the order, the variation and the initial weights.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
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
    seed: int = 0


class Recipe(_Strict):
    """A whole fine-tuning.

    Attributes:
        name: of the adapter.
        description: one sentence for the cards.
        licence: of the adapter, which its data decide.
        model: base model, as in `thymos label --model`.
        start_from: adapter whose weights are learnt on: shipped name, folder or hub id, of the same shape; None starts
            anew.
        prompt: template that is trained and that the adapter will be asked with.
        max_tokens: longest row; earlier turns are left out to fit, longer texts are not learnt from.
        corpora: what to learn from.
        lora: the update.
        vary: how the instruction varies.
        train: how the weights are found.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    description: str
    licence: str
    model: str = DEFAULT
    start_from: str | None = None
    prompt: Literal["tuned", "instruct", "cause"] = "tuned"
    max_tokens: Count = 512
    corpora: Annotated[tuple[CorpusRecipe, ...], Field(min_length=1)]
    lora: LoraRecipe = LoraRecipe()
    vary: VaryRecipe = VaryRecipe()
    train: TrainRecipe = TrainRecipe()

    @model_validator(mode="after")
    def _names_differ(self) -> "Recipe":
        names = [corpus.name for corpus in self.corpora]
        if len(set(names)) != len(names):
            raise ValueError(f"names of corpora must differ, got {', '.join(names)}; rename one")
        return self


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that come with the installation."""
    return tuple(sorted(path.stem for path in _RECIPES.glob("*.yaml")))


def load_recipe(name_or_path: str, changes: dict[str, Any] | None = None) -> Recipe:
    """Read a recipe.

    Args:
        name_or_path: a shipped recipe's name, or a YAML file.
        changes: dotted key -> value in YAML, over what the file says (`train.epochs` -> `2`).

    Raises:
        InputError: there is no such recipe, or a key or value is not one that a recipe can have.
    """
    path = _RECIPES / f"{name_or_path}.yaml" if name_or_path in shipped_recipes() else Path(name_or_path).expanduser()
    content = _read(path)
    for key, value in (changes or {}).items():
        _change(content, key, value)
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_sentence(error)}") from error


def _read(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"recipe must be at most {_MAX_BYTES:,} bytes, got more in {path}; check the path")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"recipe must be a YAML file or one of {', '.join(shipped_recipes())}, got {str(path)!r} "
            f"({error.strerror}); {near(path.name, shipped_recipes())}check the path"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"recipe must be YAML, got {path}: {' '.join(str(error).split())}; mend that") from error
    if not isinstance(content, dict):
        raise InputError(f"recipe must be keys with values, got {type(content).__name__} in {path}; start with `name:`")
    return content


def _change(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key; a number in it is a place in a list."""
    *parents, last = key.split(".")
    node: Any = content
    try:
        for parent in parents:
            node = node[int(parent)] if isinstance(node, list) else node.setdefault(parent, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"changed key must be one of the recipe, got {key!r}; write it like train.epochs") from error


def _sentence(error: ValidationError) -> str:
    """Say the first thing that is wrong."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "recipe"
    if first["type"] == "extra_forbidden":
        known = _keys(first["loc"][:-1])
        *_, wrong = first["loc"]
        return (
            f"key must be one that recipes have, got {where!r}; {near(str(wrong), known)}it can have {', '.join(known)}"
        )
    if first["type"] == "missing":
        return f"key {where!r} must be there, got nothing; write it"
    given = "" if isinstance(first["input"], dict | list) else f", got {first['input']!r}"
    return f"{where} must be valid{given}: {first['msg']}; mend this value"


def _keys(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys that a place in a recipe can have."""
    model: type[BaseModel] = Recipe
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = model.model_fields[part].annotation
            found = [
                each for each in (inner, *get_args(inner)) if isinstance(each, type) and issubclass(each, BaseModel)
            ]
            model = found[0] if found else model
    return tuple(model.model_fields)
