"""The outermost layer: what every response carries, what is counted, and one line of log that holds no text.

Takes an ASGI application; is one. An exception that nobody translated becomes a 500 here. Knows no route.
"""

import asyncio
import logging
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thymos.agent.serve.errors import GONE, api_error
from thymos.agent.serve.metrics import Metrics

log = logging.getLogger("thymos.access")

POLICY = (  # of everything that names none of its own: nothing in it is run or shown
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
)
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_UNLESS_SET = ((b"content-security-policy", POLICY.encode()), (b"cache-control", b"no-store"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Front:
    """Headers, counts and log lines around an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, send_seconds: float) -> None:
        self._app = app
        self._metrics = metrics
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        status = 0

        async def careful(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _headers(message.get("headers", ()))}
            async with asyncio.timeout(self._send_seconds):  # or a client that reads nothing would hold it for ever
                await send(message)

        try:
            await self._app(scope, receive, careful)
        except TimeoutError:
            log.warning("%s: the client took nothing for %g s", _route(scope), self._send_seconds)
            raise
        except Exception as error:
            logging.getLogger("thymos").exception("%s failed", _route(scope))
            if status:
                raise
            await api_error(error).response()(scope, receive, careful)
        finally:
            self._count(scope, status or GONE, perf_counter() - start)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status == 429:
            self._metrics.refused.inc()
        log.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)


def _headers(given: Any) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in given}
    missing = [(name, value) for name, value in _UNLESS_SET if name not in names]
    return [*given, *_ALWAYS, *missing]


def _route(scope: Scope) -> str:
    """Return the template of a request's path: never the path itself, in which ids and words may stand."""
    return str(getattr(scope.get("route"), "path", "none"))
