"""The page in a real browser: a message, its answer as it comes, findings drawn, sources, threads, feedback."""

import pytest
from playwright.sync_api import Route, expect

from tests.agent.serve.page.canned import PRIZE
from tests.agent.serve.page.conftest import Opened, ask
from tests.agent.serve.page.fake_server import Fake
from thymos.agent.chat.values import Answer, Feedback, Message, Turn

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_an_answer_shows_while_it_comes_and_is_whole_in_the_end(opened: Opened, fake: Fake) -> None:
    fake.pause = 0.08
    page = opened()
    ask(page, PRIZE, done=False)
    busy = page.locator(".answer.busy .words")
    expect(busy).to_contain_text("Likely")
    assert "appraisal" not in busy.inner_text()
    expect(page.locator(".answer.busy progress")).to_be_visible()
    expect(page.locator(".answer:not(.busy) .words")).to_contain_text("It would have to differ from what was expected")
    expect(page.locator(".asked .bubble")).to_have_text(PRIZE)
    expect(page.locator(".status")).to_have_text("Analysis")
    assert page.locator(".words li").count() == 2
    assert page.locator(".words em").all_inner_texts() == ["known"]


def test_an_analysis_is_drawn_with_bars_plane_and_steps(opened: Opened) -> None:
    page = opened()
    ask(page, PRIZE)
    bars = page.get_by_role("list", name="Probability of each label").get_by_role("listitem")
    expect(bars).to_have_count(6)
    assert bars.first.inner_text().split() == ["surprise", "(decided)", "46", "%"]
    widths = [float(bar.get_attribute("width") or 0) for bar in page.locator(".bar-fill").all()[:2]]
    assert widths == [46.2, 21.4]  # of 100 units
    page.get_by_role("button", name="Show all 28").click()
    expect(bars).to_have_count(28)
    plane = page.get_by_role("img", name="Valence-arousal plane")
    assert "text: pleasant and excited (valence +0.28, arousal +0.57)" in (plane.get_attribute("aria-label") or "")
    # 240 units with a margin of 24 at each side: the middle plus 96 times the coordinate
    ring = plane.locator(".ring-out")
    assert float(ring.get_attribute("cx") or 0) == pytest.approx(120 + 96 * 0.28, abs=0.6)
    assert float(ring.get_attribute("cy") or 0) == pytest.approx(120 - 96 * 0.57, abs=0.6)
    page.get_by_text("Why: the reasoning in 5 steps").click()
    expect(page.locator(".step-title")).to_have_count(5)
    expect(page.locator(".bare")).to_have_text("rests on nothing shown")


def test_cues_are_marked_in_the_text_and_differ_without_colour(opened: Opened) -> None:
    page = opened()
    ask(page, f"🎉 {PRIZE}")  # two UTF-16 units, one character: offsets count characters
    quote = page.locator(".cues blockquote")
    assert [mark.evaluate("node => node.firstChild.data") for mark in quote.locator("mark").all()] == [
        "🎉",
        "still shaking.",
    ]
    styles = [
        quote.locator(kind).evaluate("node => getComputedStyle(node).textDecorationStyle")
        for kind in ("mark.for", "mark.against")
    ]
    assert styles == ["solid", "wavy"]
    page.locator(".words .cite-cue").first.click()
    expect(quote.locator("mark.for.flash")).to_have_count(1)
    expect(quote.locator("mark.against.flash")).to_have_count(0)


def test_a_citation_opens_its_source_and_esc_gives_the_focus_back(opened: Opened) -> None:
    page = opened()
    ask(page, PRIZE)
    cited = page.locator(".words").get_by_role("button", name="Open source: Surprise")
    cited.click()
    drawer = page.get_by_role("complementary", name="Sources")
    expect(drawer.get_by_role("heading", name="Surprise")).to_be_focused()
    for words in ("It interrupts, draws attention", "Reisenzein 2000", "Apache-2.0", "73 %"):
        expect(drawer).to_contain_text(words)
    drawer.get_by_role("button", name="All 2 sources").click()
    drawer.get_by_role("button", name="What an event must mean").click()
    expect(drawer).to_contain_text("Scherer 2001")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(cited).to_be_focused()


