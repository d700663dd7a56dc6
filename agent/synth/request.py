"""From a plan row to what a writer is asked: the prompt's words, its length, its seed.

Takes a row, the grid and examples; gives an `Ask`. Examples are data, see `prompts.wish.tame`. Knows nothing of models.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from thymos.agent.synth.grid import Grid
from thymos.agent.synth.plan import PlanRow, arc_text
from thymos.agent.synth.values import Ask, Contrast
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import render, templates_sha256
from thymos.prompts.wish import TEMPLATES, WORDS, WrittenWish, stage, tame

Manner = Literal["tuned", "tagged", "plain"]
_TEMPLATES = ("synth/system", "synth/utterance", "synth/dialogue", "synth/plain", "write/system")
_TOKENS_PER_WORD = 2  # with room: English takes about 1.4


class Requests:
    """Makes asks of rows."""

    def __init__(self, taxonomy: Taxonomy, grid: Grid, *, manner: Manner = "tagged", contrasted: bool = False) -> None:
        """Keep what rows name.

        Args:
            taxonomy: label set.
            grid: situations, people, arcs and styles.
            manner: `tagged` tells a wish whole, control tags first; `plain` asks for single utterances in the plainest
                words, which leave out relationship, style and length; `tuned` asks as a writer was trained, by
                `thymos finetune writer`: without people, relationship, style and language.
            contrasted: whether asks have a contrast.
        """
        self._manner = manner
        self._contrasted = contrasted
        self._taxonomy = taxonomy
        self._neutral = taxonomy.neutral or "neutral"
        self._grid = grid
        self._arcs = {name: arc_text(grid, name) for name in (*(each.name for each in grid.arcs), "none")}
        self._situations = {each.name: each.text for each in grid.situations}
        self._people = {each.name: each.text for each in grid.personas}
        self._styles = {each.name: each.text for each in grid.styles}

    def identity(self) -> dict[str, object]:
        """Return what decides the words of a request, beside the row."""
        templates = TEMPLATES if self._manner == "tuned" else _TEMPLATES
        return {"manner": self._manner, "templates": templates_sha256(*templates)}

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
        tokens = WORDS[row.length][1] * _TOKENS_PER_WORD * len(row.turns) + 8
        return Ask(
            system=self._system(row),
            request=self._request(row, examples),
            opening="A:" if row.kind == "dialogue" else "",
            tokens=tokens,
            seed=seed_of(row, number),
            turns=len(row.turns),
            labels=row.turns,
            contrast=self._contrast(row, examples) if self._contrasted else None,
        )

    def _system(self, row: PlanRow) -> str:
        if self._manner == "tuned":
            return self._wish(row, ()).system
        plain = row.kind == "utterance" and self._manner == "plain"
        return render("write/system").strip() if plain else render("synth/system", kind=row.kind).strip()

    def _request(self, row: PlanRow, examples: Sequence[str]) -> str:
        if self._manner == "tuned":
            return self._wish(row, examples).request
        first, second = (self._people[name] for name in row.personas)
        plain = row.kind == "utterance" and self._manner == "plain"
        return render(
            "synth/plain" if plain else f"synth/{row.kind}",
            row=row,
            situation=self.scenario(row),
            first=first,
            second=second,
            style=self._styles[row.style],
            arc=self._arcs[row.arc],
            described=self._described(row.label),
            neutral=row.label == self._neutral,
            words=WORDS[row.length],
            stages=self._stages(row),
            examples=[tame(each) for each in examples],
        ).strip()

    def _contrast(self, row: PlanRow, examples: Sequence[str]) -> Contrast:
        """Return the wish that a row's text is to be told apart from: without a feeling, or for none with any other."""
        other: str = self._neutral
        milder: tuple[int, ...] = ()  # nothing is a little neutral
        if row.label == self._neutral:
            others = [each.name for each in self._taxonomy if each.name != self._neutral]
            other, milder = random.Random(f"{row.seed} contrast").choice(others), row.milder
        turns = tuple(label and other for label in row.turns)
        return Contrast(other, self._request(replace(row, label=other, turns=turns, milder=milder), examples))

    def _wish(self, row: PlanRow, examples: Sequence[str]) -> WrittenWish:
        return WrittenWish(
            label=row.label,
            intensity=row.intensity,
            length=row.length,
            turns=len(row.turns),
            stages=self._stages(row),
            situation=self.scenario(row),
            examples=tuple(examples),
        )

    def _stages(self, row: PlanRow) -> tuple[str, ...]:
        """Return the wishes for single turns, of a conversation alone."""
        labelled = [(place, label) for place, label in enumerate(row.turns) if label] if row.turns[1:] else []
        return tuple(stage(place, label, weakly=place in row.milder) for place, label in labelled)

    def _described(self, label: str) -> str:
        if label not in {each.name for each in self._taxonomy}:  # a contrast that the label set has not
            return "no feeling in particular"
        return self._taxonomy.labels[self._taxonomy.index(label)].description or label


def seed_of(row: PlanRow, number: int) -> int:
    """Return the seed of a row's candidate."""
    return int.from_bytes(hashlib.sha256(f"{row.seed}:{number}".encode()).digest()[:4], "big") >> 1


def prompt_sha256(ask: Ask) -> str:
    """Return the hash of all that a writer is told."""
    told = [ask.system, ask.request, ask.opening]
    if ask.contrast:
        told.append(ask.contrast.request)
    return hashlib.sha256("\0".join(told).encode()).hexdigest()
