"""`Passage`: one piece of knowledge, small enough to be cited. A value, with nothing to compute.

What documents are cut into, what is retrieved, and what an answer cites by its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

KINDS = (
    "definition",
    "appraisal",
    "voice",
    "face",
    "body",
    "language",
    "regulation",
    "confusion",
    "theory",
    "culture",
    "limits",
)  # of the passages that ship
NOTE = "note"  # a piece of a document that a user added
TERM = "term"  # a class of an ontology
EXEMPLAR = "exemplar"  # a labelled row of a corpus

MODALITIES = ("text", "speech", "face", "physiology")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of knowledge.

    Attributes:
        id: unique in its knowledge base; what a citation names.
        text: what it says.
        title: a few words.
        kind: what sort of knowledge: one of `KINDS`, or note, term, exemplar.
        emotions: labels that it is about; of an exemplar, its gold labels.
        modalities: what it applies to; none means any.
        sources: what it rests on: author, year and title.
        licence: of its words.
        document: which it came from; adding that again replaces it.
        dialogue: conversation that an exemplar is a turn of.
        taxonomy: label set of an exemplar's labels.
        extra: whatever else was said of it, as JSON values.
    """

    id: str
    text: str
    title: str = ""
    kind: str = NOTE
    emotions: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    licence: str = ""
    document: str = ""
    dialogue: str | None = None
    taxonomy: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def searched(self) -> str:
        """The words that are embedded and searched."""
        return f"{self.title}. {self.text}" if self.title else self.text
