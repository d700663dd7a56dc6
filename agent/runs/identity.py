"""`Fingerprint`: what makes one labelling run the same run as another. A hash with its reasons.

Takes the identities of corpus and labeler and the options that change the output; gives a digest, and a
sentence about what differs. Knows nothing of files, shards or models.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

SCHEMA = 2  # raise it whenever equal parts would no longer give equal output

# What a user may change between two sessions of one run. Everything else that `run` takes is hashed; a test
# holds the two lists against its signature.
LEFT_OUT: Mapping[str, str] = {
    "corpus": "hashed as corpus.identity(): content, not path, since a copied file is the same corpus",
    "labeler": "hashed as labeler.identity()",
    "out": "the answers do not depend on where they are written",
    "output format": "shards are the same whichever suffix the output has",
    "overwrite": "says what may be replaced, not what is written",
    "restart": "says what may be thrown away, not what is written",
    "on_progress": "only watches",
    "prepare": "encodes earlier what is encoded anyway",
    "threads, hardware, library versions": "one run is resumed on one machine; the labeler may name them",
}

_SHOWN = 40  # characters of a value in a sentence
_GROUPS_UNNAMED = ("labeler", "options")  # their field names speak for themselves: "taxonomy", "limit"
# Fields (by the beginning of their names) that change whenever another does.
_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "taxonomy": ("labels.", "prompt_sha256", "chat_"),
    "prompt": ("prompt_sha256", "chat_"),
    "model": ("model_sha256", "chat_"),
    "adapter": ("adapter_sha256", "temperature", "label_set_from"),
}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Identity of a run.

    Attributes:
        parts: JSON values under `schema`, `input`, `labeler` and `options`.
    """

    parts: Mapping[str, Any]

    @classmethod
    def of(cls, corpus: Mapping[str, object], labeler: Mapping[str, object], options: Mapping[str, object]) -> Self:
        """Build the fingerprint from what a corpus, a labeler and the options say of themselves.

        Raises:
            TypeError: a value is not JSON.
            ValueError: a number is NaN or infinite.
        """
        parts = {"schema": SCHEMA, "input": corpus, "labeler": labeler, "options": options}
        return cls(json.loads(canonical(parts)))  # as a file would give it back: tuples are lists

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, as 64 hex digits."""
        return hashlib.sha256(canonical(self.parts).encode("ascii")).hexdigest()

    def differences(self, now: "Fingerprint") -> list[str]:
        """Say what changed from this run to another, one phrase per field, empty when nothing did.

        What only follows from a field that is named (another taxonomy makes another prompt) is left out.
        """
        before, after = dict(_leaves(self.parts)), dict(_leaves(now.parts))
        changed = [
            name
            for name in dict.fromkeys([*before, *after])
            if canonical(before.get(name, [])) != canonical(after.get(name, [])) or (name in before) != (name in after)
        ]
        follows = tuple(prefix for cause in changed for prefix in _FOLLOWS.get(cause, ()))
        return [
            f"{name} was {_shown(before.get(name, _MISSING))}, now {_shown(after.get(name, _MISSING))}"
            for name in changed
            if not name.startswith(follows)
        ]


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no white space, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _leaves(parts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted names and values that are not mappings."""
    for key, value in parts.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, "" if name in _GROUPS_UNNAMED else f"{name}.")
        else:
            yield name, value


def _shown(value: object) -> str:
    """Return a value as a reader can take it in."""
    if value is _MISSING or value is None:
        return "not set"
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _SHOWN else f"{text[:12]}..."
