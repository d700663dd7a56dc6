"""`/v1/label` and `/v1/ask`: labels for many rows, and one answer with its reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request

from thymos.adapters.sample import Face, Physiology, Sample, Speech, Turn
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.values import Reasoning
from thymos.agent.serve.batching import BatchingScorer
from thymos.agent.serve.core import core_of
from thymos.agent.serve.errors import ApiError, responses
from thymos.agent.serve.label_values import AskRequest, Earlier, Labelled, LabelRequest, LabelResponse, Row, Unlabelled
from thymos.agent.serve.media import data_url, store
from thymos.agent.serve.settings import Limits
from thymos.prompts.errors import RowError

router = APIRouter(prefix="/v1", tags=["labels"])

_EDF = b"0       "  # version of the data format, 8 characters
_LINE = 1000  # bytes in which a table shows its delimiter
_TINY = 1e-12  # a probability that was rounded to nothing


@router.post("/label", responses=responses(429), response_model_exclude_none=True)
async def label(request: Request, body: LabelRequest) -> LabelResponse:
    """Label texts: a distribution and a decision for each, or why there is none."""
    core = core_of(request)
    samples = _samples(body.asked, core.settings.limits)

    def work() -> LabelResponse:
        scorer = core.scorer(body.taxonomy)
        answers = _decided(scorer, scorer.label_batch(samples), body)
        core.metrics.rows.inc(sum(isinstance(answer, Prediction) for answer in answers))
        entries = [_entry(sample.id, answer) for sample, answer in zip(samples, answers, strict=True)]
        return LabelResponse(taxonomy=scorer.taxonomy.name, predictions=entries)

    core.taxonomy(body.taxonomy)
    return await core.work.run(request, work)


@router.post("/ask", responses=responses(422, 429))
async def ask(request: Request, body: AskRequest) -> Reasoning:
    """Answer with reasons: measured cues, passages, five steps, what would change the answer."""
    core = core_of(request)
    limits = core.settings.limits
    _check_chars([body.text, *(turn if isinstance(turn, str) else turn.text for turn in body.context)], limits)
    if body.taxonomy is not None:
        core.taxonomy(body.taxonomy)

    def work() -> Reasoning:
        with core.folder() as folder:
            sample = _asked_sample(body, folder, limits)
            recordings = [name for name in sample.modalities if name != "text"]
            return core.reasons(core.hears(body.taxonomy, recordings)).reason(sample)

    return await core.work.run(request, work)


def _samples(rows: Sequence[Row], limits: Limits) -> list[Sample]:
    if len(rows) > limits.rows:
        raise ApiError(
            413, f"rows must be at most {limits.rows:,}, got {len(rows):,}; send a file to /v1/jobs", param="rows"
        )
    for row in rows:
        _check_chars([row.text, *(turn.text for turn in _turns(row.context))], limits)
    return [
        Sample(id=row.id or str(number), text=row.text, speaker=row.speaker, context=_turns(row.context))
        for number, row in enumerate(rows, start=1)
    ]


def _turns(context: Sequence[Earlier | str]) -> tuple[Turn, ...]:
    return tuple(Turn(turn) if isinstance(turn, str) else Turn(turn.text, turn.speaker) for turn in context)


def _check_chars(texts: Sequence[str], limits: Limits) -> None:
    longest = max(map(len, texts), default=0)
    if longest > limits.chars:
        raise ApiError(
            413, f"text must have at most {limits.chars:,} characters, got {longest:,}; split it", param="text"
        )


def _decided(
    scorer: BatchingScorer, answers: list[Prediction | RowError], body: LabelRequest
) -> list[Prediction | RowError]:
    """Decide anew where that is wished: the probabilities are the same, so nothing is computed twice."""
    if not body.has_wishes:
        return answers
    from thymos.agent.calibrated import rule_for
    from thymos.agent.decide import decide

    confidence: Any = getattr(scorer.labeler, "confidence", None)
    rule = rule_for(confidence, body.threshold, body.abstain_below, body.accuracy, body.coverage, body.aim)
    good = [answer for answer in answers if isinstance(answer, Prediction)]
    p = np.array([list(answer.probabilities.values()) for answer in good], np.float64)
    p = p.reshape(len(good), len(scorer.taxonomy))  # (rows, labels)
    scores = np.log(np.maximum(p, _TINY)).astype(np.float32)
    anew = iter(decide([answer.id for answer in good], scores, scorer.taxonomy, rule))
    return [next(anew) if isinstance(answer, Prediction) else answer for answer in answers]


def _entry(identifier: str, answer: Prediction | RowError) -> Labelled | Unlabelled:
    if isinstance(answer, RowError):
        return Unlabelled(id=identifier, error=str(answer))
    return Labelled(
        id=answer.id,
        labels=list(answer.labels),
        probabilities=dict(answer.probabilities),
        entropy=answer.entropy,
        margin=answer.margin,
        abstained=answer.abstained,
        label_set=None if answer.label_set is None else list(answer.label_set),
    )


def _asked_sample(body: AskRequest, folder: Path, limits: Limits) -> Sample:
    """Return what was asked as a sample whose recordings lie in a folder."""
    speech = _placed("speech", body.speech, folder, limits)
    face = _placed("face", body.face, folder, limits)
    physiology = _placed("physiology", body.physiology, folder, limits)
    return Sample(
        id="1",
        text=body.text if body.text.strip() else None,
        speaker=body.speaker,
        context=_turns(body.context),
        speech=Speech(path=speech) if speech else None,
        face=Face(path=face) if face else None,
        physiology=Physiology(path=physiology) if physiology else None,
    )


def _placed(
    name: Literal["speech", "face", "physiology"], url: str | None, folder: Path, limits: Limits
) -> Path | None:
    """Put a recording into a folder; its reader goes by the suffix where it is one of the body."""
    if not url:
        return None
    content = data_url(url, limits.attachment_bytes, name)
    path = folder / store(content, name, name, folder, limits, name).id
    if name != "physiology":
        return path
    suffix = ".edf" if content.startswith(_EDF) else ".tsv" if b"\t" in content[:_LINE] else ".csv"
    return path.rename(path.with_name(path.name + suffix))
