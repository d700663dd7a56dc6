"""Listening: uvicorn with what it does not do by itself, and a refusal to be reached from elsewhere without keys.

Takes an application and settings; serves until asked to stop. A connection has some seconds for its headers, as its
body has in `Body`.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from thymos.agent.serve.keys import KeyFile
from thymos.agent.serve.redact import Redaction
from thymos.agent.serve.settings import Settings
from thymos.prompts.errors import InputError

_BACKLOG = 1024
_KEEP_ALIVE = 15  # s that an idle connection stays open
_LOGGERS = ("thymos", "thymos.access", "thymos.jobs", "uvicorn", "uvicorn.error")


def check_reach(settings: Settings) -> None:
    """Refuse to be reached from other machines where nobody needs a key.

    Raises:
        InputError: that is asked for, or a name or number can't be.
    """
    if not 0 <= settings.port <= 65535:
        raise InputError(f"port must be 0 to 65535, got {settings.port}; 0 takes a free one")
    if not settings.is_loopback and not KeyFile(settings.key_file).list():
        raise InputError(
            f"host must be this machine's own (127.0.0.1) while there are no keys, got {settings.host}; make one "
            "with `thymos serve keys add NAME`"
        )


def run(
    app: ASGIApp, settings: Settings, *, on_ready: Callable[[Settings, int], None] = lambda settings, port: None
) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no more, let running answers end, and leave jobs where they can go on.

    Args:
        app: from `create_app`.
        settings: how the server is run.
        on_ready: is told the port once clients can connect.

    Raises:
        InputError: the address can't be listened at.
    """
    listener = listening(settings)
    port = int(listener.getsockname()[1])
    try:
        on_ready(settings, port)  # connections that come before the application is up wait in the backlog
        server(app, settings).run([listener])
    finally:
        listener.close()


def listening(settings: Settings) -> socket.socket:
    """Return a socket that listens.

    Raises:
        InputError: the address can't be listened at.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host.strip("[]"), settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise InputError(
            f"address must be one that is free here, got {settings.host}:{settings.port}: {error.strerror or error}; "
            "choose another with --port"
        ) from error


def server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """Return the server, ready to run."""
    limits = settings.limits
    config = uvicorn.Config(
        app,
        http=protocol(limits.header_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(limits.stop_seconds)),
        h11_max_incomplete_event_size=limits.header_bytes,
    )
    return uvicorn.Server(config)


def set_up_logging(*, redact: bool, level: str = "INFO") -> None:
    """Write log lines to standard error; with `redact`, without personal data."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    if redact:
        handler.addFilter(Redaction())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler] if "." not in name else []
        logger.propagate = "." in name
        logger.setLevel(level)


def protocol(header_seconds: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with a time limit on headers: it waits for them for ever."""

    class Patient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._stop_waiting()  # the headers are there
            elif self.conn.trailing_data[0]:
                self._wait()  # a further request has begun

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
                self._wait()  # likewise, and it came while the last one was answered

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(header_seconds, self._give_up)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _give_up(self) -> None:
            self._timer = None
            if not self.transport.is_closing():
                self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                self.transport.close()

    return Patient
