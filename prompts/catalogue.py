"""The catalogue: built-in taxonomies and maps by name, and a user's taxonomy by path.

Takes names or paths; gives `Taxonomy` and `LabelMap`. The data are the YAML files in `taxonomies/` and
`maps/` beside this file. Knows nothing of prompts' wording or of models.
"""

from functools import cache
from pathlib import Path

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.map_file import read_map
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.taxonomy_file import read_taxonomy
from thymos.prompts.yaml_lines import near

_TAXONOMIES = Path(__file__).parent / "taxonomies"
_MAPS = Path(__file__).parent / "maps"
_BUILTIN = (
    *("goemotions", "ekman", "plutchik", "meld", "dailydialog", "empathetic", "dair", "sentiment"),
    *("ravdess", "fer2013", "ferplus"),
)
_FURTHER = ("cause", "stress", "stressor")  # label sets that are not emotions: found by name, mapped into nothing
_HUB = "ekman"  # the coarse set that nearly every corpus maps into


def builtin_taxonomies() -> tuple[str, ...]:
    """Return the names of the built-in taxonomies of emotion."""
    return _BUILTIN


def load_taxonomy(name_or_path: str | Path) -> Taxonomy:
    """Load a built-in taxonomy or a user's YAML file.

    Args:
        name_or_path: a built-in name, which wins over a file so called, or a path; a `Path` is a path.

    Raises:
        TaxonomyError: there is neither such a name nor such a file, the file is invalid, or it takes the
            name of a built-in without being equal to it.
    """
    if isinstance(name_or_path, str):
        if name_or_path in (*_BUILTIN, *_FURTHER):
            return _builtin(name_or_path)
        if not _means_a_path(name_or_path):
            raise TaxonomyError(
                f"taxonomy must be a built-in name or the path of a YAML file, got {name_or_path!r}; "
                f"{near(name_or_path, _BUILTIN)}built in are {', '.join(_BUILTIN)}"
            )
    taxonomy = read_taxonomy(Path(name_or_path))
    if taxonomy.name in _BUILTIN and taxonomy != _builtin(taxonomy.name):
        raise TaxonomyError(
            f"{name_or_path}: name of the taxonomy must not be a built-in's, got {taxonomy.name!r}; "
            f"add a line such as `name: my-{taxonomy.name}`"
        )
    return taxonomy


def taxonomy_identity(taxonomy: Taxonomy) -> dict[str, object]:
    """Return all of a taxonomy that can change a label's probability, as JSON values.

    Label order, names, words, descriptions and the kind are in it; title, source, valence, arousal, the
    neutral label and the taxonomy's own name are not, since no prompt shows them to the model.
    """
    return {
        "kind": taxonomy.kind.value,
        "labels": [{"name": label.name, "word": label.word, "description": label.description} for label in taxonomy],
    }


def maps_from(source: str) -> dict[str, str | None]:
    """Return where the labels of a built-in taxonomy can be taken.

    Returns:
        Target name -> None for a map of its own, or the name of the taxonomy it goes through.
    """
    ways: dict[str, str | None] = {}
    for target in _BUILTIN:
        if target == source:
            continue
        if _map_path(source, target).is_file():
            ways[target] = None
        elif _map_path(source, _HUB).is_file() and _map_path(_HUB, target).is_file():
            ways[target] = _HUB
    return ways


def load_map(source: str, target: str) -> LabelMap:
    """Load the map between two built-in taxonomies: its own file, else the way through `ekman` (see `via`).

    Args:
        source: built-in name.
        target: built-in name; the same as `source` gives the identity.

    Raises:
        TaxonomyError: a name is not built in, or there is no map; the message says which there are.
    """
    for name in (source, target):
        if name not in _BUILTIN:
            raise TaxonomyError(
                f"map must join two of the built-in taxonomies ({', '.join(_BUILTIN)}), got {name!r}; "
                f"{near(name, _BUILTIN)}read your own map with thymos.prompts.map_file.read_map"
            )
    start, end = _builtin(source), _builtin(target)
    if source == target:
        return LabelMap(start, end, {name: name for name in start.names})
    ways = maps_from(source)
    if target not in ways:
        into = ", ".join(name for name in _BUILTIN if target in maps_from(name)) or "none"
        raise TaxonomyError(
            f"map must be one that exists, got {source!r} to {target!r}; "
            f"maps from {source!r}: {', '.join(ways) or 'none'}; maps to {target!r}: {into}"
        )
    if ways[target] is None:
        return read_map(_map_path(source, target), start, end)
    return load_map(source, _HUB).then(load_map(_HUB, target))


@cache
def _builtin(name: str) -> Taxonomy:
    return read_taxonomy(_TAXONOMIES / f"{name}.yaml")


def _means_a_path(given: str) -> bool:
    """Tell a path from a mistyped name: it has a YAML ending or a folder, or it is there."""
    path = Path(given)
    if path.suffix.lower() in {".yaml", ".yml"} or len(path.parts) > 1:
        return True
    try:
        return path.is_file()
    except OSError:  # too long to be a file name
        return False


def _map_path(source: str, target: str) -> Path:
    return _MAPS / f"{source}-to-{target}.yaml"
