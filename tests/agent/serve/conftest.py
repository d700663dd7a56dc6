"""A server around a fake agent: in this process for most tests, on a real port for clients that need one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from uvicorn import Server

from tests.agent.serve.fakes import FakeAgent, FakeWriter, reasons_of
from thymos.agent.serve.app import create_app
from thymos.agent.serve.listen import listening, server
from thymos.agent.serve.settings import Limits, Settings

Serve = Callable[..., "tuple[TestClient, FakeAgent]"]
Listen = Callable[..., "tuple[str, FakeAgent]"]


def page(folder: Path) -> Path:
    """A page of two files."""
    (folder / "js").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text("<!doctype html><title>Thymos</title>")
    (folder / "js" / "app.js").write_text("export const one = 1;")
    return folder


def settings(home: Path, **limits: Any) -> Settings:
    """Settings with limits that tests can reach quickly."""
    return Settings(home=home, port=0, limits=replace(Limits(), **limits))


@pytest.fixture
def agent(tmp_path: Path) -> FakeAgent:
    (tmp_path / "media").mkdir()
    return FakeAgent(tmp_path / "media")


@pytest.fixture
def writer() -> FakeWriter:
    return FakeWriter()


@pytest.fixture
def make(tmp_path: Path, agent: FakeAgent, writer: FakeWriter) -> Iterator[Callable[..., TestClient]]:
    """Make a client of a server with other limits or settings; it is closed after the test."""
    opened = []

    def make(changes: dict[str, Any] | None = None, **limits: Any) -> TestClient:
        told = replace(settings(tmp_path / "home", **limits), **(changes or {}))
        app = create_app(agent, told, writer=writer, reasons=reasons_of, page=page(tmp_path / "page"))
        client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        opened.append(client)
        client.__enter__()
        return client

    yield make
    agent.gate.set()
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make: Callable[..., TestClient]) -> TestClient:
    return make()


@contextmanager
def listens(app: Any, told: Settings, running: list[Server]) -> Iterator[str]:
    """Serve an app on a free port of this machine, in a thread; give its address."""
    listener = listening(told)
    made = server(app, told)
    running.append(made)
    thread = threading.Thread(target=made.run, args=([listener],), daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not made.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        made.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def running() -> list[Server]:
    """The servers that `live` started."""
    return []


@pytest.fixture
def live(tmp_path: Path, agent: FakeAgent, writer: FakeWriter, running: list[Server]) -> Iterator[Callable[..., str]]:
    """Serve on a real port with other limits or settings; give the address."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def live(changes: dict[str, Any] | None = None, *, shipped: bool = False, **limits: Any) -> str:
            told = replace(settings(tmp_path / "home", **limits), **(changes or {}))
            folder = None if shipped else page(tmp_path / "page")
            app = create_app(agent, told, writer=writer, reasons=reasons_of, page=folder)
            return stack.enter_context(listens(app, told, running))

        yield live
        agent.gate.set()
