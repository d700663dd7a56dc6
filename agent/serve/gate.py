"""Who gets in: a known host name, a page of our own, a key where there are keys, headers of a sane size.

Takes an ASGI application; is one, and answers itself what may not pass. So a page elsewhere can't use a server on this
machine through its visitor's browser: not by a name that it points here (DNS rebinding), and not by a form or script
of its own (cross-origin requests).
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.keys import KeyFile
from thymos.agent.serve.settings import LOOPBACK, Settings

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = ("/", "/healthz", "/docs", "/docs.css", "/openapi.json", "/favicon.ico")  # nothing of anybody is in them
_OPEN_BELOW = "/static/"


class Gate:
    """Refuses what has no business here, before its body is read."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: KeyFile) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        self._closed = not settings.is_loopback or bool(keys.list())  # and stays so when the last key is removed
        known = {name.lower().rstrip(".") for name in (*settings.names, settings.host)}
        self._names = known | set(LOOPBACK) if settings.is_loopback or settings.names else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say why not."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except ApiError as error:
                await error.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        self._check_size(scope)
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._names and host_name(host) not in self._names:
            raise ApiError(421, f"host must be a name of this server, got {host[:80]!r}; add it with --name")
        if scope["method"] not in _READING:
            self._check_origin(headers, host)
        self._closed = self._closed or bool(self._keys.list())
        if self._closed and not (scope["path"] in _OPEN or scope["path"].startswith(_OPEN_BELOW)):
            scope.setdefault("state", {})["owner"] = self._owner(headers)

    def _check_size(self, scope: Scope) -> None:
        limits = self._settings.limits
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if len(scope["headers"]) > limits.headers or size > limits.header_bytes:
            raise ApiError(
                431,
                f"headers must be at most {limits.headers} with {limits.header_bytes:,} bytes, got "
                f"{len(scope['headers'])} with {size:,}; leave some out",
            )

    def _check_origin(self, headers: Headers, host: str) -> None:
        origin = headers.get("origin")
        if origin is None and headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return  # no browser, or a page of our own
        scheme, _, rest = (origin or "").partition("://")
        if scheme not in ("http", "https") or rest.lower() != host.lower():
            shown = repr(origin[:80]) if origin else "one from another site"
            raise ApiError(403, f"request must come from a page of this server, got {shown}; open its own page")

    def _owner(self, headers: Headers) -> str:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        owner = self._keys.owner(key.strip()) if scheme.lower() == "bearer" and key else None
        if owner is None:
            got = "another" if key else "none"
            raise ApiError(
                401,
                f"key must be one of this server's, got {got}; send `Authorization: Bearer KEY`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return owner


def host_name(host: str) -> str:
    """Return the name in a `Host` header, without port and brackets, in lower case."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")