def test_a_source_that_the_answer_does_not_carry_is_asked_for(opened: Opened, fake: Fake) -> None:
    fake.reply = Answer(text="See [kb:appraisal-surprise] and [kb:nothing-such].", tool="search")
    opened.expected.append("404")
    page = opened()
    ask(page, "what is known?")
    page.get_by_role("button", name="Open source: appraisal-surprise").click()
    expect(page.locator("#drawer")).to_contain_text("Scherer 2001")
    page.get_by_role("button", name="Open source: nothing-such").click()
    expect(page.locator("#drawer")).to_contain_text("must be one of the knowledge base, got 'nothing-such'")


def test_a_thread_is_found_after_a_reload_and_in_the_list(opened: Opened) -> None:
    page = opened()
    ask(page, PRIZE)
    page.reload()
    expect(page.locator(".asked .bubble")).to_have_text(PRIZE)
    expect(page.locator(".answer .card")).to_have_count(1)
    page.get_by_role("button", name="New conversation", exact=True).click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "hello")
    page.get_by_role("link", name="I can't believe").click()
    expect(page.locator(".asked .bubble")).to_have_text(PRIZE)
    assert page.title().startswith("I can't believe")


def test_a_thread_is_renamed_exported_and_deleted_after_a_question(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, PRIZE)
    menu = page.get_by_role("button", name="What to do with this conversation")
    menu.click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Title").fill("The prize")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The prize")
    expect(page.get_by_role("link", name="The prize")).to_be_visible()
    for form, ending in (("Markdown", "md"), ("JSON", "json")):
        menu.click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"Export as {form}").click()
        assert download.value.suggested_filename == f"The prize.{ending}"
    menu.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Cancel").click()
    assert len(fake.threads) == 1
    menu.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".welcome")).to_be_visible()
    assert fake.threads == {}


def test_thumbs_are_kept_with_label_and_comment_and_shown_again(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, PRIZE)
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("Right label").select_option("joy")
    page.get_by_label("Comment").fill("She is glad.")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("exported as training data")).to_be_visible()
    ((turn,),) = fake.turns.values()
    assert turn.feedback == Feedback(rating=-1, label="joy", comment="She is glad.")
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="What to do with this conversation").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="All feedback as training data").click()
    assert Feedback.model_validate_json(download.value.path().read_bytes()) == turn.feedback


def test_the_moments_of_a_timeline_are_shown_by_pointing_and_by_arrow_keys(opened: Opened) -> None:
    page = opened()
    ask(page, "how does the mood change?")
    columns = page.locator(".column")
    expect(columns).to_have_count(9)
    assert columns.nth(4).get_attribute("aria-label") == "Turn 5, Ana: anger 83 %"
    detail = page.locator(".moment-detail")
    columns.nth(4).hover()
    expect(detail).to_contain_text("Don't you dare")
    columns.nth(4).focus()
    page.keyboard.press("ArrowRight")
    expect(detail).to_contain_text("I should have called")
    page.keyboard.press("End")
    expect(detail).to_contain_text("The turn has no words.")
    assert len((page.locator(".valence-line").get_attribute("d") or "").split("L")) == 8  # the broken turn has no place
    page.get_by_text("As a table").click()
    expect(page.get_by_role("row")).to_have_count(10)


def test_a_comparison_draws_the_change_to_both_sides_of_a_middle_line(opened: Opened) -> None:
    page = opened()
    ask(page, "compare these")
    rows = page.get_by_role("list", name="Change of each label from A to B, in points").get_by_role("listitem")
    assert [row.inner_text().split() for row in rows.all()[:2]] == [["annoyance", "−61"], ["surprise", "+46"]]
    places = [
        row.locator(".bar-fill").evaluate("bar => [bar.x.baseVal.value, bar.width.baseVal.value]")
        for row in rows.all()[:2]
    ]
    assert places[0][0] + places[0][1] == pytest.approx(50)  # falls: left of the middle
    assert places[1][0] == 50
    assert page.locator(".card-comparison > .pair .ring").count() == 2
    page.get_by_text("B in full").click()
    expect(page.locator(".inner:visible mark").first).to_be_visible()


