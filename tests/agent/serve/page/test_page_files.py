"""What goes into the page from a person's machine: files by button, drop and paste, microphone, camera; and batch."""

import io
import wave

import pytest
from playwright.sync_api import Page, Route, expect

from tests.agent.serve.page.canned import PRIZE
from tests.agent.serve.page.conftest import Opened, ask
from tests.agent.serve.page.fake_server import Fake
from tests.agent.serve.page.media import picture, table, tone

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CORPUS = b"id,text,stars\n1,What a lovely day,5\n2,I hate waiting,1\n3,It was fine,3\n4,They never called,1\n"
CARRY = (
    "([name, type]) => { const data = new DataTransfer(); "
    "data.items.add(new File(['x,y'], name, {type})); return data; }"
)


def test_a_clip_and_a_picture_go_with_a_message_and_are_shown_again(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.set_input_files("#pick", [tone(), picture()])
    chips = page.get_by_role("list", name="Attached files").get_by_role("listitem")
    expect(chips.nth(0)).to_contain_text("voice · 32 kB")
    expect(chips.nth(1)).to_contain_text("picture")
    expect(chips.nth(0).locator("audio")).to_be_visible()
    ask(page, "How does she feel?")
    ((turn,),) = fake.turns.values()
    sent = [(each.name, each.kind) for each in turn.message.attachments]
    assert sent == [
        ("clip.wav", "speech"),
        ("face.png", "face"),
    ]
    page.reload()
    shown = page.locator(".asked img")
    expect(shown).to_have_attribute("alt", "Attached picture face.png")
    expect(shown).to_have_js_property("naturalWidth", 48)
    expect(page.locator(".asked audio")).to_have_js_property("duration", 1)


def test_what_was_measured_in_a_voice_is_told(opened: Opened) -> None:
    page = opened()
    page.set_input_files("#pick", [tone()])
    ask(page, PRIZE)
    told = page.locator(".recording")
    for words in ("high pitch 287 Hz", "heard: “I got it”", "The clip is short"):
        expect(told).to_contain_text(words)
    expect(page.locator(".notes")).to_contain_text("The adapter voice was trained on acted speech, for research only.")


def test_files_can_be_dropped_and_pasted(opened: Opened) -> None:
    page = opened()
    data = page.evaluate_handle(CARRY, ["dropped.csv", "text/csv"])
    page.dispatch_event("#log", "dragenter", {"dataTransfer": data})
    expect(page.get_by_text("Drop to attach")).to_be_visible()
    page.dispatch_event("#log", "drop", {"dataTransfer": data})
    expect(page.get_by_text("Drop to attach")).to_be_hidden()
    expect(page.locator(".file-chip")).to_contain_text("dropped.csv")
    data = page.evaluate_handle(CARRY, ["pasted.csv", "text/csv"])
    page.evaluate(
        "data => document.getElementById('message').dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
        data,
    )
    expect(page.locator(".file-chip").nth(1)).to_contain_text("pasted.csv")
    page.get_by_role("button", name="Remove dropped.csv").click()
    expect(page.locator(".file-chip")).to_have_count(1)


def test_a_refused_file_says_why_and_does_not_go_along(opened: Opened, fake: Fake) -> None:
    opened.expected.append("400")
    page = opened()
    page.set_input_files("#pick", table("tool.exe", b"MZ"))
    expect(page.locator(".file-chip")).to_contain_text("file must be a recording, a picture or a table, got tool.exe")
    ask(page, "hello")
    ((turn,),) = fake.turns.values()
    assert turn.message.attachments == ()


def test_a_file_beyond_the_servers_limit_is_not_sent(opened: Opened, fake: Fake) -> None:
    fake.most = 2000
    page = opened()
    page.set_input_files("#pick", [tone()])
    expect(page.locator(".file-chip")).to_contain_text("must be at most 2 kB, got 32 kB")
    assert fake.media == {}


def test_more_files_than_a_message_may_have_are_not_sent(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.set_input_files("#pick", [tone(f"{at}.wav", 0.1 * (at + 1)) for at in range(5)])
    expect(page.locator(".file-chip").nth(4)).to_contain_text("a message may have at most 4 files")
    expect(page.get_by_text("uploading")).to_have_count(0)
    assert len(fake.media) == 4


def test_the_microphone_gives_a_wav_file_of_16_khz(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.get_by_role("button", name="Record your voice").click()
    expect(page.get_by_role("timer")).to_have_text("0:02")
    page.get_by_role("button", name="Stop and attach").click()
    expect(page.locator(".file-chip")).to_contain_text("voice ·")
    ((attachment, content),) = fake.media.values()
    assert attachment.kind == "speech"
    with wave.open(io.BytesIO(content)) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16_000, 1, 2)
        assert 1.3 <= clip.getnframes() / 16_000 <= 10
        assert max(clip.readframes(clip.getnframes())) > 0  # the fake device beeps


def test_a_recording_that_is_cancelled_is_dropped(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.get_by_role("button", name="Record your voice").click()
    expect(page.get_by_role("timer")).to_have_text("0:01")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.media == {}


def test_the_camera_gives_a_photo(opened: Opened, fake: Fake) -> None:
    page = opened()
    page.get_by_role("button", name="Take a photo").click()
    expect(page.locator("video")).to_have_js_property("readyState", 4)  # a frame is there and more will come
    page.get_by_role("button", name="Take it").click()
    expect(page.locator(".file-chip")).to_contain_text("picture ·")
    ((attachment, content),) = fake.media.values()
    assert attachment.media_type == "image/jpeg"
    assert content.startswith(b"\xff\xd8")


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#corpus", table(name, content))


def test_a_labelled_file_in_a_conversation_can_be_downloaded(opened: Opened) -> None:
    page = opened()
    page.set_input_files("#pick", table("corpus.csv", CORPUS))
    ask(page, "label this")
    expect(page.locator(".card-file")).to_contain_text("100 rows labelled, 2 set aside")
    with page.expect_download() as download:
        page.locator(".card-file").get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes() == CORPUS


def test_a_corpus_is_labelled_from_choosing_to_downloading(opened: Opened, fake: Fake) -> None:
    page = opened("#/batch")
    choose(page, "reviews.csv", CORPUS)
    expect(page.get_by_label("Column with the words")).to_have_value("text")
    expect(page.get_by_role("region", name="First rows of the file").get_by_role("row")).to_have_count(5)
    page.get_by_role("main").get_by_label("Label set").last.select_option("ekman")
    page.get_by_role("button", name="Start labelling").click()
    job = page.get_by_role("region", name="Jobs").get_by_role("listitem").first
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(job).to_contain_text("labelling")
    expect(job).to_contain_text("done")
    expect(job).to_contain_text("4 of 4 rows · 1 set aside")
    expect(job.get_by_role("region", name="First rows of the result")).to_contain_text("They never called")
    expect(job.locator(".chip").first).to_contain_text("joy 70 %")
    for form in ("csv", "jsonl", "parquet"):
        with page.expect_download() as download:
            job.get_by_role("button", name=form, exact=True).click()
        assert download.value.suggested_filename == f"reviews-labelled.{form}"
    with page.expect_download() as download:
        job.get_by_role("button", name="rows set aside").click()
    assert b"no text" in download.value.path().read_bytes()
    (kept,) = fake.jobs.values()
    assert (kept["taxonomy"], kept["texts"][1]) == ("ekman", "I hate waiting")


def test_a_job_can_be_cancelled(opened: Opened, fake: Fake) -> None:
    page = opened("#/batch")
    choose(page, "endless.csv", b"text\nwait\n")
    page.get_by_role("button", name="Start labelling").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("region", name="Jobs")).to_contain_text("cancelled")
    assert [job["state"] for job in fake.jobs.values()] == ["cancelled"]


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.csv", b'\xef\xbb\xbftext;who\n"a; ""b""\nc";Ana\n', [["text", "who"], ['a; "b"\nc', "Ana"]]),
        ("a.jsonl", b'{"who": "Ana", "utterance": "Oh"}\n', [["who", "utterance"], ["Ana", "Oh"]]),
        ("a.tsv", b"text\twho\r\nOh, no\tBen\r\n", [["text", "who"], ["Oh, no", "Ben"]]),
    ],
)
def test_the_first_rows_are_read_as_the_formats_write_them(
    opened: Opened, name: str, content: bytes, columns: list[list[str]]
) -> None:
    page = opened("#/batch")
    choose(page, name, content)
    rows = page.get_by_role("region", name="First rows of the file").get_by_role("row")
    cells = "row => [...row.children].map(cell => cell.textContent)"
    rows.nth(1).wait_for()
    assert [row.evaluate(cells) for row in rows.all()] == columns


