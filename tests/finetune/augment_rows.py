"""What the tests of augmentation share: rows of invented lines whose words tell their label."""

from tests.finetune.recipes import SAID, lines
from thymos.finetune.augment.values import Row
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

LABELS = tuple(SAID)
TAXONOMY = Taxonomy("invented", "Invented", Kind.SINGLE, tuple(Label(name, name, name) for name in LABELS))


def rows(number: int, seed: int, name: str = "r") -> tuple[Row, ...]:
    """Different texts; a number at the end keeps them apart from those of other seeds."""
    return tuple(
        Row(f"{name}{place}", f"{text} {name}{seed} {place}", (label,))
        for place, (text, label) in enumerate(lines(number, seed))
    )
