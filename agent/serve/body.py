"""How much a request may bring, and how slowly: counted while it streams, whatever its headers say.

Takes an ASGI application; is one. JSON is read whole here and looked at before it is parsed; uploads pass through piece
by piece. Knows of routes only which may be large.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thymos.agent.serve.errors import ApiError, ClientGoneError
from thymos.agent.serve.settings import Limits

_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.S)  # a text without an end ends there
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PARTS = (b"[", b"{", b",")
_MOST_PARTS = 1_000_000  # of a body: far more than the largest request has, and parsed in a moment
_LOOKED_AT_HERE = 100_000  # bytes; more are looked at in a thread, while others are served
_FORM_EXTRA = 100_000  # bytes of a multipart form beside its file
_DRAINED = 33_000_000  # bytes of a refused body that are still read
_DRAIN_SECONDS = 2.0
_RETRY = 2  # s
_CLOSE = {"Connection": "close"}  # what is left of the body is not read


class Body:
    """Limits on bodies."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._held = 0  # bytes of bodies that are read or answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        started = False
        held = [0]

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            most = self._most(scope["path"])
            if (told := headers.get("content-length", "")).isdecimal() and int(told[:18]) > most:
                await _drained(receive)
                raise _too_large(most, f"{int(told[:18]):,}")
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise ApiError(415, "body must not be compressed, got a content-encoding; send it plain")
            counted = self._counted(receive, most)
            if not headers.get("content-type", "").startswith("multipart/"):
                counted = await self._whole(counted, held)
            await self._app(scope, counted, noted)
        except ApiError as error:
            if started:
                raise
            await error.response()(scope, receive, send)
        finally:
            self._held -= held[0]

    def _most(self, path: str) -> int:
        limits = self._limits
        if path == "/v1/jobs":
            return limits.corpus_bytes + _FORM_EXTRA
        if path.startswith("/api/threads/") and path.endswith("/media"):
            return limits.attachment_bytes + _FORM_EXTRA
        return limits.message_bytes if path in ("/v1/chat/completions", "/v1/ask") else limits.json_bytes

    def _counted(self, receive: Receive, most: int) -> Receive:
        """Return a `receive` that counts bytes, and seconds until the body has ended."""
        limits, start, size, ended = self._limits, monotonic(), 0, False

        async def counted() -> Message:
            nonlocal size, ended
            if ended:
                return await receive()  # waits for the client to leave: as long as it likes
            left = start + limits.body_seconds + size / limits.slowest_rate - monotonic()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, left))
            except TimeoutError:
                raise ApiError(
                    408,
                    f"body must come at {limits.slowest_rate:,} bytes/s or more, got {size:,} bytes in "
                    f"{monotonic() - start:.0f} s; send it again",
                    headers=_CLOSE,
                ) from None
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > most:
                    await _drained(receive)
                    raise _too_large(most, "more")
                ended = not message.get("more_body", False)
            return message

        return counted

    async def _whole(self, receive: Receive, held: list[int]) -> Receive:
        """Read a body to its end, check it, and return a `receive` that gives it again.

        Args:
            receive: gives it.
            held: how many bytes of all bodies are this one's, as they come.
        """
        pieces = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            pieces.append(message.get("body", b""))
            held[0] += len(pieces[-1])
            self._held += len(pieces[-1])
            if self._held > self._limits.bodies_bytes:
                raise ApiError(
                    503,
                    f"requests that are answered at a time must have at most {self._limits.bodies_bytes:,} bytes "
                    "together, got more; try again later",
                    headers={"Retry-After": str(_RETRY), **_CLOSE},
                )
            if not message.get("more_body", False):
                break
        body = b"".join(pieces)
        check_parts(body)
        if len(body) <= _LOOKED_AT_HERE:
            _look(body, self._limits.depth)
        else:
            await asyncio.to_thread(_look, body, self._limits.depth)
        return _again(body, receive)


def _look(body: bytes, depth: int) -> None:
    check_depth(body, depth)
    check_letters(body)


def check_parts(body: bytes) -> None:
    """Refuse JSON of so many parts that to parse it would keep everybody else waiting.

    Raises:
        ApiError: it has.
    """
    if sum(map(body.count, _PARTS)) > _MOST_PARTS:
        raise ApiError(400, f"JSON must have at most {_MOST_PARTS:,} brackets and commas, got more; send fewer rows")


def check_depth(body: bytes, most: int) -> None:
    """Refuse JSON whose brackets are nested too deep; a body without many brackets costs one look.

    Raises:
        ApiError: it is too deep.
    """
    if body.count(b"[") + body.count(b"{") <= most:
        return
    depth = 0
    for match in _BRACKET.finditer(body):
        mark = match[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth > most:
                raise ApiError(400, f"JSON must be nested at most {most} deep, got more; flatten it", code="too_deep")
        elif mark in (b"]", b"}"):
            depth -= 1


def check_letters(body: bytes) -> None:
    """Refuse JSON with half a surrogate pair, which Python takes and nothing can write.

    Raises:
        ApiError: there is one.
    """
    if _SURROGATE.search(body) is None:
        return
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ApiError(400, "text must be Unicode, got half a surrogate pair; send both halves") from None
    except ValueError:
        return  # no JSON at all, of which its route tells


def _again(body: bytes, receive: Callable[[], object]) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()  # type: ignore[no-any-return,misc]

    return again


async def _drained(receive: Receive) -> None:
    """Read on for a moment: a connection that is closed on a client while it sends loses it the answer."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while size < _DRAINED:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


def _too_large(most: int, got: str) -> ApiError:
    message = f"body must have at most {most:,} bytes, got {got}; send less or raise the limit"
    return ApiError(413, message, headers=_CLOSE)
