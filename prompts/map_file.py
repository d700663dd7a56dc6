"""A map file: YAML in, `LabelMap` out, or an error with its line and remedy.

Takes a path and the two taxonomies it joins. The file has the keys `source`, `target` and `entries`; entries
give every source label a target label, or `null` where there is no counterpart. Knows nothing of the
built-ins.
"""

from pathlib import Path

import yaml

from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.yaml_lines import YamlFile, near
from thymos.prompts.yaml_reader import read_yaml

MAP_KEYS = ("source", "target", "entries")


def read_map(path: Path, source: Taxonomy, target: Taxonomy) -> LabelMap:
    """Read and check one map file.

    Args:
        path: YAML file.
        source: taxonomy whose labels are the entries' keys.
        target: taxonomy whose labels are the entries' values.

    Raises:
        TaxonomyError: the file breaks a rule; the message names file, line, rule and remedy.
    """
    file = read_yaml(path)
    fields = file.fields(file.root, "map", MAP_KEYS, required=MAP_KEYS)
    for key, taxonomy in (("source", source), ("target", target)):
        given = file.text(fields[key], key)
        if given != taxonomy.name:
            raise file.error(
                fields[key],
                f"{key} must be {taxonomy.name!r} here, got {given!r}; use the file for it, or rename",
            )
    pairs = file.pairs(fields["entries"], "entries")
    entries: dict[str, str | None] = {}
    for label, (label_node, target_node) in pairs.items():
        _one_of(file, label_node, f"label of {source.name!r}", label, source)
        entries[label] = _target_label(file, target_node, label, target)
    missing = [name for name in source.names if name not in entries]
    if missing:
        raise file.error(
            fields["entries"],
            f"entries must hold every label of {source.name!r}, got none for {', '.join(missing)}; "
            f"add a line `{missing[0]}: ...` (null where there is no counterpart)",
        )
    return LabelMap(source, target, entries)


def _target_label(file: YamlFile, node: yaml.Node, label: str, target: Taxonomy) -> str | None:
    """Read a target label; `null` is unknown, and nothing at all is an oversight."""
    if isinstance(node, yaml.ScalarNode) and node.value in {"null", "~"} and node.tag.endswith(":null"):
        return None
    what = f"entry of {label!r}"
    if isinstance(node, yaml.ScalarNode) and not node.value:
        raise file.error(node, f"{what} must be a label or null, got nothing; write null for unknown")
    given = file.text(node, what)
    _one_of(file, node, what, given, target)
    return given


def _one_of(file: YamlFile, node: yaml.Node, what: str, given: str, taxonomy: Taxonomy) -> None:
    if given not in taxonomy.names:
        rule = f"{what} must be one of {', '.join(taxonomy.names)}, got {given!r}"
        raise file.error(node, f"{rule}; {near(given, taxonomy.names)}correct or remove it")
