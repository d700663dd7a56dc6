"""`Recipe`: everything that a fine-tuning was told, as one validated value. A YAML file in, frozen values out.

A file with `task: write` is a `WriterRecipe`, with `task: explain` an `ExplainerRecipe`; `read_recipe` gives what a
file is, `load_recipe` wants one that labels.

The field names are the keys of the file, and the comments in `recipes/` are their documentation. Configuration stops
here: what trains takes plain arguments. Knows nothing of models or of rows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from thymos.adapters.weights import DEFAULT
from thymos.finetune.explaining.recipe import ExplainerRecipe
from thymos.finetune.recipe_parts import CorpusRecipe, Count, LoraRecipe, StreamRecipe, Strict, TrainRecipe, VaryRecipe
from thymos.finetune.writing.recipe import WriterRecipe
from thymos.prompts.errors import InputError
from thymos.prompts.yaml_lines import near

_RECIPES = Path(__file__).parent / "recipes"
_MAX_BYTES = 1_000_000
_OF_STREAMS = ("align_epochs", "align_cues", "align", "drop_modalities")  # of `train`: nothing to text alone


class Recipe(Strict):
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
        streams: encoders to listen to beside the text.
        lora: the update.
        vary: how the instruction varies.
        train: how the weights are found.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    description: str
    licence: str
    model: str = DEFAULT
    start_from: str | None = None
    prompt: Literal["tuned", "instruct", "cause", "multimodal"] = "tuned"
    max_tokens: Count = 512
    corpora: Annotated[tuple[CorpusRecipe, ...], Field(min_length=1)]
    streams: tuple[StreamRecipe, ...] = ()
    lora: LoraRecipe = LoraRecipe()
    vary: VaryRecipe = VaryRecipe()
    train: TrainRecipe = TrainRecipe()

    def asked_as(self, corpus: CorpusRecipe) -> tuple[str, ...]:
        """Return the other label sets in which rows of a corpus are asked at all."""
        return corpus.also_as if self.vary.share and self.vary.translate else ()

    @model_validator(mode="after")
    def _names_differ(self) -> "Recipe":
        names = [corpus.name for corpus in self.corpora]
        if len(set(names)) != len(names):
            raise ValueError(f"names of corpora must differ, got {', '.join(names)}; rename one")
        return self

    @model_validator(mode="after")
    def _streams_have_a_place(self) -> "Recipe":
        if self.streams and self.prompt != "multimodal":
            raise ValueError(f"prompt must be multimodal where streams are listened to, got {self.prompt}; change it")
        if self.train.method == "projectors" and not self.streams:
            raise ValueError("method must be lora, qlora or full without streams, got projectors; name streams")
        return self

    @model_validator(mode="after")
    def _can_be_shared_out(self) -> "Recipe":
        if self.train.shard and (self.train.method != "lora" or self.streams):
            what = "streams" if self.streams else f"method {self.train.method}"
            raise ValueError(f"train.shard must go with method lora and text alone, got {what}; leave it out")
        return self

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> "Recipe":
        asked = [name for name in _OF_STREAMS if getattr(self.train, name)]
        if asked and not self.streams:
            raise ValueError(f"train.{asked[0]} must be left out without streams, got {getattr(self.train, asked[0])}")
        if self.train.align_cues and not self.train.align_epochs:
            raise ValueError(f"train.align_cues must go with align_epochs, got {self.train.align_cues} without any")
        if self.train.align_cues and any(stream.baseline == "speaker" for stream in self.streams):
            raise ValueError(
                f"train.align_cues must be left out where a stream's baseline is speaker, got {self.train.align_cues}: "
                "frames that are compared with the speaker do not tell what is high for others"
            )
        if len(self.corpora) == 1 and self.corpora[0].weight != 1:
            raise ValueError(f"weight must be left out with one corpus, got {self.corpora[0].weight}")
        return self


AnyRecipe = Recipe | WriterRecipe | ExplainerRecipe
_KINDS: dict[Any, type[WriterRecipe | ExplainerRecipe]] = {"write": WriterRecipe, "explain": ExplainerRecipe}


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that come with the installation."""
    return tuple(sorted(path.stem for path in _RECIPES.glob("*.yaml")))


def load_recipe(name_or_path: str, changes: dict[str, Any] | None = None) -> Recipe:
    """Read a recipe that labels; see `read_recipe`.

    Raises:
        InputError: it can't be read, or it is a writer's.
    """
    recipe = read_recipe(name_or_path, changes)
    if not isinstance(recipe, Recipe):
        raise InputError(f"recipe must be one that labels, got {name_or_path!r}, which writes; choose another")
    return recipe


def read_recipe(name_or_path: str, changes: dict[str, Any] | None = None) -> AnyRecipe:
    """Read a recipe, whatever it is for.

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
    kind = _KINDS.get(content.get("task"), WriterRecipe) if "task" in content else Recipe
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_sentence(error, kind)}") from error


def without(recipe: Recipe, names: Sequence[str]) -> Recipe:
    """Return a recipe that learns from no row of some of its corpora, and asks no other in their label sets.

    Its name and its description say what is gone, in the recipe's order. What it starts from may have learnt from
    them: see `learnt` in `lineage`.

    Raises:
        InputError: there is no such corpus in it, or none is left.
    """
    known = [corpus.name for corpus in recipe.corpora]
    for name in names:
        if name not in known:
            raise InputError(
                f"corpus to leave out must be one of {', '.join(known)}, got {name!r}; {near(name, known)}mend it"
            )
    kept = tuple(corpus for corpus in recipe.corpora if corpus.name not in names)
    if not kept:
        raise InputError(f"a corpus must be left to learn from, got all of {', '.join(known)} left out; keep one")
    if len(kept) == 1:
        kept = (kept[0].model_copy(update={"weight": 1.0}),)  # there is none to weigh it against
    if len(kept) == len(recipe.corpora):
        return recipe
    unasked = label_sets_of(recipe, names)
    kept = tuple(
        each.model_copy(update={"also_as": tuple(name for name in each.also_as if name not in unasked)})
        for each in kept
    )
    gone = [name for name in known if name in names]
    told = {
        "name": f"{recipe.name}-without-{'-'.join(gone)}",
        "description": f"{recipe.description} Tuned without {', '.join(gone)}.",
    }
    return recipe.model_copy(update={"corpora": kept, **told})


def label_sets_of(recipe: Recipe, names: Sequence[str]) -> frozenset[str]:
    """Return the taxonomies of some corpora of a recipe."""
    return frozenset(corpus.taxonomy for corpus in recipe.corpora if corpus.name in names)


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


def _sentence(error: ValidationError, kind: type[BaseModel]) -> str:
    """Say the first thing that is wrong."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "recipe"
    if first["type"] == "extra_forbidden":
        known = _keys(first["loc"][:-1], kind)
        *_, wrong = first["loc"]
        return (
            f"key must be one that recipes have, got {where!r}; {near(str(wrong), known)}it can have {', '.join(known)}"
        )
    if first["type"] == "missing":
        return f"key {where!r} must be there, got nothing; write it"
    given = "" if isinstance(first["input"], dict | list) else f", got {first['input']!r}"
    return f"{where} must be valid{given}: {first['msg']}; mend this value"


def _keys(location: tuple[int | str, ...], kind: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a place in a recipe can have."""
    model = kind
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = model.model_fields[part].annotation
            found = [
                each for each in (inner, *get_args(inner)) if isinstance(each, type) and issubclass(each, BaseModel)
            ]
            model = found[0] if found else model
    return tuple(model.model_fields)
