"""`/v1/chat/completions` and `/v1/models`, as OpenAI's clients expect: the agent, and the plain model beneath."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from thymos.agent.serve.completion_form import Completion, Ended, Form, Model, Models, comment, event
from thymos.agent.serve.completion_values import CompletionRequest
from thymos.agent.serve.core import Core, core_of
from thymos.agent.serve.errors import ApiError, api_error, responses
from thymos.agent.serve.words import Note, Words, agent_words, plain_words
from thymos.agent.serve.work import until_gone

router = APIRouter(prefix="/v1", tags=["chat"])
log = logging.getLogger("thymos")

AGENT = "thymos"  # id of the agent among the models
SSE = "text/event-stream; charset=utf-8"

Piece = str | Note | Ended

_PATIENCE = 2.0  # s in which an error is still a response of its own, before a stream begins with notes alone


@router.get("/models", responses=responses())
def list_models(request: Request) -> Models:
    """List what can be asked: `thymos`, and the language model beneath it for plain writing."""
    return Models(data=[Model(id=name) for name in _models(core_of(request))])


@router.get("/models/{model}", responses=responses(404))
def get_model(request: Request, model: str) -> Model:
    """Tell whether a model can be asked."""
    _check_model(core_of(request), model)
    return Model(id=model)


@router.post("/chat/completions", response_model=Completion, responses=responses(404, 422, 429))
async def create_chat_completion(request: Request, body: CompletionRequest) -> Completion | StreamingResponse:
    """Answer a conversation; with `stream`, as server-sent events.

    Model `thymos` is the agent: it analyses what the last message brings, in words, pictures and recordings, and gives
    its findings and sources in the field `thymos` of the message. `metadata.taxonomy` names the label set. It follows
    rules of its own, so sampling parameters change nothing and system messages are not read. The other model is the
    language model alone.
    """
    core = core_of(request)
    _check_model(core, body.model)
    form, start = Form(body.model, body.with_usage), monotonic()
    pieces = aiter(core.work.stream(_maker(core, body)))
    if not body.stream:
        return await until_gone(request, _whole(core, form, pieces, start))
    begun = await until_gone(request, _begun(pieces))
    return StreamingResponse(_events(core, form, begun, pieces, start), media_type=SSE)


def _maker(core: Core, body: CompletionRequest) -> Callable[[], Words]:
    if body.model == AGENT or core.writer is None:
        return lambda: agent_words(core, body)
    writer, most = core.writer, core.settings.limits.chars
    return lambda: plain_words(writer, body, most)


async def _whole(core: Core, form: Form, pieces: AsyncIterator[Piece], start: float) -> Completion:
    """Return an answer when it is complete."""
    text, ended = "", None
    async for piece in pieces:
        if isinstance(piece, Ended):
            ended = piece
        elif not isinstance(piece, Note):
            if not text:
                core.metrics.first.observe(monotonic() - start)
            text += piece
    if ended is None:
        raise ApiError(500, "an answer must have an end, got none")
    _count(core, form, ended)
    return form.whole(text, ended)


@dataclass
class _Begun:
    """The beginning of an answer: what came, and what is awaited if it took too long."""

    pieces: list[Piece] = field(default_factory=list)
    awaited: asyncio.Future[Piece] | None = None


async def _begun(pieces: AsyncIterator[Piece]) -> _Begun:
    """Return what comes up to the first words, or in the first seconds."""
    begun, until = _Begun(), monotonic() + _PATIENCE
    while True:
        awaited = asyncio.ensure_future(anext(pieces))
        try:
            await asyncio.wait({awaited}, timeout=until - monotonic())
        except asyncio.CancelledError:  # the client left
            awaited.cancel()
            raise
        if not awaited.done():
            begun.awaited = awaited
            return begun
        piece = awaited.result()
        begun.pieces.append(piece)
        if not isinstance(piece, Note):
            return begun


async def _events(
    core: Core, form: Form, begun: _Begun, pieces: AsyncIterator[Piece], start: float
) -> AsyncIterator[bytes]:
    """Yield an answer as server-sent events."""
    words, ended = 0, None
    yield form.first()
    try:
        async for piece in _chained(begun, pieces):
            if isinstance(piece, Note):
                yield comment(piece)
            elif isinstance(piece, Ended):
                ended = piece
            elif piece:
                if not words:
                    core.metrics.first.observe(monotonic() - start)
                words += 1
                yield form.words(piece)
        if ended is not None:  # only now is the queue free: whoever reads the end may ask again at once
            _count(core, form, ended)
            yield form.last(ended)
    except Exception as error:
        log.exception("an answer failed")
        yield event(api_error(error).body())


async def _chained(begun: _Begun, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    for piece in begun.pieces:
        yield piece
    if begun.awaited is not None:
        try:
            yield await begun.awaited
        finally:
            begun.awaited.cancel()
    async for piece in pieces:
        yield piece


def _count(core: Core, form: Form, ended: Ended) -> None:
    core.metrics.tokens.labels(form.model).inc(ended.finish.completion_tokens)


def _models(core: Core) -> list[str]:
    return [AGENT] if core.writer is None else [AGENT, core.writer.name]


def _check_model(core: Core, model: str) -> None:
    if model not in _models(core):
        known = " or ".join(_models(core))
        raise ApiError(404, f"model must be {known}, got {model[:80]!r}", code="model_not_found", param="model")
