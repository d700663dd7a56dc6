"""A server with the page's endpoints and canned answers: what the page is tested against, without a model.

Keeps everything in memory. Tests look into `Fake` to see what the page has sent.
"""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from tests.agent.serve.page.canned import APPRAISAL, SURPRISE, answer
from tests.agent.serve.page.fake_jobs import add_jobs
from thymos.agent.chat.attachment import Attachment, Kind
from thymos.agent.chat.events import Called, Done, Event, Failed, Found, Progress, Said
from thymos.agent.chat.values import Answer, Feedback, Message, Thread, Tool, Turn
from thymos.prompts.catalogue import builtin_taxonomies, load_taxonomy

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NOTICE = (
    "Thymos says what words, voices and faces express, not what anybody feels.\n\n"
    "Do not use it to watch people at work or at school, to detect lies, or to decide about a person."
)
ASKS: tuple[tuple[str, Tool], ...] = (
    ("compare", "compare"),
    ("mood", "timeline"),
    ("science", "search"),
    ("mean", "explain_label"),
    ("label this", "label_file"),
    ("write", "synthesise"),
    ("hello", "none"),
)
ENDINGS: tuple[tuple[str, str, Kind], ...] = (
    ("RIFF", "audio/wav", "speech"),
    ("\x89PNG", "image/png", "face"),
    ("\xff\xd8", "image/jpeg", "face"),
)


