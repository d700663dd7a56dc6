"""A draw: in which words one batch is asked, so that a tuned model follows any label set in its instruction.

Takes a taxonomy, its translations and a source of chance; gives the instruction, the label words in the order shown and
the way from gold labels to them. Knows nothing of rows or tokens.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from thymos.finetune.recipe_parts import VaryRecipe
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import instruction, load_prompt

_FEWEST = 3  # labels that a subset shows


@dataclass(frozen=True, slots=True)
class Draw:
    """How a batch is asked.

    Attributes:
        system: the instruction.
        words: label words in the order of `labels`.
        labels: names of the labels shown.
        translation: from the corpus' gold labels; None leaves them.
        partial: whether labels of the taxonomy are left out.
    """

    system: str
    words: tuple[str, ...]
    labels: tuple[str, ...]
    translation: LabelMap | None = None
    partial: bool = False

    def targets(self, gold: Sequence[str]) -> tuple[int, ...]:
        """Return the positions of gold labels among those shown; none when one of them is not shown."""
        names = self.translation.labels(gold) if self.translation else tuple(gold)
        if any(name not in self.labels for name in names):
            return ()
        return tuple(sorted(self.labels.index(name) for name in names))


def as_asked(taxonomy: Taxonomy, prompt: str) -> Draw:
    """Return the draw that shows a taxonomy as `thymos label` does."""
    return Draw(load_prompt(prompt, taxonomy).system, taxonomy.words, taxonomy.names)


def varied(
    taxonomy: Taxonomy, translations: Sequence[LabelMap], prompt: str, vary: VaryRecipe, chance: random.Random
) -> Draw:
    """Draw a variation.

    Args:
        taxonomy: of the gold labels.
        translations: into other label sets.
        prompt: whose wording is used where it is not varied.
        vary: how often what is varied.
        chance: where the draw comes from.
    """
    translation = chance.choice(translations) if translations and chance.random() < vary.translate else None
    asked = translation.target if translation else taxonomy
    names = list(asked.names)
    if translation is not None:  # a label that no gold label reaches could only be wrong
        reached = set(translation.entries.values())
        names = [name for name in names if name in reached]
    partial = chance.random() < vary.subset and len(names) > _FEWEST
    if partial:
        kept = set(chance.sample(names, chance.randint(_FEWEST, len(names) - 1)))
        names = [name for name in names if name in kept]
    if chance.random() < vary.shuffle:
        chance.shuffle(names)
    words = _worded(asked, names, vary.synonym, chance)
    if chance.random() < vary.reword:
        system = instruction(chance.choice(wordings()), words)
    else:
        system = load_prompt(prompt, asked).reworded(words)
    return Draw(system, words, tuple(names), translation, partial)


@cache
def wordings() -> tuple[str, ...]:
    """Return the instructions that say the same in other words, as templates over `words`."""
    return tuple(yaml.safe_load((files("thymos.prompts") / "wordings.yaml").read_text(encoding="utf-8")))


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return label -> words that may stand for it."""
    table = yaml.safe_load((files("thymos.prompts") / "synonyms.yaml").read_text(encoding="utf-8"))
    return {label: tuple(words) for label, words in table.items()}


def _worded(taxonomy: Taxonomy, names: Sequence[str], share: float, chance: random.Random) -> tuple[str, ...]:
    """Return a word for each label, now and then a synonym; two labels never share one."""
    words: list[str] = []
    own = {label.name: label.word for label in taxonomy}
    taken = set(own.values())
    for name in names:
        free = [word for word in synonyms().get(name, ()) if word not in taken]
        word = chance.choice(free) if free and chance.random() < share else own[name]
        taken.add(word)
        words.append(word)
    return tuple(words)
