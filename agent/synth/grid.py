"""`Grid`: the situations, people, arcs and styles that synthetic text is about; the shipped ones or a user's own.

Takes YAML files; gives frozen values, checked. Knows nothing of labels, models or plans.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from thymos.prompts.errors import InputError, TaxonomyError
from thymos.prompts.yaml_reader import read_yaml

FILES = ("scenarios", "personas", "arcs", "styles")

Stage = Literal["target", "mild", "neutral", "contrast", "any"]
_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\w-]+$")]
_Text = Annotated[str, Field(min_length=1, max_length=400)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Situation(_Value):
    """Something that happens to A.

    Attributes:
        name: unique.
        text: one sentence about A and B.
        fits: valence of the labels that it is for; None for all.
        pairs: relationships that fit; those of its domain unless given.
    """

    name: _Name
    text: _Text
    fits: Literal["pleasant", "unpleasant"] | None = None
    pairs: tuple[_Text, ...] = ()
    domain: str = ""


class _Domain(_Value):
    domain: _Text
    pairs: tuple[_Text, ...] = Field(min_length=1)
    situations: tuple[Situation, ...] = Field(min_length=1)


class Persona(_Value):
    """A way to be and to talk."""

    name: _Name
    text: _Text


class Arc(_Value):
    """How feelings move.

    Attributes:
        name: unique.
        text: one phrase.
        path: stages of A's turns.
        answer: stage of B's turns.
    """

    name: _Name
    text: _Text
    path: tuple[Stage, ...] = Field(min_length=1)
    answer: Stage = "any"


class Style(_Value):
    """In what form something is said; `turns` says for what it is meant."""

    name: _Name
    text: _Text
    turns: Literal["one", "many"] | None = None


Named = TypeVar("Named", Situation, Persona, Arc, Style)


class Grid(_Value):
    """What a plan draws from.

    Attributes:
        sha256: of the files.
    """

    situations: tuple[Situation, ...]
    personas: tuple[Persona, ...]
    arcs: tuple[Arc, ...]
    styles: tuple[Style, ...]
    sha256: str

    def named(self, kind: Literal["situations", "personas", "arcs", "styles"], name: str) -> BaseModel:
        """Return an entry by its name."""
        found: BaseModel = next(each for each in getattr(self, kind) if each.name == name)
        return found


def load_grid(folder: Path | None = None) -> Grid:
    """Read a grid.

    Args:
        folder: with any of scenarios.yaml, personas.yaml, arcs.yaml and styles.yaml; what is not there is ours.

    Raises:
        InputError: the folder holds none of them, or a file is not in their form.
    """
    if folder is not None and not any((folder / f"{name}.yaml").is_file() for name in FILES):
        raise InputError(
            f"grid must be a folder with one of {', '.join(f'{name}.yaml' for name in FILES)}, got {str(folder)!r}; "
            "correct it"
        )
    paths = {}
    for name in FILES:
        own = folder / f"{name}.yaml" if folder else None
        paths[name] = own if own and own.is_file() else _shipped() / f"{name}.yaml"
    domains = _read(paths["scenarios"], TypeAdapter(tuple[_Domain, ...]))
    situations = tuple(
        each.model_copy(update={"pairs": each.pairs or domain.pairs, "domain": domain.domain})
        for domain in domains
        for each in domain.situations
    )
    arcs = _read(paths["arcs"], TypeAdapter(tuple[Arc, ...]))
    for arc in arcs:
        if arc.path[-1] != "target":
            raise InputError(
                f"arc must end on target, got {arc.name!r} that ends on {arc.path[-1]}; add target as its last stage"
            )
    personas = _read(paths["personas"], TypeAdapter(tuple[Persona, ...]))
    if len(personas) < 2:
        raise InputError(f"personas must be at least two, got {len(personas)} in {paths['personas'].name}; add another")
    return Grid(
        situations=_unique(paths["scenarios"], situations),
        personas=_unique(paths["personas"], personas),
        arcs=_unique(paths["arcs"], arcs),
        styles=_unique(paths["styles"], _read(paths["styles"], TypeAdapter(tuple[Style, ...]))),
        sha256=hashlib.sha256(b"\0".join(paths[name].read_bytes() for name in FILES)).hexdigest(),
    )


def _shipped() -> Path:
    return Path(str(files("thymos.agent.synth") / "data"))


Form = TypeVar("Form")


def _read(path: Path, form: TypeAdapter[Form]) -> Form:
    try:
        if path.parent != _shipped():
            read_yaml(path)  # refuses what could grow without bound
        return form.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except TaxonomyError as error:
        raise InputError(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{path.name} must be in the form of the shipped one, got at {place}: {first['msg'].lower()}; correct it"
        ) from error


def _unique(path: Path, entries: Sequence[Named]) -> tuple[Named, ...]:
    twice = [name for name, count in Counter(each.name for each in entries).items() if count > 1]
    if twice or not entries:
        raise InputError(
            f"names in {path.name} must be there and each once, got {f'{twice[0]!r} twice' if twice else 'none'}; "
            "correct the file"
        )
    return tuple(entries)
