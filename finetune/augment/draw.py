"""A scarce training set, drawn from a large one: so many rows of each label, by chance.

Takes rows and a seed; gives rows in the order of the pool. Equal seeds give equal draws.
"""

import random
from collections.abc import Sequence

from thymos.finetune.augment.values import ALL, Row
from thymos.prompts.errors import InputError


def draw(pool: Sequence[Row], labels: Sequence[str], size: int, seed: int) -> tuple[Row, ...]:
    """Draw real rows.

    Of a row with several labels one is enough to be drawn; no row is drawn twice. Rare labels come first, so that
    rows which have a common label too do not fill their places.

    Args:
        pool: what to draw from.
        labels: names, in order.
        size: rows a label; `ALL` takes the whole pool. A label with fewer gives what it has.
        seed: of the draw.

    Raises:
        InputError: a label has no row.
    """
    by_label: dict[str, list[int]] = {name: [] for name in labels}
    for place, row in enumerate(pool):
        for name in row.labels:
            by_label[name].append(place)
    if empty := [name for name, places in by_label.items() if not places]:
        raise InputError(
            f"each label must have real rows to draw, got none of {', '.join(empty)}; use another --taxonomy"
        )
    if size == ALL:
        return tuple(pool)
    taken: set[int] = set()
    for name in sorted(labels, key=lambda each: len(by_label[each])):
        chance = random.Random(f"draw {seed} {name}")  # a label's draw does not hang on the other labels
        order = list(by_label[name])
        chance.shuffle(order)
        has = sum(place in taken for place in order)
        taken.update([place for place in order if place not in taken][: max(0, size - has)])
    return tuple(pool[place] for place in sorted(taken))


def counts(rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
    """Count the rows of each label."""
    found = dict.fromkeys(labels, 0)
    for row in rows:
        for name in row.labels:
            found[name] += 1
    return found
