"""What each arm of the experiment puts beside the real rows.

Takes the drawn rows and what there is to add; gives the training set. Synthetic rows stand beside every draw alike;
what cheap arms add is made of the draw alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from thymos.finetune.augment.draw import counts
from thymos.finetune.augment.eda import edited, edits_for
from thymos.finetune.augment.values import Added, Arm, Paraphraser, Row, Training
from thymos.prompts.errors import InputError


@dataclass(frozen=True, slots=True)
class Arms:
    """What there is to add.

    Attributes:
        labels: names, in order.
        synthetic: rows to judge.
        paraphraser: says a text in other words; None where that is not asked for.
        edits: texts that are made of each row by edits; what the paper does unless given.
        without: cheap arms that are not compared.
    """

    labels: tuple[str, ...]
    synthetic: tuple[Row, ...] = ()
    paraphraser: Paraphraser | None = None
    edits: int | None = None
    without: frozenset[Arm] = frozenset()

    @property
    def names(self) -> tuple[Arm, ...]:
        """The arms that can be compared, real rows alone first."""
        found: list[Arm] = ["real"]
        if self.synthetic:
            found.append("synthetic")
        found += ["oversample", "eda"]
        if self.paraphraser is not None:
            found.append("paraphrase")
        return tuple(each for each in found if each not in self.without)

    def training(self, rows: Sequence[Row], arm: Arm, seed: int) -> Training:
        """Return what a classifier of an arm learns from.

        Raises:
            InputError: the arm needs what is not there.
        """
        real = tuple(rows)
        if arm == "real":
            return Training(real)
        if arm == "synthetic" and self.synthetic:
            return Training(real, tuple(Added(row.text, row.labels) for row in self.synthetic))
        if arm == "oversample":
            return Training(real, oversampled(real, self.labels, self._wanted(real), seed))
        if arm == "eda":
            return Training(real, edited(real, seed, self.edits))
        if arm == "paraphrase" and self.paraphraser is not None:
            texts = self.paraphraser.paraphrase([row.text for row in real], seed)
            made = zip(texts, enumerate(real), strict=True)
            said = (Added(text, row.labels, parent=place) for text, (place, row) in made if text and text != row.text)
            return Training(real, tuple(said))
        raise InputError(f"arm must be one of {', '.join(self.names)}, got {arm!r}; choose one of these")

    def _wanted(self, rows: Sequence[Row]) -> int:
        """Return rows a label after oversampling: as many as the largest label has after edits."""
        times = edits_for(len(rows)) if self.edits is None else self.edits
        return max(counts(rows, self.labels).values()) * (1 + times)


def oversampled(rows: Sequence[Row], labels: Sequence[str], wanted: int, seed: int) -> tuple[Added, ...]:
    """Repeat rows by chance until each label has so many; a row that is repeated is one `Added` that counts often.

    Of a row with several labels each gains, so that common labels of a multi-label set may end above what is wanted.
    """
    has = counts(rows, labels)
    chance = random.Random(f"oversample {seed}")
    times = dict.fromkeys(range(len(rows)), 0)
    for name in sorted(labels, key=lambda each: has[each]):
        places = [place for place, row in enumerate(rows) if name in row.labels]
        for place in chance.choices(places, k=max(0, wanted - has[name])) if places else ():
            times[place] += 1
            for other in rows[place].labels:
                has[other] += 1
    return tuple(Added(rows[place].text, rows[place].labels, place, n) for place, n in times.items() if n)
