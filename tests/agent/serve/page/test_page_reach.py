"""The page for everybody: by keyboard, with a screen reader, on a phone, without motion, in both colours."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.agent.serve.page.canned import PRIZE
from tests.agent.serve.page.conftest import Opened, ask
from tests.agent.serve.page.fake_server import Fake
from tests.agent.serve.page.media import table

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_everything_of_a_conversation_is_done_by_keyboard(opened: Opened, fake: Fake) -> None:
    page = opened()
    tabbed(page, "Skip to the message box", back=True)
    skip = page.get_by_role("link", name="Skip to the message box").bounding_box()
    assert skip is not None and skip["y"] >= 0  # it shows while it has the focus
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("I can't believe")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("they gave it to me")
    page.keyboard.press("Enter")
    expect(page.locator(".asked .bubble")).to_have_text("I can't believe\nthey gave it to me")
    page.locator(".end-row").wait_for()
    tabbed(page, "Open source: Surprise", back=True)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#drawer h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    tabbed(page, "Bad answer")
    page.keyboard.press("Space")
    expect(page.get_by_label("Comment")).to_be_visible()
    tabbed(page, "What to do with this conversation", back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="What to do with this conversation")).to_be_focused()


def tabbed(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until the focus is on what has this name."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent") == name:
            return
    raise AssertionError(f"{name} is not in the tab order")


def test_a_screen_reader_hears_steps_and_the_whole_answer_not_every_word(opened: Opened) -> None:
    page = opened()
    page.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(document.getElementById('live').textContent))"
        ".observe(document.getElementById('live'), {childList: true, characterData: true, subtree: true})"
    )
    ask(page, PRIZE)
    expect(page.locator("#live")).to_contain_text("Thymos says: Likely surprise")
    heard = page.evaluate("heard")
    assert len(heard) <= 4
    assert "Reading the text, with and without each phrase" in heard


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (360, False), (360, True)])
def test_axe_finds_nothing_serious(opened: Opened, width: int, dark: bool) -> None:
    page = opened(width=width, dark=dark, notice=True)
    found = [*grave(page, "notice")]
    page.get_by_role("button", name="I understand").click()
    found += grave(page, "welcome")
    for says in (PRIZE, "how does the mood change?", "compare", "what does joy mean?", "write", "please fail"):
        ask(page, says, done="fail" not in says)
    for fold in page.locator("details").all():
        fold.evaluate("node => { node.open = true; }")
    found += grave(page, "findings")
    page.locator(".words .cite").first.scroll_into_view_if_needed()
    page.locator(".words .cite:not(.cite-cue)").first.click()
    found += grave(page, "source")
    page.keyboard.press("Escape")
    page.goto(opened.address + "#/batch")
    page.set_input_files("#corpus", table("a.csv", b"text\nhi\nho\n"))
    page.get_by_role("button", name="Start labelling").wait_for()
    found += grave(page, "batch")
    page.get_by_role("button", name="Start labelling").click()
    page.locator(".state-done").wait_for()
    found += grave(page, "jobs")
    assert found == []


def grave(page: Page, where: str) -> list[str]:
    """Serious and critical findings of axe. Evaluated and not injected: the policy forbids inline scripts."""
    page.evaluate("document.getAnimations().forEach(each => each.effect.getTiming().iterations === 1 && each.finish())")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert len(result["violations"]) < 30
    return [
        f"{where}: {each['id']} {[node['target'] for node in each['nodes']][:3]} {each['nodes'][0]['failureSummary']}"
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def test_nothing_is_wider_than_a_phone_of_360_pixels(opened: Opened) -> None:
    page = opened(width=360)
    wide = "id => { const node = document.getElementById(id); return node.scrollWidth - node.clientWidth; }"
    for says in (PRIZE, "how does the mood change?", "compare", "what does joy mean?", "write", "x" * 300):
        ask(page, says)
    for fold in page.locator("details").all():
        fold.evaluate("node => { node.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(wide, "scroll") == 0
    assert page.locator("#message").bounding_box() is not None
    page.goto(opened.address + "#/batch")
    header = ",".join(f"column{at}" for at in range(20))
    rows = f"text,{header}\n{'long ' * 40},{','.join('1' * 20)}\n".encode()
    page.set_input_files("#corpus", table("a.csv", rows))
    page.get_by_role("button", name="Start labelling").wait_for()
    assert page.evaluate(wide, "batch") == 0


def test_on_a_phone_the_list_and_the_sources_lie_over_the_page_and_esc_closes_them(opened: Opened) -> None:
    page = opened(width=360)
    ask(page, PRIZE)
    expect(page.get_by_role("complementary", name="Conversations")).to_be_hidden()
    page.get_by_role("button", name="Open the list of conversations").click()
    expect(page.get_by_role("link", name="I can't believe")).to_be_visible()
    expect(page.locator("#main")).to_have_js_property("inert", True)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open the list of conversations")).to_be_focused()
    page.get_by_role("button", name="2 sources").click()
    box = page.locator("#drawer").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(360, abs=0.5)
    expect(page.locator("#main")).to_have_js_property("inert", True)
    page.keyboard.press("Escape")
    expect(page.locator("#main")).to_have_js_property("inert", False)


def test_motion_stops_where_it_is_not_wanted(opened: Opened, fake: Fake) -> None:
    fake.pause = 0.3
    page = opened()
    page.emulate_media(reduced_motion="reduce")
    ask(page, PRIZE, done=False)
    page.locator(".answer.busy .status .pulse").wait_for()
    repeats = "getComputedStyle(document.querySelector('.pulse')).animationIterationCount"
    assert page.evaluate(repeats) == "1"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(repeats) == "infinite"
