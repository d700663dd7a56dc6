"""A taxonomy file: YAML in, `Taxonomy` out, or an error with its line and remedy.

Takes a path. The smallest file is `labels: [happy, sad, angry]`; `labels` may also be a mapping of name to
description, or a list whose entries are names or mappings of `name`, `description`, `word`, `valence` and
`arousal`. Knows nothing of the built-ins; `thymos.prompts.catalogue` does.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import yaml

from thymos.prompts.taxonomy import Kind, Label, Taxonomy
from thymos.prompts.yaml_lines import YamlFile, line_of, near
from thymos.prompts.yaml_reader import read_yaml

TAXONOMY_KEYS = ("name", "title", "kind", "source", "neutral", "labels")
LABEL_KEYS = ("name", "description", "word", "valence", "arousal")
MAX_LINE = 200  # characters of a description, title or source

_Located = tuple[str, yaml.Node]  # a text and where it stands


def read_taxonomy(path: Path) -> Taxonomy:
    """Read and check one taxonomy file.

    Args:
        path: YAML file; its stem is the taxonomy's name unless it has the key `name`.

    Raises:
        TaxonomyError: the file breaks a rule; the message names file, line, rule and remedy.
    """
    file = read_yaml(path)
    if isinstance(file.root, yaml.SequenceNode):
        raise file.error(file.root, "taxonomy must be a mapping, got a list; put `labels:` on a line above it")
    fields = file.fields(file.root, "taxonomy", TAXONOMY_KEYS, required=["labels"])
    labels = _labels(file, fields["labels"])
    name = file.line(fields["name"], "name of the taxonomy") if "name" in fields else path.stem
    return Taxonomy(
        name=name,
        title=file.line(fields["title"], "title", MAX_LINE) if "title" in fields else name,
        kind=_kind(file, fields["kind"]) if "kind" in fields else Kind.SINGLE,
        labels=labels,
        source=file.line(fields["source"], "source", MAX_LINE) if "source" in fields else "user",
        neutral=_neutral(file, fields["neutral"], labels) if "neutral" in fields else None,
    )


def _labels(file: YamlFile, node: yaml.Node) -> tuple[Label, ...]:
    """Read the labels in any of their three forms and check what they must be to each other."""
    if isinstance(node, yaml.MappingNode):
        entries = [_described(file, *pair) for pair in file.pairs(node, "labels").values()]
    else:
        entries = [_entry(file, entry) for entry in file.items(node, "labels")]
    if len(entries) < 2:
        raise file.error(
            node,
            f"labels must be at least two, got {len(entries)}; add the others, or one for everything else",
        )
    _refuse_repeats(file, "label name", ((label.name, at) for label, at, _ in entries))
    _refuse_repeats(file, "word of a label", ((label.word, at) for label, _, at in entries))
    return tuple(label for label, _, _ in entries)


def _described(file: YamlFile, key: yaml.Node, value: yaml.Node) -> tuple[Label, yaml.Node, yaml.Node]:
    """Read `name: description`; the description may be left empty."""
    name = file.line(key, "label name")
    if isinstance(value, yaml.MappingNode):
        raise file.error(
            value,
            f"description of {name!r} must be text, got a mapping; write `- {{name: {name}, ...}}` entries",
        )
    return Label(name, _description(file, value, name), name), key, key


def _entry(file: YamlFile, node: yaml.Node) -> tuple[Label, yaml.Node, yaml.Node]:
    """Read a name, or a mapping of `LABEL_KEYS`; give the label with the nodes of its name and word."""
    if not isinstance(node, yaml.MappingNode):
        name = file.line(node, "label name")
        return Label(name, "", name), node, node
    fields = file.fields(node, "a label", LABEL_KEYS, required=["name"])
    name = file.line(fields["name"], "label name")
    word_node = fields.get("word", fields["name"])
    label = Label(
        name=name,
        description=_description(file, fields["description"], name) if "description" in fields else "",
        word=file.line(word_node, f"word of {name!r}"),
        valence=_unit(file, fields, "valence", name),
        arousal=_unit(file, fields, "arousal", name),
    )
    return label, fields["name"], word_node


def _description(file: YamlFile, node: yaml.Node, name: str) -> str:
    if isinstance(node, yaml.ScalarNode) and not node.value:
        return ""
    return file.line(node, f"description of {name!r}", MAX_LINE)


def _unit(file: YamlFile, fields: dict[str, yaml.Node], key: str, name: str) -> float | None:
    """Read valence or arousal, in [-1, 1]."""
    return file.number(fields[key], f"{key} of {name!r}", -1, 1) if key in fields else None


def _kind(file: YamlFile, node: yaml.Node) -> Kind:
    kinds = [kind.value for kind in Kind]
    given = file.text(node, "kind")
    if given not in kinds:
        rule = f"kind must be {' or '.join(kinds)}, got {given!r}"
        raise file.error(node, f"{rule}; {near(given, kinds)}single is one label a row, multi is any number")
    return Kind(given)


def _neutral(file: YamlFile, node: yaml.Node, labels: tuple[Label, ...]) -> str:
    names = [label.name for label in labels]
    given = file.text(node, "neutral")
    if given not in names:
        rule = f"neutral must be one of the labels ({', '.join(names)}), got {given!r}"
        raise file.error(node, f"{rule}; {near(given, names)}name the label for no emotion, or leave the key out")
    return given


def _refuse_repeats(file: YamlFile, what: str, given: Iterable[_Located]) -> None:
    """Refuse texts that a reader, or the model, could not tell apart."""
    first: dict[str, int] = {}
    for text, node in given:
        key = _looks(text)
        if key in first:
            rule = f"{what} must be unique whatever its case, got {text!r} again (line {first[key]})"
            raise file.error(node, f"{rule}; rename or remove one")
        first[key] = line_of(node)


def _looks(text: str) -> str:
    """Reduce a text to what it looks like: case and compatible forms folded, invisible characters out."""
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
