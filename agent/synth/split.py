"""Train and dev by scenario: no situation stands on both sides, so that dev measures more than memory.

Takes counts by scenario; gives the dev ones.
"""

import hashlib
from collections.abc import Mapping

TRAIN, DEV = "train", "dev"


def dev_scenarios(counts: Mapping[str, int], share: float, seed: int) -> frozenset[str]:
    """Return the scenarios of the dev split: in a seeded order, as many as come closest to a share of the rows.

    Args:
        counts: scenario -> rows.
        share: of all rows, 0 for no dev split.
        seed: of the order.
    """
    wanted = share * sum(counts.values())
    order = sorted(counts, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    chosen: set[str] = set()
    total = 0
    for name in order[:-1]:  # one is left to train on
        if abs(total + counts[name] - wanted) < abs(total - wanted):
            chosen.add(name)
            total += counts[name]
    return frozenset(chosen)
