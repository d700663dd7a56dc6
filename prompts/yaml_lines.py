"""YAML with line numbers: the checks that a small hand-written file goes through, value by value.

Takes parsed nodes (from `thymos.prompts.yaml_reader`); gives plain checked values, or a `TaxonomyError` that
names the file, the line and the remedy. Values come from the nodes' text and never from their tags, so
nothing is ever constructed. Knows nothing of taxonomies or maps: their rules are in `taxonomy_file` and
`map_file`.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from thymos.prompts.errors import TaxonomyError

MAX_NAME = 60  # characters of a label name or word

_TAG = "tag:yaml.org,2002:"
# What YAML 1.1 makes of unquoted text such as no, 7, 2026-01-31, ~ or <<; any other tag was written by hand.
_READ_AS = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "null": "nothing",
    "merge": "a merge",
    "value": "a default",
}


@dataclass(frozen=True)
class YamlFile:
    """One parsed file and the checks for its nodes; `what` names the checked thing in errors.

    Attributes:
        path: where it was read; named in every error.
        root: the top node.
    """

    path: Path
    root: yaml.Node

    def error(self, node: yaml.Node, sentence: str) -> TaxonomyError:
        """Return an error that points at a node."""
        return error_at(self.path, line_of(node), sentence)

    def text(self, node: yaml.Node, what: str) -> str:
        """Return the text of a scalar, refusing what YAML reads as a boolean, number, date or nothing."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str":
            return str(node.value)
        rule = f"{what} must be text, got {_shown(node)}"
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(node, f"{rule}; write one line of text")
        if not node.value:
            raise self.error(node, f"{rule}; write it, or leave its key out")
        read_as = _READ_AS.get(node.tag.removeprefix(_TAG))
        if read_as is None:
            raise self.error(node, f"{rule} with a tag; take out what begins with `!`")
        raise self.error(node, f'{rule}, which YAML reads as {read_as}; quote it: "{_cut(node.value)}"')

    def line(self, node: yaml.Node, what: str, limit: int = MAX_NAME) -> str:
        """Return text that is one clean line of 1 to `limit` characters."""
        value = self.text(node, what)
        rule = f"{what} must be one line of 1 to {limit} characters, got"
        if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
            raise self.error(node, f"{rule} {_cut(value)!r}; take line breaks and control characters out")
        if value != value.strip() or not any(map(str.isprintable, value)):
            raise self.error(node, f"{rule} {_cut(value)!r}; write visible text, no space before or after")
        if len(value) > limit:
            raise self.error(node, f"{rule} {len(value)}; shorten it")
        return value

    def number(self, node: yaml.Node, what: str, low: float, high: float) -> float:
        """Return a plain decimal number within [low, high]."""
        try:
            value = float(node.value) if node.tag in {f"{_TAG}int", f"{_TAG}float"} else math.nan
        except ValueError:  # .nan, .inf, 0x1f: numbers to YAML, but none that belongs here
            value = math.nan
        if not low <= value <= high:
            rule = f"{what} must be a number from {low:g} to {high:g}, got {_shown(node)}"
            raise self.error(node, f"{rule}; write one such as 0.5, unquoted, or leave the key out")
        return value

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """Return the entries of a list."""
        if not isinstance(node, yaml.SequenceNode) or node.tag != f"{_TAG}seq":
            raise self.error(node, f"{what} must be a list, got {_shown(node)}; write `- ` before each entry")
        return list(node.value)

    def pairs(self, node: yaml.Node, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return key -> (key node, value node), refusing a key given twice (YAML would keep the last)."""
        if not isinstance(node, yaml.MappingNode) or node.tag != f"{_TAG}map":
            raise self.error(node, f"{what} must be a mapping, got {_shown(node)}; write `key: value` lines")
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            key = self.text(key_node, f"key of {what}")
            if key in found:
                rule = f"key of {what} must be unique, got {key!r} again (line {line_of(found[key][0])})"
                raise self.error(key_node, f"{rule}; remove one of the two")
            found[key] = (key_node, value_node)
        return found

    def fields(
        self, node: yaml.Node, what: str, known: Sequence[str], required: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """Return key -> value node of a mapping with a fixed set of keys."""
        pairs = self.pairs(node, what)
        for key, (key_node, _) in pairs.items():
            if key not in known:
                rule = f"key of {what} must be one of {', '.join(known)}, got {key!r}"
                raise self.error(key_node, f"{rule}; {near(key, known)}rename or remove it")
        for key in required:
            if key not in pairs:
                raise self.error(node, f"{what} must have the key {key!r}, got none; add `{key}: ...`")
        return {key: value_node for key, (_, value_node) in pairs.items()}


def error_at(path: Path, line: int, sentence: str) -> TaxonomyError:
    """Return an error at a 1-based line of a file."""
    return TaxonomyError(f"{path}, line {line}: {sentence}")


def line_of(node: yaml.Node) -> int:
    """Return the 1-based line where a node starts."""
    return int(node.start_mark.line) + 1


def near(given: str, options: Iterable[str]) -> str:
    """Return `did you mean 'x'? ` for the closest option, or nothing where none is close."""
    by_folded = {option.casefold(): option for option in options}
    close = get_close_matches(given.casefold(), by_folded, n=1)
    return f"did you mean {by_folded[close[0]]!r}? " if close else ""


def _shown(node: yaml.Node) -> str:
    """Say what stands at a node, for an error."""
    if not isinstance(node, yaml.ScalarNode):
        kind = "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
        return kind if node.tag in {f"{_TAG}map", f"{_TAG}seq"} else f"{kind} with a tag"
    if node.tag == f"{_TAG}str":
        return f"the text {_cut(node.value)!r}"
    return _cut(node.value) or "nothing"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}..."