def test_a_file_that_is_no_table_is_refused_with_a_sentence(opened: Opened) -> None:
    page = opened("#/batch")
    choose(page, "a.jsonl", b"[1, 2]\n")
    expect(page.get_by_role("alert").filter(has_text="Line 1 must be a JSON object.")).to_be_visible()


def test_a_message_that_is_sent_while_its_files_go_up_takes_all_of_them_along(opened: Opened, fake: Fake) -> None:
    page = opened()

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/media", slowly)
    page.set_input_files("#pick", [tone(), picture()])
    ask(page, "How does she feel?")
    ((turn,),) = fake.turns.values()
    assert [each.name for each in turn.message.attachments] == ["clip.wav", "face.png"]
    expect(page.locator(".file-chip")).to_have_count(0)


def test_a_job_is_followed_though_a_question_about_it_is_lost(opened: Opened, fake: Fake) -> None:
    opened.expected.append("ERR_FAILED")
    page = opened("#/batch")
    choose(page, "reviews.csv", CORPUS)
    asked: list[int] = []

    def lost(route: Route) -> None:
        asked.append(1)
        route.abort() if len(asked) == 2 and route.request.method == "GET" else route.continue_()

    page.route("**/v1/jobs", lost)
    page.get_by_role("button", name="Start labelling").click()
    job = page.get_by_role("region", name="Jobs").get_by_role("listitem").first
    expect(job).to_contain_text("done", timeout=15_000)
    assert len(asked) > 2
