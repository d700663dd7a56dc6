"""What a server tells of itself: label sets, passages, limits, health, figures."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from thymos.agent.reasoning.values import Evidence
from thymos.agent.serve.completion_form import event
from thymos.agent.serve.core import core_of
from thymos.agent.serve.errors import ApiError, responses
from thymos.agent.serve.metrics import PAGE_TYPE
from thymos.prompts.catalogue import load_taxonomy

router = APIRouter()

NOTICE = (
    "Thymos tells what words, voices and faces express, with how sure it is and why. It does not know what anybody "
    "feels. It is for research, writing and looking at one's own material; not for watching people at work or school, "
    "not for telling lies from truth, not for decisions about people, and no diagnosis."
)


class LabelInfo(BaseModel):
    """A label and its place in the valence-arousal plane, if known."""

    name: str
    description: str
    valence: float | None
    arousal: float | None


class TaxonomyInfo(BaseModel):
    """A label set."""

    name: str
    title: str
    kind: str
    neutral: str | None
    labels: list[LabelInfo]


class LimitInfo(BaseModel):
    """What may be sent."""

    attachment_bytes: int
    corpus_bytes: int
    attachments: int
    audio_seconds: float
    pixels: int
    rows: int
    chars: int


class About(BaseModel):
    """What answers here, and within which bounds."""

    version: str
    model: str
    adapter: str
    taxonomy: str
    limits: LimitInfo
    notice: str
    keys: bool


class Health(BaseModel):
    """That the server answers."""

    status: str
    version: str


@router.get("/api/taxonomies", tags=["page"], responses=responses())
def list_taxonomies(request: Request) -> list[TaxonomyInfo]:
    """List the label sets with their labels."""
    return [_taxonomy(name) for name in core_of(request).agent.taxonomies]


@router.get("/api/about", tags=["page"], responses=responses())
def get_about(request: Request) -> About:
    """Tell what answers here, and within which bounds."""
    core = core_of(request)
    settings = core.settings
    names = LimitInfo.model_fields
    return About(
        version=version("thymos"),
        model=settings.model,
        adapter=settings.adapter,
        taxonomy=settings.taxonomy,
        limits=LimitInfo(**{name: getattr(settings.limits, name) for name in names}),
        notice=NOTICE,
        keys=bool(core.keys.list()),
    )


@router.get("/api/passages/{passage_id}", tags=["page"], responses=responses(404))
def get_passage(request: Request, passage_id: str) -> Evidence:
    """Return a passage of the knowledge base with its sources and licence."""
    found = core_of(request).agent.passage(passage_id)
    if found is None:
        raise ApiError(404, "passage must be one of the knowledge base, got an unknown id")
    return found


@router.get("/api/feedback", tags=["page"], response_class=StreamingResponse, responses=responses())
def export_feedback(request: Request) -> StreamingResponse:
    """Download feedback as training rows, one JSON object a line."""
    rows = core_of(request).agent.threads.export_feedback()
    headers = {"Content-Disposition": 'attachment; filename="thymos-feedback.jsonl"'}
    return StreamingResponse(_lines(rows), media_type="application/jsonl", headers=headers)


@router.get("/healthz", tags=["server"])
def get_health() -> Health:
    """Tell that the server answers; needs no key."""
    return Health(status="ok", version=version("thymos"))


@router.get("/metrics", tags=["server"], response_class=Response, responses=responses())
def get_metrics(request: Request) -> Response:
    """Return figures for Prometheus."""
    return Response(core_of(request).metrics.page(), media_type=PAGE_TYPE)


def _taxonomy(name: str) -> TaxonomyInfo:
    found = load_taxonomy(name)
    labels = [
        LabelInfo(name=each.name, description=each.description, valence=each.valence, arousal=each.arousal)
        for each in found
    ]
    return TaxonomyInfo(name=found.name, title=found.title, kind=found.kind.value, neutral=found.neutral, labels=labels)


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield event(row).removeprefix(b"data: ").removesuffix(b"\n")
