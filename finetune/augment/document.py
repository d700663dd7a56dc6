"""The score file of an augmentation experiment: figures with all that is needed to get them again, as JSON.

Takes the experiment and its outcomes; gives one JSON object, in the form of the file of `thymos eval`.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from thymos.finetune.augment.cells import digest
from thymos.finetune.augment.draw import counts
from thymos.finetune.augment.experiment import Experiment
from thymos.finetune.augment.outcome import Outcome
from thymos.finetune.augment.values import TITLES, Cell, Result, size_name
from thymos.finetune.augment.verdict import Verdict, conclusion
from thymos.finetune.bootstrap import LEVEL
from thymos.finetune.surroundings import commit, hardware, versions

SCHEMA = "thymos.augment/1"  # raise the number whenever a field changes its meaning


def document(
    experiment: Experiment,
    results: Mapping[Cell, Result],
    found: Sequence[Outcome],
    judged: Sequence[Verdict],
    *,
    rare: Sequence[str],
    resamples: int,
    seed: int,
    options: Mapping[str, object],
    command: Sequence[str],
) -> dict[str, Any]:
    """Return the content of a score file; figures are numbers in [0, 1], counts are rows."""
    labels = experiment.taxonomy.names
    return {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "conclusion": conclusion(judged),
        "verdicts": [{**asdict(each), "size": size_name(each.size)} for each in judged],
        "taxonomy": {"name": experiment.taxonomy.name, "kind": experiment.taxonomy.kind.value, "labels": list(labels)},
        "options": dict(options),
        "data": {
            name: {"rows": len(rows), "sha256": digest(rows), "per_label": counts(rows, labels)}
            for name, rows in (
                ("real", experiment.pool),
                ("test", experiment.test),
                ("synthetic", experiment.arms.synthetic),
            )
        },
        "arms": {arm: TITLES[arm] for arm in experiment.arms.names},
        "classifiers": [each.name for each in experiment.classifiers],
        "sizes": [size_name(size) for size in experiment.sizes],
        "seeds": list(experiment.seeds),
        "rarest_labels": list(rare),
        "intervals": {
            "level": LEVEL,
            "method": "percentile bootstrap over test rows and seeds at once, the same for all arms",
            "resamples": resamples,
            "seed": seed,
        },
        "outcomes": [_outcome(each) for each in found],
        "chosen": [{**asdict(cell), "size": size_name(cell.size), **result.chosen} for cell, result in results.items()],
        "seed": seed,
        "commit": commit(),
        "hardware": hardware(),
        "versions": versions(),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "size": size_name(outcome.size)}