@pytest.mark.parametrize(
    ("says", "card", "words"),
    [
        ("what does surprise mean?", "label", ["caught off guard", "Plutchik", "no counterpart"]),
        ("what says science?", "passages", ["draws attention", "definition"]),
        ("my wrist", "measured", ["wrist.csv", "quick heart 96 /min", "No adapter names an emotion from it."]),
        ("write two sentences", "written", ["They found her. She is fine.", "66 %", "2 of 9 kept"]),
    ],
)
def test_every_other_finding_has_its_card(opened: Opened, says: str, card: str, words: list[str]) -> None:
    page = opened()
    ask(page, says)
    for word in words:
        expect(page.locator(f".card-{card}")).to_contain_text(word)


def test_a_failure_is_said_and_can_be_tried_again(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, "please fail", done=False)
    expect(page.get_by_role("alert").filter(has_text="ran out of memory")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert").filter(has_text="ran out of memory")).to_be_visible()
    expect(page.locator(".asked")).to_have_count(1)
    ((first, second),) = fake.turns.values()
    assert first.message == second.message


def test_an_answer_can_be_stopped(opened: Opened, fake: Fake) -> None:
    fake.pause = 0.5
    page = opened()
    ask(page, PRIZE, done=False)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".failed")).to_contain_text("Stopped.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_turn_that_the_server_did_not_live_to_answer_says_so(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, "hello")
    ((thread, turns),) = fake.turns.items()
    turns.append(Turn(number=1, at=turns[0].at, message=Message(text="And then?")))
    page.reload()
    expect(page.locator(".failed")).to_contain_text("There is no answer to this")
    assert thread in page.url


def test_an_answer_goes_on_while_another_conversation_is_looked_at(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, "hello")
    page.get_by_role("button", name="New conversation", exact=True).click()
    fake.pause = 0.06
    ask(page, PRIZE, done=False)
    page.get_by_role("link", name="hello").click()
    expect(page.locator(".asked .bubble")).to_have_text("hello")
    page.get_by_role("link", name="I can't believe").click()
    expect(page.locator(".answer:not(.busy) .words")).to_contain_text("It would have to differ")
    expect(page.locator(".asked")).to_have_count(1)


def test_a_label_set_that_is_chosen_is_asked_for(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.get_by_label("Label set").select_option("ekman")
    ask(page, PRIZE)
    page.get_by_label("Label set").select_option("plutchik")
    ask(page, PRIZE)
    (thread,) = fake.threads.values()
    assert thread.taxonomy == "ekman"
    assert [turn.message.taxonomy for turn in fake.turns[thread.id]] == [None, "plutchik"]


def test_a_conversation_that_is_not_there_leaves_a_box_that_sends(opened: Opened, fake: Fake) -> None:
    opened.expected.append("404")
    page = opened()
    fake.pause = 0.5
    ask(page, PRIZE, done=False)
    page.evaluate("location.hash = '#/t/' + '0'.repeat(32)")
    expect(page.get_by_text("Begin a new conversation")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_message_stays_in_its_conversation_though_another_is_opened_meanwhile(opened: Opened, fake: Fake) -> None:
    page = opened()
    ask(page, "hello")
    page.get_by_role("button", name="New conversation", exact=True).click()

    def slowly(route: Route) -> None:
        if route.request.method == "POST":
            page.wait_for_timeout(600)
        route.continue_()

    page.route("**/api/threads", slowly)
    ask(page, PRIZE, done=False)
    page.get_by_role("link", name="hello").click()
    expect(page.locator(".asked .bubble")).to_have_text("hello")
    page.wait_for_timeout(1500)
    expect(page.locator(".asked")).to_have_count(1)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert sorted(turns[0].message.text for turns in fake.turns.values()) == sorted(["hello", PRIZE])
