"""JSON lines: one object a line.

Takes a byte stream; gives records in order; a broken line costs that line. `parse` turns one JSON text into a
value or a sentence, for every format that holds JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.records import Broken, Item, Record, excerpt
from thymos.adapters.readers.text import lines

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_jsonl(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the objects of a JSON lines file; blank lines are no rows."""
    for text, flaw in lines(stream, encoding):
        if text.isspace():
            continue
        yield Broken(flaw, excerpt(text)) if flaw else object_of(text)


def object_of(text: str) -> Item:
    """Return the record that one JSON text holds, or what is wrong with it."""
    try:
        value = parse(text)
    except ValueError as error:
        return Broken(str(error), excerpt(text))
    if not isinstance(value, dict):
        return Broken(f"row must be a JSON object, got {kind(value)}; write {{...}}", excerpt(text))
    return Record(value)


def parse(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: a sentence; it is no JSON, is nested too deep, or holds half of a surrogate pair.
    """
    try:
        value = json.loads(text)
        if _ESCAPED_SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        reason = f"row must be valid JSON, got {error.msg.lower()} at character {error.pos + 1}; mend this row"
        raise ValueError(reason) from error
    except UnicodeEncodeError as error:
        raise ValueError("row must be Unicode, got half of a \\ud800 surrogate pair; write both halves") from error
    except RecursionError as error:
        raise ValueError("row must be nested less deep, got too many brackets inside each other") from error
    except ValueError as error:  # an integer of thousands of digits
        raise ValueError(f"row must be valid JSON, got a number that is too long ({error})") from error
    return value


def kind(value: object) -> str:
    """Return what JSON calls the kind of a value."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
