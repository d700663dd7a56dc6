"""What the tests of the page share: a browser, the fake server on a free port, a page that must not complain."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.agent.serve.page.fake_server import Fake, create

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 15_000  # ms: far more than a step takes, for machines that do other work too
DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one for each module: Playwright's event loop would be in the way of other modules' own."""
    found = os.environ.get("THYMOS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is on the path and THYMOS_CHROMIUM is not set")
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium's sandbox refuses to run as root
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=[*DEVICES, *root])
        yield chromium
        chromium.close()


@pytest.fixture
def fake() -> Fake:
    """What the fake server holds and has been sent."""
    return Fake()


@pytest.fixture
def address(fake: Fake) -> Iterator[str]:
    """The fake server's address, while it runs."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create(fake), log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


@dataclass
class Opened:
    """Opens pages, and keeps what they complain of: errors, breaches of the policy, requests to elsewhere.

    Attributes:
        expected: parts of complaints that a test provokes.
    """

    browser: Browser
    address: str
    expected: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self, path: str = "", *, notice: bool = False, ready: bool = True, width: int = 1280, dark: bool = False
    ) -> Page:
        """Open the page; `notice` leaves the notice of a first visit open, `ready` waits for the page to stand."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            locale="en-GB",
        )
        self.contexts.append(context)
        if not notice:
            context.add_init_script("localStorage.setItem('thymos-notice', '1')")
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        page.goto(self.address + path)
        if ready:
            page.wait_for_selector("html[data-ready]")
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, f"blob:{self.address}", "data:")):
            self.complaints.append(f"request to {request.url}")

    def unexpected(self) -> list[str]:
        """Complaints that the test did not provoke."""
        return [each for each in self.complaints if not any(part in each for part in self.expected)]


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    """Opens pages; at the end of every test none may have complained."""
    pages = Opened(browser, address)
    yield pages
    for context in pages.contexts:
        context.close()
    assert pages.unexpected() == []


def ask(page: Page, text: str, *, done: bool = True) -> None:
    """Send a message and wait for the whole answer."""
    before = page.locator(".answer").count()
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")
    if done:
        page.locator(".answer").nth(before).locator(".end-row").wait_for()
