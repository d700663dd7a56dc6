"""The words by which the router knows what is asked: patterns by name, from `data/words.yaml`; adjectives of labels.

Takes names and text; says what is found. Knows nothing of what it means.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml


def find(name: str, text: str) -> re.Match[str] | None:
    """Return the first place of a named pattern in a text, or None."""
    return pattern(name).search(text)


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a named pattern, compiled."""
    told = _read("words.yaml")[name]
    each = [told] if isinstance(told, str) else told
    return re.compile("|".join(f"(?:{one})" for one in each), re.IGNORECASE | re.DOTALL)


def named(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a text holds as words of their own, in the order in which they stand in it."""
    places = {}
    for name in names:
        match = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)
        if match:
            places[name] = match.start()
    return tuple(sorted(places, key=lambda name: places[name]))


def named_labels(text: str, labels: Iterable[str]) -> tuple[str, ...]:
    """Return the labels that a text names, by their own word or by an adjective of it."""
    nouns = cast(Mapping[str, str], _read("nouns.yaml"))
    return named(re.sub(r"[A-Za-z]+", lambda match: nouns.get(match[0].lower(), match[0]), text), labels)


@cache
def _read(name: str) -> Mapping[str, Any]:
    text = (files("thymos.agent.chat") / "data" / name).read_text(encoding="utf-8")
    return cast(Mapping[str, Any], yaml.safe_load(text))
