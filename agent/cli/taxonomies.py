"""`thymos taxonomies`: lists label sets, shows one, checks a user's file, shows a map.

Takes a name or path; prints tables, or JSON for machines, on standard output. Knows no rule about taxonomies
(they are in `thymos.prompts`) and loads no model.
"""

import json
from typing import Annotated, Any

from cyclopts import Parameter
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from thymos.prompts.catalogue import builtin_taxonomies, load_map, load_taxonomy, maps_from
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy

FIRST = 4  # labels shown for each taxonomy in the list
NUMBERS = ("labels", "valence", "arousal")  # columns aligned to the right
UNKNOWN = "(unknown)"  # in brackets, so that it does not read as a label


def taxonomies(
    taxonomy: str | None = None,
    /,
    *,
    map_to: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """List label sets, show one, or check your own YAML file.

    A file as short as `labels: [happy, sad, angry]` is a taxonomy. Further keys: name, title, kind (single or
    multi), source, neutral; a label may be a mapping of name, description, word, valence and arousal.

    - Show one: `thymos taxonomies ekman`
    - Check yours: `thymos taxonomies mine.yaml`
    - Show a map: `thymos taxonomies goemotions --map-to ekman --json`

    Args:
        taxonomy: Name of a built-in label set, or path of a YAML file to check; leave it out to list all.
        map_to: Show how its labels map to those of this built-in label set.
        as_json: Print JSON instead of tables.

    Raises:
        InputError: `map_to` is given without `taxonomy`.
        TaxonomyError: there is no such taxonomy or map, or the file is invalid.
    """
    if taxonomy is None:
        if map_to is not None:
            raise InputError(f"--map-to must follow a taxonomy, got only {map_to!r}; name what to map from")
        every = [load_taxonomy(name) for name in builtin_taxonomies()]
        _print(_list_view(every), [_as_json(one) for one in every], as_json)
        return
    shown = load_taxonomy(taxonomy)
    if map_to is not None:
        label_map = load_map(shown.name, map_to)
        _print(_map_view(label_map), _map_as_json(label_map), as_json)
        return
    maps = maps_from(shown.name)
    _print(_labels_view(shown, maps), {**_as_json(shown), "maps": maps}, as_json)


def _print(view: RenderableType, value: object, as_json: bool) -> None:
    """Print one of the two forms; JSON goes out unwrapped and uncoloured."""
    if as_json:
        print(json.dumps(value, indent=2))
    else:
        Console().print(view)


def _list_view(every: list[Taxonomy]) -> RenderableType:
    table = _table("name", "kind", "labels", "first labels", "source")
    for one in every:
        first = ", ".join(one.names[:FIRST]) + (", ..." if len(one) > FIRST else "")
        cited = one.source.split(",")[0]  # author and year; `thymos taxonomies NAME` has the title
        _row(table, one.name, one.kind.value, str(len(one)), first, cited)
    return table


def _labels_view(one: Taxonomy, maps: dict[str, str | None]) -> RenderableType:
    table = _table("label", "word", "description", "valence", "arousal")
    for label in one:
        word = label.word if label.word != label.name else ""
        _row(table, label.name, word, label.description, _signed(label.valence), _signed(label.arousal))
    ways = [target if via is None else f"{target} (through {via})" for target, via in maps.items()]
    return Group(
        Text(f"{one.name}: {one.title}"),
        Text(f"{len(one)} labels, {one.kind.value}, neutral: {one.neutral or 'none'}"),
        Text(f"source: {one.source}"),
        table,
        Text("word: what the model answers, where that is not the label itself"),
        Text(f"maps to: {', '.join(ways) or 'none'}"),
    )


def _map_view(label_map: LabelMap) -> RenderableType:
    source, target = label_map.source, label_map.target
    table = _table(source.name, target.name)
    for label, reached in label_map.entries.items():
        _row(table, label, reached or UNKNOWN)
    return Group(
        Text(f"{source.name} to {target.name}" + (f", through {label_map.via}" if label_map.via else "")),
        table,
        Text(f"unknown: {len(label_map.unknown)} of {len(source)} labels"),
    )


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right" if column in NUMBERS else "left")
    return table


def _row(table: Table, *cells: str) -> None:
    """Add a row as plain text, since a user's label may hold what rich takes for markup."""
    table.add_row(*(Text(cell) for cell in cells))


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _as_json(one: Taxonomy) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "kind": one.kind.value,
        "source": one.source,
        "neutral": one.neutral,
        "labels": [
            {
                "name": label.name,
                "word": label.word,
                "description": label.description,
                "valence": label.valence,
                "arousal": label.arousal,
            }
            for label in one
        ],
    }


def _map_as_json(label_map: LabelMap) -> dict[str, Any]:
    return {
        "source": label_map.source.name,
        "target": label_map.target.name,
        "via": label_map.via,
        "entries": dict(label_map.entries),
        "unknown": list(label_map.unknown),
    }
