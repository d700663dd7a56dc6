"""What chooses the tool by default: the router, and the names of labels and label sets that it knows.

Takes nothing; gives a chooser. Knows no model.
"""

from collections.abc import Callable, Sequence
from functools import cache

from thymos.agent.chat.calls import Call
from thymos.agent.chat.findings import Finding
from thymos.agent.chat.router import Names, Router
from thymos.agent.chat.values import Message
from thymos.prompts.catalogue import builtin_taxonomies, load_taxonomy

# What people call a label set, beside its own name; names that are ordinary words count only with "labels" or the like.
_CALLED = {
    "ekman's": "ekman",
    "basic emotions": "ekman",
    "six emotions": "ekman",
    "plutchik's": "plutchik",
    "plutchik's wheel": "plutchik",
    "go emotions": "goemotions",
    "positive or negative": "sentiment",
    "sentiment labels": "sentiment",
    "sentiment set": "sentiment",
    "empathetic dialogues": "empathetic",
    "empatheticdialogues": "empathetic",
    "daily dialog": "dailydialog",
    "fer+": "ferplus",
}
_WORDS = frozenset(
    {"sentiment", "stress", "stressor", "cause", "empathetic"}
)  # label sets that are also ordinary words


class RouterChooser:
    """The router as a chooser; made when the first message comes."""

    name = "router"

    def __init__(self, router: Callable[[], Router]) -> None:
        """Keep what makes the router."""
        self._router = cache(router)

    def choose(self, message: Message, last: Call | None, history: Sequence[Message]) -> Call | str:
        """Return the call for a message."""
        return self._router().route(message, last)

    def tell(self, message: Message, call: Call, findings: Sequence[Finding], words: str) -> str:
        """Return the words as they are."""
        return words


@cache
def names() -> Names:
    """Return what a message may name."""
    sets = builtin_taxonomies()
    called = {name: name for name in sets if name not in _WORDS} | _CALLED
    called |= {f"{name} {word}": name for name in _WORDS for word in ("labels", "taxonomy", "label set")}
    labels = frozenset(label for name in sets for label in load_taxonomy(name).names)
    return Names(called, labels, _WORDS)
