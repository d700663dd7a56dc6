"""`/api/threads` and what lies below: conversations of the server's own page."""

import io
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, StreamingResponse

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Done, Event, Failed
from thymos.agent.chat.media import plain_name
from thymos.agent.chat.values import Feedback, Message, Thread, Turn
from thymos.agent.serve.completion_routes import SSE
from thymos.agent.serve.core import Core, core_of
from thymos.agent.serve.errors import ApiError, api_error, responses
from thymos.agent.serve.front import POLICY
from thymos.agent.serve.media import check_media
from thymos.agent.serve.work import Stream
from thymos.prompts.errors import InputError

router = APIRouter(prefix="/api/threads", tags=["page"])
log = logging.getLogger("thymos")

ThreadId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="Of a thread.")]
MediaId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="Of an attachment.")]
_SHOWN = re.compile(r"(image/(png|jpeg|gif|webp|bmp)|audio/[\w.+-]+|video/[\w.+-]+)")  # everything else is downloaded


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewThread(_Taken):
    """A conversation to begin."""

    taxonomy: str | None = None


class Title(_Taken):
    """Another title."""

    title: Annotated[str, Field(min_length=1, max_length=200)]


class NewMessage(_Taken):
    """What a user says in a thread; attachments were sent before."""

    text: str = ""
    attachments: list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]] = []
    taxonomy: str | None = None


class WholeThread(BaseModel):
    """A conversation with its turns."""

    thread: Thread
    turns: list[Turn]


@router.get("", responses=responses())
def list_threads(request: Request) -> list[Thread]:
    """List all conversations, the newest first."""
    return core_of(request).agent.threads.listed()


@router.post("", status_code=201, responses=responses())
def create_thread(request: Request, body: NewThread | None = None) -> Thread:
    """Begin a conversation."""
    core = core_of(request)
    return core.agent.threads.create(core.taxonomy(body.taxonomy if body else None))


@router.get("/{thread_id}", responses=responses(404))
def get_thread(request: Request, thread_id: ThreadId) -> WholeThread:
    """Return a conversation."""
    core = core_of(request)
    return WholeThread(thread=_known(core, thread_id), turns=core.agent.threads.turns(thread_id))


@router.patch("/{thread_id}", responses=responses(404))
def rename_thread(request: Request, thread_id: ThreadId, body: Title) -> Thread:
    """Give a conversation another title."""
    core = core_of(request)
    _known(core, thread_id)
    return core.agent.threads.rename(thread_id, body.title)


@router.delete("/{thread_id}", status_code=204, responses=responses(404, 409))
def delete_thread(request: Request, thread_id: ThreadId) -> Response:
    """Remove a conversation with its media and feedback."""
    core = core_of(request)
    _known(core, thread_id)
    if thread_id in core.busy:
        raise ApiError(409, "thread must not be answering, got one that is; wait or close the page that asked")
    core.agent.delete(thread_id)
    return Response(status_code=204)


@router.get("/{thread_id}/export", responses=responses(404))
def export_thread(
    request: Request, thread_id: ThreadId, form: Annotated[Literal["markdown", "json"], Query(alias="as")] = "markdown"
) -> Response:
    """Download a conversation."""
    core = core_of(request)
    _known(core, thread_id)
    text = core.agent.threads.export(thread_id, form)
    kind, ending = ("text/markdown", "md") if form == "markdown" else ("application/json", "json")
    headers = {"Content-Disposition": f'attachment; filename="thymos-{thread_id[:8]}.{ending}"'}
    return Response(text.encode("utf-8", "replace"), headers=headers, media_type=f"{kind}; charset=utf-8")


@router.post("/{thread_id}/media", status_code=201, responses=responses(404, 422, 429))
async def attach(
    request: Request, thread_id: ThreadId, file: Annotated[UploadFile, File(description="Recording, picture, corpus.")]
) -> Attachment:
    """Store a file in a conversation, for a message that names it."""
    core = core_of(request)

    def work() -> Attachment:
        _known(core, thread_id)
        name, limits = plain_name(file.filename or ""), core.settings.limits
        size = file.file.seek(0, io.SEEK_END)
        if size > limits.attachment_bytes:
            raise ApiError(413, f"file must have at most {limits.attachment_bytes:,} bytes, got {size:,}")
        check_media(file.file, name, limits)
        return core.agent.threads.attach(thread_id, name, file.file)

    return await core.work.run(request, work)


