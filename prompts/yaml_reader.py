"""From a path to a parsed YAML file, with every way that this can fail told by line and remedy.

Takes a path; gives a `YamlFile` of nodes. Only the plain part of YAML is read: what could grow without bound
(aliases, deep nesting, millions of values) is refused before anything is built. Knows nothing of the content.
"""

import re
from pathlib import Path

import yaml

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.yaml_lines import YamlFile, error_at

MAX_BYTES = 1_000_000  # a label set is some kilobytes; more is a wrong file
MAX_DEPTH = 8  # a list of mappings under one key is 3 deep
MAX_VALUES = 20_000  # keys, texts and collections; keeps the worst file under a second

# What usually lies behind a message of the YAML parser, known by a part of that message.
_REMEDIES = {
    "'\\t'": "YAML does not indent with tabs; use spaces",
    "mapping values are not allowed": "quote text that holds a colon, and line the keys up",
    "single document": "keep one document, without a second `---` line",
}
_REMEDY = "check quotes, brackets, colons and indentation here and on the line before"


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML file into nodes.

    Raises:
        TaxonomyError: the file is missing, too large, not UTF-8, empty, broken, or beyond plain YAML.
    """
    text = _decode(path, _read_bytes(path))
    try:
        _refuse_bombs(path, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sentence = f"file must be printable text, got the character code {ord(text[error.position])}; remove it"
        raise error_at(path, line, sentence) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(path, error) from error
    if root is None:
        raise error_at(path, 1, "file must hold YAML, got nothing; start with `labels: [happy, sad]`")
    return YamlFile(path, root)


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise TaxonomyError(f"{path} must be a YAML file, got no such file; check the path") from error
    except OSError as error:
        raise TaxonomyError(f"{path} must be a readable file, got {error.strerror}; check the path") from error
    if len(data) > MAX_BYTES:
        raise TaxonomyError(f"{path} must be at most {MAX_BYTES:,} bytes, got more; check the path")
    return data


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = f"file must be UTF-8, got the byte 0x{data[error.start]:02x}; save it again as UTF-8"
        raise error_at(path, line, sentence) from error


def _refuse_bombs(path: Path, text: str) -> None:
    """Walk the parser's events, which come one by one and without recursion, and stop at the first excess."""
    depth = values = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        values += isinstance(event, yaml.NodeEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise error_at(path, line, f"value must be written out, got the alias *{event.anchor}; copy it here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise error_at(path, line, f"nesting must be at most {MAX_DEPTH} deep, got more; flatten it")
        if values > MAX_VALUES:
            raise error_at(path, line, f"file must hold at most {MAX_VALUES:,} values, got more; shorten it")


def _syntax_error(path: Path, error: yaml.MarkedYAMLError) -> TaxonomyError:
    """Translate an error of the YAML parser."""
    said = re.sub(r"\s+", " ", " ".join(filter(None, [error.context, error.problem])))
    marks = [mark.line + 1 for mark in (error.problem_mark, error.context_mark) if mark]
    line = marks[0] if marks else 1
    if marks[1:] and marks[1] != line:
        said = f"{said}, begun on line {marks[1]}"
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in said), _REMEDY)
    return error_at(path, line, f"file must be valid YAML, got an error ({said}); {remedy}")
