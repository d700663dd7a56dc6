"""A row as it stands in a file: text, labels, plan, provenance, verdicts; and the way back to a candidate.

Takes candidates; gives JSON values. Knows nothing of files.
"""

from collections.abc import Mapping
from typing import Any

from thymos.agent.synth.plan import PlanRow
from thymos.agent.synth.values import Candidate, Said, Verdict

EXCERPT = 400  # characters of a text that was not even well formed

Record = dict[str, Any]


def record(
    candidate: Candidate,
    writer: Mapping[str, object],
    verdicts: Mapping[str, Verdict],
    situation: str,
    dropped_by: str = "",
) -> Record:
    """Return a candidate as it stands in a file.

    A turn that was read as something else than it was asked with has no label; the wish stands in the plan.

    Args:
        candidate: kept or dropped.
        writer: name and sha256 of what wrote it.
        verdicts: by gate, of those that judged it.
        situation: what happens, in words: the plan has its name alone, and a grid may be a user's own.
        dropped_by: name of the gate that dropped it.
    """
    row = candidate.row
    without = {place for verdict in verdicts.values() for place in verdict.contradicted}
    labels = [None if place in without else each.label for place, each in enumerate(candidate.turns)]
    said = zip(candidate.turns, labels, strict=True)
    found: Record = {
        "id": candidate.id if dropped_by else row.id,
        "kind": row.kind,
        "labels": [row.label],
        "turns": [{"speaker": each.speaker, "text": each.text, "label": label} for each, label in said],
        "text": candidate.text,
        "situation": situation,
        "plan": row.told(),
        "provenance": _provenance(writer, candidate.prompt_sha256, candidate.seed, candidate.number),
        "gates": {name: verdict.told() for name, verdict in verdicts.items()},
    }
    return found | ({"dropped_by": dropped_by} if dropped_by else {})


def malformed(
    row: PlanRow,
    writer: Mapping[str, object],
    raw: str,
    reason: str,
    *,
    situation: str,
    number: int,
    seed: int,
    prompt: str,
) -> Record:
    """Return what was written and has not the form, as it stands among the dropped."""
    return {
        "id": f"{row.id}/{number}",
        "kind": row.kind,
        "labels": [row.label],
        "turns": [],
        "text": raw[:EXCERPT],
        "situation": situation,
        "plan": row.told(),
        "provenance": _provenance(writer, prompt, seed, number),
        "gates": {"format": Verdict(False, None, reason).told()},
        "dropped_by": "format",
    }


def candidate_of(kept: Mapping[str, Any]) -> Candidate:
    """Return the candidate that a kept row was, each turn with the label that it was asked with."""
    plan = dict(kept["plan"])
    for name in ("personas", "turns", "milder"):
        plan[name] = tuple(plan[name])
    provenance = kept["provenance"]
    said = zip(kept["turns"], plan["turns"], strict=True)
    return Candidate(
        row=PlanRow(**plan),
        turns=tuple(Said(turn["speaker"], turn["text"], wish) for turn, wish in said),
        number=provenance["candidate"],
        seed=provenance["seed"],
        prompt_sha256=provenance["prompt_sha256"],
    )


def _provenance(writer: Mapping[str, object], prompt: str, seed: int, number: int) -> Record:
    return {
        "writer": writer.get("name"),
        "writer_sha256": writer.get("sha256"),
        "writer_adapter_sha256": writer.get("adapter_sha256"),
        "prompt_sha256": prompt,
        "seed": seed,
        "candidate": number,
    }
