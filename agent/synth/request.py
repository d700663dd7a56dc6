"""From a plan row to what a writer is asked: the prompt's words, its length, its seed.

Takes a row, the grid and examples; gives an `Ask`. Examples are data: one line each, without what looks like a control
tag or a quotation mark, so that they can't close the place they stand in. Knows nothing of models.
"""

import hashlib
import re
from collections.abc import Sequence

from thymos.agent.synth.grid import Grid
from thymos.agent.synth.plan import PlanRow, arc_text
from thymos.agent.synth.values import Ask
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import render, templates_sha256

WORDS = {"short": (4, 12), "medium": (10, 25), "long": (20, 45)}  # of a turn
_TEMPLATES = ("synth/system", "synth/utterance", "synth/dialogue", "synth/plain", "write/system")
_TOKENS_PER_WORD = 2  # with room: English takes about 1.4
_LONGEST_EXAMPLE = 300  # characters
_TAGS = re.compile(r"\[[^\]]*\]?|<\|[^>]*\|?>?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ue000-\uf8ff\ufeff]+")


class Requests:
    """Makes asks of rows."""

    def __init__(self, taxonomy: Taxonomy, grid: Grid, *, tagged: bool = True) -> None:
        """Keep what rows name.

        Args:
            taxonomy: label set.
            grid: situations, people, arcs and styles.
            tagged: whether a wish is told whole, control tags first; else single utterances are asked for in the
                plainest words, which leave out relationship, style and length.
        """
        self._tagged = tagged
        self._taxonomy = taxonomy
        self._grid = grid
        self._arcs = {name: arc_text(grid, name) for name in (*(each.name for each in grid.arcs), "none")}
        self._situations = {each.name: each.text for each in grid.situations}
        self._people = {each.name: each.text for each in grid.personas}
        self._styles = {each.name: each.text for each in grid.styles}

    def identity(self) -> dict[str, object]:
        """Return what decides the words of a request, beside the row."""
        return {"tagged": self._tagged, "templates": templates_sha256(*_TEMPLATES)}

    def scenario(self, row: PlanRow) -> str:
        """Return what happens in a row."""
        return self._situations[row.scenario]

    def ask(self, row: PlanRow, number: int, examples: Sequence[str] = ()) -> Ask:
        """Return the ask of a row's candidate.

        Args:
            row: of the plan.
            number: of the candidate.
            examples: of the feeling.
        """
        first, second = (self._people[name] for name in row.personas)
        plain = row.kind == "utterance" and not self._tagged
        request = render(
            "synth/plain" if plain else f"synth/{row.kind}",
            row=row,
            situation=self.scenario(row),
            first=first,
            second=second,
            style=self._styles[row.style],
            arc=self._arcs[row.arc],
            described=self._described(row.label),
            neutral=row.label == self._taxonomy.neutral,
            words=WORDS[row.length],
            stages=[self._stage(row, place) for place, label in enumerate(row.turns) if label] if row.turns else [],
            examples=[tame(each) for each in examples],
        ).strip()
        return Ask(
            system=render("write/system").strip() if plain else render("synth/system", kind=row.kind).strip(),
            request=request,
            opening="A:" if row.kind == "dialogue" else "",
            tokens=WORDS[row.length][1] * _TOKENS_PER_WORD * len(row.turns) + 8,
            seed=seed_of(row, number),
        )

    def _stage(self, row: PlanRow, place: int) -> str:
        label = row.turns[place]
        assert label is not None
        weakly = "a little " if place in row.milder else ""
        return f"Turn {place + 1}, {'AB'[place % 2]}: {weakly}{label}."

    def _described(self, label: str) -> str:
        return self._taxonomy.labels[self._taxonomy.index(label)].description or label


def seed_of(row: PlanRow, number: int) -> int:
    """Return the seed of a row's candidate."""
    return int.from_bytes(hashlib.sha256(f"{row.seed}:{number}".encode()).digest()[:4], "big") >> 1


def prompt_sha256(ask: Ask) -> str:
    """Return the hash of all that a writer is told."""
    return hashlib.sha256("\0".join((ask.system, ask.request, ask.opening)).encode()).hexdigest()


def tame(text: str) -> str:
    """Return a text as one quoted line of material: no control tags, no quotation marks, no hidden characters."""
    line = _TAGS.sub(" ", _UNPRINTABLE.sub(" ", text)).replace('"', "'")
    return " ".join(line.split())[:_LONGEST_EXAMPLE]