@router.get("/{thread_id}/media/{attachment_id}", response_class=FileResponse, responses=responses(404, 416))
def get_media(request: Request, thread_id: ThreadId, attachment_id: MediaId) -> FileResponse:
    """Return a file of a conversation; ranges are served, and nothing in it is run."""
    core = core_of(request)
    _known(core, thread_id)
    attachment, path = _stored(core, thread_id, attachment_id)
    shown = _SHOWN.fullmatch(attachment.media_type) is not None
    return FileResponse(
        path,
        media_type=attachment.media_type if shown else "application/octet-stream",
        filename=plain_name(attachment.name),
        content_disposition_type="inline" if shown else "attachment",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, max-age=3600"},
    )


@router.post("/{thread_id}/messages", response_class=StreamingResponse, responses=responses(404, 409, 429))
async def send_message(request: Request, thread_id: ThreadId, body: NewMessage) -> StreamingResponse:
    """Say something; the answer comes as server-sent events, each one `Event` as JSON, the last `done` or `failed`."""
    core = core_of(request)
    message = await core.work.run(request, lambda: _message(core, thread_id, body))
    if thread_id in core.busy:
        raise ApiError(409, "thread must not be answering, got one that is; wait for its answer")
    stream = core.work.stream(lambda: core.agent.reply(thread_id, message))
    core.busy[thread_id] = stream
    stream.on_end(lambda: _release(core, thread_id, stream))
    return StreamingResponse(_events(core, thread_id, stream), media_type=SSE)


@router.put("/{thread_id}/turns/{turn}/feedback", status_code=204, responses=responses(404))
def put_feedback(
    request: Request, thread_id: ThreadId, turn: Annotated[int, InPath(ge=0, le=10**9)], body: Feedback
) -> Response:
    """Keep what a user thinks of an answer."""
    core = core_of(request)
    if turn >= len(_turns(core, thread_id)):
        raise ApiError(404, f"turn must be one of the thread, got {turn}")
    core.agent.threads.feedback(thread_id, turn, body)
    return Response(status_code=204)


async def _events(core: Core, thread_id: str, stream: Stream[Event]) -> AsyncIterator[bytes]:
    """Yield events as server-sent ones."""
    last: Event | None = None
    try:
        async for event in stream:
            if isinstance(event, Done | Failed):
                last = event
            else:
                yield _sent(event)
    except Exception as error:
        log.exception("an answer failed")
        last = Failed(says=api_error(error).message)
    _release(core, thread_id, stream)  # as the queue's place is: whoever reads the end may ask again at once
    if last is not None:
        yield _sent(last)


def _sent(event: Event) -> bytes:
    return f"data: {event.model_dump_json()}\n\n".encode()


def _release(core: Core, thread_id: str, stream: Stream[Event]) -> None:
    """Let a thread be asked again, unless it is already being."""
    if core.busy.get(thread_id) is stream:
        core.busy.pop(thread_id, None)


def _message(core: Core, thread_id: str, body: NewMessage) -> Message:
    _known(core, thread_id)
    limits = core.settings.limits
    if len(body.text) > limits.chars:
        raise ApiError(413, f"text must have at most {limits.chars:,} characters, got {len(body.text):,}")
    if len(body.attachments) > limits.attachments:
        raise ApiError(413, f"attachments must be at most {limits.attachments}, got {len(body.attachments)}")
    if not body.text.strip() and not body.attachments:
        raise ApiError(400, "message must say something or bring a file, got neither")
    attachments = tuple(_stored(core, thread_id, each)[0] for each in body.attachments)
    taxonomy = None if body.taxonomy is None else core.taxonomy(body.taxonomy)
    return Message(text=body.text, attachments=attachments, taxonomy=taxonomy)


def _known(core: Core, thread_id: str) -> Thread:
    """Return a thread; an unknown id is no bad request but nothing found."""
    try:
        return core.agent.threads.get(thread_id)
    except InputError:
        raise ApiError(404, "thread must be one that is here, got an unknown id") from None


def _turns(core: Core, thread_id: str) -> list[Turn]:
    _known(core, thread_id)
    return core.agent.threads.turns(thread_id)


def _stored(core: Core, thread_id: str, attachment_id: str) -> tuple[Attachment, Path]:
    try:
        return core.agent.threads.media(thread_id, attachment_id)
    except InputError:
        raise ApiError(404, "attachment must be one of the thread, got an unknown id") from None
