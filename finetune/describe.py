"""`describe`: figures of `thymos eval` taken up into an adapter's cards.

Takes score files; rewrites the cards. Only scores of this very adapter are taken.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from thymos.adapters.llm.adapter import AdapterCard
from thymos.adapters.llm.files import files_digest
from thymos.finetune.publish import write_card
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind


def describe(folder: Path, card: AdapterCard, scores: Sequence[Path]) -> None:
    """Write the cards again, with figures.

    Args:
        folder: of the adapter.
        card: what is known of it.
        scores: files that `thymos eval` wrote, of predictions that this adapter made.

    Raises:
        InputError: a file is no score file, or its predictions are not this adapter's, as it is calibrated now.
        OutputError: the disk is full or refuses.
    """
    own = files_digest(folder)
    rows = [_row(path, own, card) for path in scores]
    write_card(folder, replace(card, facts=dict(card.facts) | {"scores": rows}))


def _row(path: Path, own: str, card: AdapterCard) -> dict[str, Any]:
    try:
        score = json.loads(path.read_text(encoding="utf-8"))
        labeler = score["predictions"]["provenance"]["identity"]["labeler"]
        changed = score["predictions"]["as_written"] is False
        fitted = card.confidence.get(labeler["taxonomy"]) if labeler["calibration"] == "fitted" else None
        other = fitted is not None and fitted.temperature != labeler["temperature"]
        row = {
            "gold": Path(score["gold"]["source"]).name,
            "rows": score["rows"]["scored"],
            "taxonomy": score["taxonomy"]["name"],
            "aim": aim_of(labeler),
            "abstained": score["rows"]["abstained"],
            "metrics": score["metrics"],
            "command": score["command"],
            "split_sha256": score["split_sha256"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"scores must be a file of `thymos eval`, got {path} ({error!r}); pass its .scores.json"
        ) from error
    if own not in (labeler.get("adapter_sha256"), labeler.get("model_sha256")):
        raise InputError(
            f"scores must be of labels that this adapter gave, got {path} of another model; label and score again"
        )
    if other:
        raise InputError(
            f"scores must be of labels that this adapter gave as it is calibrated now, got {path} of an earlier "
            "calibration; label and score again"
        )
    if changed:
        raise InputError(
            f"scores must be of labels as they were given, got {path} of rows that were changed since; label and score "
            "again"
        )
    return row


def aim_of(labeler: dict[str, Any]) -> str:
    """Return what a labeler aimed at when it chose labels: as in `thymos label --aim`, or its thresholds."""
    if labeler.get("labels", {}).get("kind") == Kind.MULTI.value:
        return "thresholds"
    if labeler.get("label_weights") is not None:
        return "balance"
    return "emotions" if labeler.get("neutral_from") else "likeliest"
