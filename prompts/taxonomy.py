"""A taxonomy: the label set that a question is asked about. Data, not code.

Takes plain values (see `thymos.prompts.catalogue` for YAML files); gives frozen dataclasses that the
prompt, the scorer and the evaluation share. Knows nothing of models, files or rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from thymos.prompts.errors import TaxonomyError


class Kind(StrEnum):
    """How many labels one sample may carry."""

    SINGLE = "single"
    MULTI = "multi"


@dataclass(frozen=True, slots=True)
class Label:
    """One emotion of a taxonomy.

    Attributes:
        name: identifier in files and results, unique in its taxonomy (`no emotion`).
        description: one line in our own words; shown in the prompt when the template asks for it.
        word: the verbaliser, the word(s) the model would answer with; the name unless given.
        valence: unpleasant -1 to pleasant +1 (Russell 1980), or None where unknown.
        arousal: calm -1 to excited +1, or None where unknown.
    """

    name: str
    description: str
    word: str
    valence: float | None = None
    arousal: float | None = None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """An ordered label set with its kind.

    Attributes:
        name: identifier (`goemotions`), also the name of the built-in.
        title: what a person would call it.
        kind: single-label or multi-label.
        labels: in the order of the published label ids where there are any.
        source: citation (author, year, title) or "user".
        neutral: name of the label that means absence of emotion, or None.
    """

    name: str
    title: str
    kind: Kind
    labels: tuple[Label, ...]
    source: str = "user"
    neutral: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Label names in order."""
        return tuple(label.name for label in self.labels)

    @property
    def words(self) -> tuple[str, ...]:
        """Verbalisers in label order."""
        return tuple(label.word for label in self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def index(self, name: str) -> int:
        """Return the position of a label.

        Raises:
            TaxonomyError: no label has this name.
        """
        for position, label in enumerate(self.labels):
            if label.name == name:
                return position
        raise TaxonomyError(
            f"label must be one of taxonomy {self.name!r}, got {name!r}; it has {', '.join(self.names)}"
        )
