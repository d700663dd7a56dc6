"""The score file: figures with all that is needed to get them again, as one JSON object.

Takes `Scores` and where they come from; writes the file whole or not at all. Knows nothing of how figures are
computed.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thymos.adapters.whole_file import whole_file
from thymos.finetune.bootstrap import LEVEL
from thymos.finetune.scores import LeftOut, Scores
from thymos.finetune.surroundings import commit, hardware, versions

SCHEMA = "thymos.score/1"  # raise the number whenever a field changes its meaning
_NAMED = 20  # ids a reason for leaving rows out; the count is of all
_FIGURES = (
    *("accuracy", "answered_accuracy", "unweighted_accuracy"),
    *("macro_f1", "micro_f1", "weighted_f1"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where scores come from.

    Attributes:
        predictions: file name of the labelled rows.
        predictions_sha256: of its bytes.
        provenance: what the run that wrote it recorded (model, adapter, prompt, fingerprint); may be empty.
        as_written: whether the labelled rows are still what that run wrote; None where it cannot be told.
        gold: what the user named as gold: a file name, a hub id, or a column of the labelled file.
        gold_identity: the gold corpus' own identity (content hash, format, columns), where it is a corpus.
        options: what else was asked for (taxonomies, `at`, what to ignore), as JSON values.
        command: the command line.
    """

    predictions: str
    predictions_sha256: str
    provenance: Mapping[str, Any]
    as_written: bool | None
    gold: str
    gold_identity: Mapping[str, object] | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    command: Sequence[str] = ()


def score_document(scores: Scores, origin: Origin) -> dict[str, Any]:
    """Return the content of a score file.

    Args:
        scores: the figures.
        origin: where they come from.

    Returns:
        A JSON object; figures are numbers in [0, 1], counts are rows.
    """
    return {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(origin.command),
        "taxonomy": {
            "name": scores.taxonomy.name,
            "kind": scores.taxonomy.kind.value,
            "labels": list(scores.taxonomy.names),
        },
        "options": dict(origin.options),
        "rows": {
            "scored": scores.n,
            "abstained": scores.n_abstained,
            "coverage": scores.coverage,
            "left_out": _left_out(scores.left_out),
        },
        "metrics": {name: getattr(scores, name) for name in _FIGURES}
        | {"ece": scores.calibration.ece if scores.calibration else None},
        "label_sets": asdict(scores.label_sets) if scores.label_sets else None,
        "ignored_labels": list(scores.ignored),
        "intervals": {
            "level": LEVEL,
            "method": "percentile bootstrap over rows",
            "resamples": scores.resamples,
            "seed": scores.seed,
            **{name: [interval.low, interval.high] for name, interval in scores.intervals.items()},
        },
        "per_label": [asdict(label) for label in scores.per_label],
        "confusion": None
        if scores.confusion is None
        else {
            "meaning": scores.confusion.meaning,
            "columns": list(scores.confusion.columns),
            "counts": scores.confusion.counts.tolist(),
        },
        "calibration": asdict(scores.calibration) if scores.calibration else None,
        "seed": scores.seed,
        "split_sha256": scores.gold_sha256,
        "gold": {"source": origin.gold, "identity": origin.gold_identity},
        "predictions": {
            "file": origin.predictions,
            "sha256": origin.predictions_sha256,
            "provenance": dict(origin.provenance),
            "as_written": origin.as_written,
        },
        "commit": commit(),
        "hardware": hardware(),
        "versions": versions(),
    }


def write_score(path: Path, document: Mapping[str, Any]) -> None:
    """Write a score file.

    Args:
        path: JSON file, replaced if there.
        document: from `score_document`.

    Raises:
        OutputError: the file cannot be written.
    """
    with whole_file(path) as file:
        file.write(to_json(document).encode("utf-8"))


def to_json(document: Mapping[str, Any]) -> str:
    """Return the text of a score file."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _left_out(left_out: LeftOut) -> dict[str, Any]:
    """Count the rows of each reason and name the first of them."""
    return {reason: {"rows": len(ids), "first_ids": list(ids[:_NAMED])} for reason, ids in asdict(left_out).items()}