@dataclass
class Fake:
    """What the server holds.

    Attributes:
        key: that a request must bring, or None.
        pause: s between events of an answer.
        reply: instead of the canned answer, if set.
        most: bytes of a file.
    """

    key: str | None = None
    pause: float = 0.01
    reply: Answer | None = None
    most: int = 20_000_000
    threads: dict[str, Thread] = field(default_factory=dict)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    media: dict[str, tuple[Attachment, bytes]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Asked(BaseModel):
    text: str = ""
    attachments: tuple[str, ...] = ()
    taxonomy: str | None = None


class _New(BaseModel):
    taxonomy: str = "goemotions"


class _Title(BaseModel):
    title: str


def create(fake: Fake) -> FastAPI:
    """Make the app over what `fake` holds."""
    app = FastAPI()
    _guard(app, fake)
    _threads(app, fake)
    _talk(app, fake)
    add_jobs(app, fake.jobs)
    _facts(app, fake)
    with as_file(files("thymos.agent.serve") / "page") as page:
        app.get("/")(lambda: Response((page / "index.html").read_bytes(), media_type="text/html; charset=utf-8"))
        app.mount("/static", StaticFiles(directory=page))
    return app


def _guard(app: FastAPI, fake: Fake) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        body = {"error": {"message": error.detail, "type": "invalid_request_error", "code": None, "param": None}}
        return JSONResponse(body, error.status_code)

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        open_to_all = request.url.path == "/" or request.url.path.startswith("/static")
        if fake.key and not open_to_all and request.headers.get("authorization") != f"Bearer {fake.key}":
            return JSONResponse({"error": {"message": "A key is needed."}}, 401)
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _threads(app: FastAPI, fake: Fake) -> None:
    def known(thread: str) -> Thread:
        if thread not in fake.threads:
            raise HTTPException(404, f"thread must be one that exists, got {thread!r}; it may have been deleted")
        return fake.threads[thread]

    @app.get("/api/threads")
    async def listed() -> list[Thread]:
        return sorted(fake.threads.values(), key=lambda each: each.updated, reverse=True)

    @app.post("/api/threads", status_code=201)
    async def made(new: _New) -> Thread:
        now = datetime.now(UTC).isoformat()
        thread = Thread(id=uuid.uuid4().hex, title="", created=now, updated=now, taxonomy=new.taxonomy, turns=0)
        fake.threads[thread.id] = thread
        fake.turns[thread.id] = []
        return thread

    @app.get("/api/threads/{thread}")
    async def shown(thread: str) -> dict[str, Any]:
        return {"thread": known(thread), "turns": fake.turns[thread]}

    @app.patch("/api/threads/{thread}")
    async def renamed(thread: str, new: _Title) -> Thread:
        fake.threads[thread] = known(thread).model_copy(update={"title": new.title})
        return fake.threads[thread]

    @app.delete("/api/threads/{thread}", status_code=204)
    async def deleted(thread: str) -> None:
        known(thread)
        del fake.threads[thread], fake.turns[thread]

    @app.get("/api/threads/{thread}/export")
    async def exported(thread: str, request: Request) -> Response:
        form = request.query_params["as"]
        text = json.dumps(known(thread).model_dump()) if form == "json" else f"# {known(thread).title}\n"
        return Response(text, headers={"Content-Disposition": f"attachment; filename=thread.{form}"})

    @app.get("/api/feedback")
    async def training() -> Response:
        given = [turn.feedback for turns in fake.turns.values() for turn in turns if turn.feedback]
        return Response("".join(each.model_dump_json() + "\n" for each in given), media_type="application/jsonl")

    @app.put("/api/threads/{thread}/turns/{number}/feedback", status_code=204)
    async def rated(thread: str, number: int, feedback: Feedback) -> None:
        fake.turns[thread][number] = fake.turns[thread][number].model_copy(update={"feedback": feedback})


def _talk(app: FastAPI, fake: Fake) -> None:
    @app.post("/api/threads/{thread}/media", status_code=201)
    async def attached(thread: str, file: UploadFile) -> Attachment:
        content = await file.read()
        start = content[:4].decode("latin-1")
        guess = [(media, kind) for magic, media, kind in ENDINGS if start.startswith(magic)]
        name = file.filename or "file"
        if not guess and not name.endswith((".csv", ".txt")):
            raise HTTPException(400, f"file must be a recording, a picture or a table, got {name}; convert it first")
        media, kind = guess[0] if guess else ("text/csv", "corpus")
        digest = hashlib.sha256(content).hexdigest()[:32]
        value = Attachment(id=digest, name=name, kind=kind, media_type=media, size=len(content))
        fake.media[digest] = (value, content)
        return value

    @app.get("/api/threads/{thread}/media/{attachment}")
    async def media(attachment: str) -> Response:
        value, content = fake.media[attachment]
        return Response(content, media_type=value.media_type)

    @app.post("/api/threads/{thread}/messages")
    async def said(thread: str, asked: _Asked) -> StreamingResponse:
        if thread not in fake.threads:
            raise HTTPException(404, "thread must be one that exists; it may have been deleted")
        found = tuple(fake.media[each][0] for each in asked.attachments)
        message = Message(text=asked.text, attachments=found, taxonomy=asked.taxonomy)
        number = len(fake.turns[thread])
        now = datetime.now(UTC).isoformat()
        fake.turns[thread].append(Turn(number=number, at=now, message=message))
        old = fake.threads[thread]
        title = old.title or asked.text[:60] or "Attachment"
        fake.threads[thread] = old.model_copy(update={"title": title, "updated": now, "turns": number + 1})
        return StreamingResponse(_stream(fake, thread, number, message), media_type="text/event-stream")


async def _stream(fake: Fake, thread: str, number: int, message: Message) -> AsyncIterator[str]:
    def packed(event: Event) -> str:
        return f"data: {event.model_dump_json()}\n\n"

    if "fail" in message.text:
        yield packed(Failed(says="The model ran out of memory; try a shorter text."))
        return
    lowered = message.text.lower()
    tool: Tool = next((tool for word, tool in ASKS if word in lowered), "analyse")
    whole = fake.reply or answer(tool, message.text or "What was said.", next(iter(message.attachments), None))
    yield packed(Called(tool=whole.tool, says="Reading the text, with and without each phrase"))
    for share in (0.25, 0.75):
        await asyncio.sleep(fake.pause)
        yield packed(Progress(share=share, says=f"Scored {round(8 * share)} of 8 variants"))
    for finding in whole.findings:
        yield packed(Found(finding=finding))
    for words in re.findall(r"\S+\s*", whole.text):
        await asyncio.sleep(fake.pause)
        yield packed(Said(text=words))
    fake.turns[thread][number] = fake.turns[thread][number].model_copy(update={"answer": whole})
    yield packed(Done(thread=thread, turn=number, answer=whole))


def _facts(app: FastAPI, fake: Fake) -> None:
    @app.get("/api/taxonomies")
    async def taxonomies() -> list[dict[str, Any]]:
        found = [load_taxonomy(name) for name in builtin_taxonomies()]
        keys = ("name", "description", "valence", "arousal")
        return [
            {
                "name": each.name,
                "title": each.title,
                "kind": each.kind,
                "neutral": each.neutral,
                "labels": [{key: getattr(label, key) for key in keys} for label in each],
            }
            for each in found
        ]

    @app.get("/api/about")
    async def about() -> dict[str, Any]:
        limits = {"attachment_bytes": fake.most, "corpus_bytes": fake.most, "audio_seconds": 300.0, "attachments": 4}
        return {
            "version": "0.1.0",
            "model": "SmolLM2-135M-Instruct",
            "adapter": "goemotions",
            "taxonomy": "goemotions",
            "limits": limits,
            "notice": NOTICE,
            "keys": False,
        }

    @app.get("/api/passages/{passage}")
    async def passages(passage: str) -> Any:
        known = {each.id: each for each in (SURPRISE, APPRAISAL)}
        if passage not in known:
            raise HTTPException(404, f"passage must be one of the knowledge base, got {passage!r}")
        return known[passage]
