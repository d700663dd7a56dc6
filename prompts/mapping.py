"""`LabelMap`: how the labels of one taxonomy read in another, with explicit unknowns.

Takes two taxonomies and an entry for every label of the first; translates label sets and distributions. Knows
nothing of files; `thymos.prompts.catalogue.load_map` finds the built-in maps.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class LabelMap:
    """A map from every label of one taxonomy to a label of another or to None, the explicit unknown.

    Attributes:
        source: the taxonomy that is translated from.
        target: the taxonomy that is translated into.
        entries: source label -> target label or None; total, kept in source order, read-only.
        via: name of the taxonomy in between when the map was composed of two, or None.

    Raises:
        TaxonomyError: a source label is missing, or a label is not in its taxonomy.
    """

    source: Taxonomy
    target: Taxonomy
    entries: Mapping[str, str | None]
    via: str | None = None

    def __post_init__(self) -> None:
        for label in self.entries:
            self.source.index(label)
        for reached in self.entries.values():
            if reached is not None:
                self.target.index(reached)
        missing = [name for name in self.source.names if name not in self.entries]
        if missing:
            raise TaxonomyError(
                f"map from {self.source.name!r} to {self.target.name!r} must name every label, "
                f"got none for {', '.join(missing)}; map each to a label or to null"
            )
        ordered = {name: self.entries[name] for name in self.source.names}
        object.__setattr__(self, "entries", MappingProxyType(ordered))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Source labels without a counterpart, in source order."""
        return tuple(name for name, label in self.entries.items() if label is None)

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        """Translate a label set.

        Args:
            names: source labels, in any order.

        Returns:
            Target labels, each once, in target order; unknown ones are dropped, so it may be empty.

        Raises:
            TaxonomyError: a name is not a source label.
        """
        reached = {self.entries[self.source.names[self.source.index(name)]] for name in names}
        return tuple(name for name in self.target.names if name in reached)

    def probabilities(self, p: Mapping[str, float]) -> dict[str, float]:
        """Translate a distribution: sum mass into target labels, drop unknown mass and rescale the rest.

        Args:
            p: a number in [0, 1] for every source label; need not sum to 1.

        Returns:
            Target label -> probability, every target label, in target order; sums to 1. When all the mass
            lies on unknown labels nothing is known and every value is 0: callers take it as no label.

        Raises:
            TaxonomyError: a source label is missing, a name is not one, or a number is out of [0, 1].
        """
        for name in p:
            self.source.index(name)
        for name in self.source.names:
            if name not in p or not 0 <= p[name] <= 1:
                raise TaxonomyError(
                    f"probability of {name!r} must be a number from 0 to 1, got {p.get(name)}; "
                    f"pass one for every label of {self.source.name!r}"
                )
        mass = {
            name: math.fsum(p[label] for label, reached in self.entries.items() if reached == name)
            for name in self.target.names
        }
        total = math.fsum(mass.values())
        return {name: value / total if total > 0 else 0.0 for name, value in mass.items()}

    def then(self, after: "LabelMap") -> "LabelMap":
        """Compose: first this map, then `after`; a label unknown to either is unknown.

        Raises:
            TaxonomyError: `after` does not start where this map ends.
        """
        if self.target != after.source:
            raise TaxonomyError(
                f"maps must meet in one taxonomy, got {self.target.name!r} and {after.source.name!r}; "
                "compose a map into a taxonomy with a map out of the same"
            )
        entries = {name: None if reached is None else after.entries[reached] for name, reached in self.entries.items()}
        return LabelMap(self.source, after.target, entries, via=self.target.name)
