"""The page with care: hostile text, what it remembers, the notice, the key, a server that is gone."""

import re

import pytest
from playwright.sync_api import expect

from tests.agent.serve.page.canned import analysis
from tests.agent.serve.page.conftest import Opened, ask
from tests.agent.serve.page.fake_server import Fake
from tests.agent.serve.page.media import table
from thymos.agent.chat.findings import Moment, Timeline
from thymos.agent.chat.values import Answer
from thymos.agent.reasoning.values import Evidence, Sentence, Step

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BAD = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TRICKS = (
    f"{BAD} [click](javascript:document.title='owned') ![pic](http://elsewhere.example/x.png) "
    '<http://elsewhere.example> **<b>bold</b>** `<i>code</i>` [kb:"><img/src=x>] [cue:1"] [kb:../../api/about]'
    "\n\n> <u>quote</u>\n\n# <h1>\n\n- <li>\n\n```\n</pre>"
)


def hostile() -> Answer:
    """An answer with hostile text in every place that text can have."""
    value = analysis(BAD, BAD)
    evidence = Evidence(
        id=BAD, title=BAD, text=BAD, kind=BAD, similarity=0.5, labels=(BAD,), sources=(BAD,), licence=BAD
    )
    step = Step(name="perceive", sentences=(Sentence(text=BAD, citations=(f"kb:{BAD}",)),))
    labels = {
        "labels": (BAD,),
        "after": {BAD: 0.9, "__proto__": 0.1},
        "evidence": (evidence,),
        "steps": (step,),
        "speaker": BAD,
    }
    value = value.model_copy(
        update={"reasoning": value.reasoning.model_copy(update=labels), "notes": (BAD,), "adapter": BAD}
    )
    moment = Moment(text=BAD, speaker=BAD, labels=(BAD,), probabilities={BAD: 0.9}, problem=BAD)
    line = Timeline(title=BAD, taxonomy=BAD, moments=(moment,), notes=(BAD,))
    return Answer(text=TRICKS, tool="analyse", findings=(value, line), sources=(evidence,), chosen_by=BAD)


def test_hostile_text_stays_text_everywhere(opened: Opened, fake: Fake) -> None:
    fake.reply = hostile()
    opened.expected.append("404")  # of the passage that no answer carries
    page = opened()
    ask(page, BAD)
    expect(page.locator(".asked .bubble")).to_have_text(BAD)
    for words in (
        "[click](javascript:",
        "![pic](http://elsewhere.example/x.png)",
        "<b>bold</b>",
        "<u>quote</u>",
        "</pre>",
    ):
        expect(page.locator(".words")).to_contain_text(words)
    page.get_by_role("button", name="1 source").click()
    page.locator("#drawer .passage").click()
    expect(page.locator(".source-text")).to_have_text(BAD)
    page.keyboard.press("Escape")
    page.locator(".words .cite").last.click()
    page.get_by_role("button", name="What to do with this conversation").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("onerror")
    assert (
        page.locator("main img, #drawer img, #threads img, dialog img, main script, main b:has-text('bold')").count()
        == 0
    )
    assert "owned" not in page.title().split(" · ")[-1]
    assert page.evaluate('document.querySelectorAll(\'[onerror], a[href^="javascript"], a[href^="http"]\').length') == 0


def test_a_long_line_of_unmatched_marks_is_rendered_in_no_time(opened: Opened) -> None:
    page = opened()
    took = page.evaluate(
        "async text => { const {markdown} = await import('/static/js/markdown.js'); const start = performance.now(); "
        "markdown(text); return performance.now() - start; }",
        "**a " * 60_000,
    )
    assert took < 5000  # ms; without bounds the time grows with the square, to many times that


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
    page.set_input_files("#pick", table("a.png", b"\x89PNG"))
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


def test_what_is_typed_at_once_into_a_new_conversation_stays(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, "hello")
    page.evaluate(
        """() => {
          document.getElementById("new").click();
          const message = document.getElementById("message");
          message.value = "second";
          message.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    page.wait_for_timeout(200)
    expect(page.get_by_label("Message", exact=True)).to_have_value("second")
    page.get_by_label("Message", exact=True).press("Enter")
    expect(page.get_by_role("link", name="second")).to_be_visible()
    page.go_back()  # to the empty one
    page.go_back()
    expect(page.locator(".asked .bubble")).to_have_text("hello")
