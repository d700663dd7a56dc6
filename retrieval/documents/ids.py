"""Ids of passages, as citations name them: `[kb:notes.md#3]`."""

import re

_APART = re.compile(r"[\s\[\],;]+")  # what ends a citation, or stands between two


def citable(name: str) -> str:
    """Return a name without what a citation cannot hold."""
    return _APART.sub("-", name)


class Ids:
    """Gives the passages of a document ids that are all different and can be cited."""

    def __init__(self, document: str) -> None:
        """Keep the document's name, with which they begin."""
        self._document = document
        self._given: set[str] = set()

    def __call__(self, place: str) -> str:
        """Return the id of the passage at a place; of several at the same one, the later ones are numbered."""
        plain = citable(f"{self._document}#{place}")
        found, number = plain, 1
        while found in self._given:
            number += 1
            found = f"{plain}-{number}"
        self._given.add(found)
        return found
