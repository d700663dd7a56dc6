"""The page with care: hostile text, keyboard, screen readers, phones, motion, the key, the notice, the policy."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.agent.serve.canned import PRIZE, analysis
from tests.agent.serve.conftest import Opened, ask
from tests.agent.serve.fake_server import Fake
from thymos.agent.chat.findings import Moment, Timeline
from thymos.agent.chat.values import Answer
from thymos.agent.reasoning.values import Evidence, Sentence, Step

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BAD = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TRICKS = (
    f"{BAD} [click](javascript:document.title='owned') ![pic](http://elsewhere.example/x.png) <http://elsewhere.example> "
    "**<b>bold</b>** `<i>code</i>` [kb:\"><img/src=x>] [cue:1\"] [kb:../../api/about]\n\n> <u>quote</u>\n\n# <h1>\n\n- <li>\n\n```\n</pre>"
)


def hostile() -> Answer:
    """An answer with hostile text in every place that text can have."""
    value = analysis(BAD, BAD)
    evidence = Evidence(id=BAD, title=BAD, text=BAD, kind=BAD, similarity=0.5, labels=(BAD,), sources=(BAD,), licence=BAD)
    step = Step(name="perceive", sentences=(Sentence(text=BAD, citations=(f"kb:{BAD}",)),))
    labels = {"labels": (BAD,), "after": {BAD: 0.9, "__proto__": 0.1}, "evidence": (evidence,), "steps": (step,), "speaker": BAD}
    value = value.model_copy(update={"reasoning": value.reasoning.model_copy(update=labels), "notes": (BAD,), "adapter": BAD})
    moment = Moment(text=BAD, speaker=BAD, labels=(BAD,), probabilities={BAD: 0.9}, problem=BAD)
    line = Timeline(title=BAD, taxonomy=BAD, moments=(moment,), notes=(BAD,))
    return Answer(text=TRICKS, tool="analyse", findings=(value, line), sources=(evidence,), chosen_by=BAD)


def test_hostile_text_stays_text_everywhere(opened: Opened, fake: Fake) -> None:
    fake.reply = hostile()
    opened.expected.append("404")  # of the passage that no answer carries
    page = opened()
    ask(page, BAD)
    expect(page.locator(".asked .bubble")).to_have_text(BAD)
    for words in ("[click](javascript:", "![pic](http://elsewhere.example/x.png)", "<b>bold</b>", "<u>quote</u>", "</pre>"):
        expect(page.locator(".words")).to_contain_text(words)
    page.get_by_role("button", name="1 source").click()
    page.locator("#drawer .passage").click()
    expect(page.locator(".source-text")).to_have_text(BAD)
    page.keyboard.press("Escape")
    page.locator(".words .cite").last.click()
    page.get_by_role("button", name="What to do with this conversation").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("onerror")
    assert page.locator("main img, #drawer img, #threads img, dialog img, main script, main b:has-text('bold')").count() == 0
    assert "owned" not in page.title().split(" · ")[-1]
    assert page.evaluate("document.querySelectorAll('[onerror], a[href^=\"javascript\"], a[href^=\"http\"]').length") == 0


def test_long_lines_of_unmatched_marks_are_rendered_in_no_time(opened: Opened, fake: Fake) -> None:
    fake.reply = Answer(text="**a " * 20_000 + "\n\n" + "*a _b `c " * 8000, tool="none")
    fake.pause = 0
    page = opened()
    took = page.evaluate(
        "async text => { const {markdown} = await import('/static/js/markdown.js'); const start = performance.now(); "
        "markdown(text); return performance.now() - start; }",
        fake.reply.text,
    )
    assert took < 3000  # ms; without bounds it is minutes


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
    page.set_input_files("#corpus", [{"name": "a.csv", "mimeType": "text/csv", "buffer": b"text\nhi\nho\n"}])
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
        f"{where}: {each['id']} {json.dumps([node['target'] for node in each['nodes']][:3])} {each['nodes'][0]['failureSummary']}"
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
    page.set_input_files("#corpus", [{"name": "a.csv", "mimeType": "text/csv", "buffer": rows}])
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


def test_the_colours_that_were_chosen_are_there_after_a_reload(opened: Opened) -> None:
    page = opened()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("radio", name="Dark").check(force=True)
    dark = page.evaluate(paper)
    assert light != dark
    page.reload()
    assert page.evaluate(paper) == dark
    page.get_by_role("radio", name="As the system").check(force=True)
    assert page.evaluate(paper) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) == dark


def test_the_notice_is_shown_the_first_time_and_can_be_read_again(opened: Opened) -> None:
    page = opened(notice=True)
    notice = page.get_by_role("dialog", name="What Thymos is for")
    expect(notice).to_contain_text("Do not use it to watch people at work")
    page.get_by_role("button", name="I understand").click()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(notice).to_be_hidden()
    page.get_by_role("button", name="Intended use").click()
    expect(notice).to_be_visible()


def test_a_server_with_a_key_is_asked_once_a_tab(opened: Opened, fake: Fake) -> None:
    fake.key = "secret"
    opened.expected.append("401")
    page = opened(ready=False)
    page.get_by_role("textbox", name="Key").fill("wrong")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("textbox", name="Key")).to_have_value("")
    page.get_by_role("textbox", name="Key").fill("secret")
    page.get_by_role("textbox", name="Key").press("Enter")
    page.wait_for_selector("html[data-ready]")
    page.set_input_files("#pick", [{"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"}])
    ask(page, "hello")
    page.reload()
    expect(page.locator(".asked .bubble")).to_have_text("hello")
    expect(page.get_by_role("textbox", name="Key")).to_have_count(0)
    expect(page.locator(".asked img")).to_have_attribute("src", re.compile("^blob:"))  # an address cannot bring a key
    assert page.evaluate("[localStorage.length, sessionStorage.getItem('thymos-key')]") == [1, "secret"]


def test_a_server_that_is_gone_is_said_in_a_sentence(opened: Opened) -> None:
    opened.expected.append("ERR_FAILED")
    page = opened()
    page.route("**/api/**", lambda route: route.abort())
    ask(page, "hello", done=False)
    expect(page.locator(".composer-problem")).to_contain_text("The server does not answer")
    expect(page.locator("#message")).to_have_value("hello")
