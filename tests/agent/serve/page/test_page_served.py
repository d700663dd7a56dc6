"""The page from the server that serves it: its policy lets the page work, and both mean the same by every path."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.agent.serve.page.conftest import Opened, ask
from tests.agent.serve.page.media import tone
from thymos.agent.serve.keys import KeyFile

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def address(live: Callable[..., str]) -> str:
    """The real server, with an agent that repeats what it is told."""
    return f"{live(shipped=True)}/"


def test_a_message_with_a_recording_is_answered_and_found_again(opened: Opened) -> None:
    page = opened()
    page.locator("input[type=file]").first.set_input_files(tone())
    expect(page.get_by_text("clip.wav").first).to_be_visible()
    ask(page, "one two three")
    expect(page.locator(".answer .words").last).to_contain_text("one two three")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".answer .words").last).to_contain_text("one two three")


def test_a_corpus_is_labelled_and_downloaded(opened: Opened) -> None:
    page = opened("#/batch")
    corpus = b"text\nI love it\nrefuse\nfine\n"
    page.locator("input[type=file]").last.set_input_files(
        {"name": "reviews.csv", "mimeType": "text/csv", "buffer": corpus}
    )
    page.get_by_role("button", name="Start labelling").click()
    job = page.get_by_role("region", name="Jobs").get_by_role("listitem").first
    expect(job).to_contain_text("3 of 3 rows · 1 set aside")
    for form in ("csv", "jsonl", "parquet"):
        with page.expect_download() as download:
            job.get_by_role("button", name=form, exact=True).click()
        assert download.value.suggested_filename == f"reviews-labelled.{form}"
    with page.expect_download() as download:
        job.get_by_role("button", name="rows set aside").click()
    assert b"refuse" in download.value.path().read_bytes()


def test_a_key_is_asked_for_where_there_are_keys(opened: Opened, tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "home" / "keys.json").add("laptop")
    opened.expected.append("401")
    page = opened(ready=False)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(key)
    dialog.get_by_role("textbox").press("Enter")
    page.wait_for_selector("html[data-ready]")
    ask(page, "one two")
    expect(page.locator(".answer .words").last).to_contain_text("one two")
