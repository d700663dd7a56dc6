"""`/api`: threads of the server's own page."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from tests.agent.serve.fakes import FakeAgent
from tests.agent.serve.materials import png_bomb, wav
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Event
from thymos.agent.chat.values import Thread, Turn
from thymos.prompts.catalogue import load_taxonomy

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)


@pytest.fixture
def thread(client: TestClient) -> str:
    answer = client.post("/api/threads", json={"taxonomy": "ekman"})
    assert answer.status_code == 201
    return Thread.model_validate(answer.json()).id


def said(client: TestClient, thread: str, **message: Any) -> list[Event]:
    answer = client.post(f"/api/threads/{thread}/messages", json=message)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [EVENTS.validate_json(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]


def test_a_message_is_answered_with_events_and_kept(client: TestClient, thread: str) -> None:
    events = said(client, thread, text="one two")
    assert [event.type for event in events] == ["called", "progress", "said", "said", "done"]
    whole = client.get(f"/api/threads/{thread}").json()
    assert Thread.model_validate(whole["thread"]).taxonomy == "ekman"
    (turn,) = [Turn.model_validate(each) for each in whole["turns"]]
    assert turn.answer is not None
    assert turn.answer.text == "one two"


def test_a_thread_is_listed_renamed_exported_and_deleted(client: TestClient, thread: str) -> None:
    said(client, thread, text="hello")
    assert client.patch(f"/api/threads/{thread}", json={"title": "Ann"}).json()["title"] == "Ann"
    assert [each["title"] for each in client.get("/api/threads").json()] == ["Ann"]
    markdown = client.get(f"/api/threads/{thread}/export")
    assert markdown.text == "- hello"
    assert markdown.headers["content-disposition"] == f'attachment; filename="thymos-{thread[:8]}.md"'
    assert client.get(f"/api/threads/{thread}/export", params={"as": "json"}).json() == ["hello"]
    assert client.delete(f"/api/threads/{thread}").status_code == 204
    assert client.get(f"/api/threads/{thread}").status_code == 404


def test_a_thread_begins_without_a_body_too(client: TestClient) -> None:
    answer = client.post("/api/threads")
    assert (answer.status_code, answer.json()["taxonomy"]) == (201, "goemotions")


def test_a_recording_is_attached_heard_in_parts_and_sent(client: TestClient, thread: str) -> None:
    answer = client.post(f"/api/threads/{thread}/media", files={"file": ("../a.wav", wav())})
    assert answer.status_code == 201
    attachment = Attachment.model_validate(answer.json())
    assert (attachment.name, attachment.kind, attachment.size) == ("a.wav", "speech", len(wav()))
    url = f"/api/threads/{thread}/media/{attachment.id}"
    whole = client.get(url)
    assert whole.content == wav()
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["content-disposition"].startswith("inline")
    part = client.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, wav()[4:8])
    assert client.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert said(client, thread, attachments=[attachment.id])[-1].type == "done"


def test_a_file_that_could_be_run_in_a_browser_is_not(client: TestClient, thread: str) -> None:
    page = b"<script>alert(1)</script>"
    number = client.post(f"/api/threads/{thread}/media", files={"file": ("a.html", page)}).json()["id"]
    headers = client.get(f"/api/threads/{thread}/media/{number}").headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment")
    assert "sandbox" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_file_that_is_refused_says_why(make: Callable[..., TestClient]) -> None:
    client = make(attachment_bytes=1000)
    thread = client.post("/api/threads").json()["id"]
    for content, status in ((b"MZ program", 400), (png_bomb(), 413), (b"x" * 1001, 413)):
        answer = client.post(f"/api/threads/{thread}/media", files={"file": ("a", content)})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("message", "status"),
    [({}, 400), ({"text": " "}, 400), ({"text": "a", "taxonomy": "nope"}, 400), ({"attachments": ["0" * 32]}, 404)],
)
def test_a_message_that_cannot_be_sent_is_refused(
    client: TestClient, thread: str, message: dict[str, Any], status: int
) -> None:
    assert client.post(f"/api/threads/{thread}/messages", json=message).status_code == status


def test_a_failure_is_an_event_and_tells_nothing_of_the_inside(client: TestClient, thread: str) -> None:
    for text in ("fail", "crash"):
        last = said(client, thread, text=text)[-1]
        assert last.type == "failed"
        assert "secret" not in last.model_dump_json()


def test_a_thread_answers_one_message_at_a_time(client: TestClient, thread: str, agent: FakeAgent) -> None:
    events: list[Event] = []
    asking = threading.Thread(target=lambda: events.extend(said(client, thread, text="hold")))
    asking.start()
    until = time.monotonic() + 10
    while not client.app.state.core.busy and time.monotonic() < until:  # type: ignore[attr-defined]
        time.sleep(0.01)
    assert client.post(f"/api/threads/{thread}/messages", json={"text": "b"}).status_code == 409
    assert client.delete(f"/api/threads/{thread}").status_code == 409
    agent.gate.set()
    asking.join(10)
    assert events[-1].type == "done"
    assert said(client, thread, text="b")[-1].type == "done"


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("text", "last"), [("hello", "done"), ("fail", "failed"), ("crash", "failed")])
def test_whoever_has_the_last_event_finds_the_queue_free(
    live: Callable[..., str], agent: FakeAgent, text: str, last: str
) -> None:
    agent.tidying = 0.3
    with httpx.Client(base_url=live(workers=1, waiting=0), timeout=30) as page:
        url = f"/api/threads/{page.post('/api/threads').json()['id']}/messages"
        for _ in range(2):
            with page.stream("POST", url, json={"text": text}) as answer:
                assert answer.status_code == 200
                assert any(f'"type":"{last}"' in line for line in answer.iter_lines())  # reads no further


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_page_that_is_closed_ends_the_answer_and_frees_the_thread(live: Callable[..., str], agent: FakeAgent) -> None:
    with httpx.Client(base_url=live(), timeout=20) as client:
        thread = client.post("/api/threads").json()["id"]
        url = f"/api/threads/{thread}/messages"
        with client.stream("POST", url, json={"text": "slow " * 400}) as answer:
            next(answer.iter_lines())
        until = time.monotonic() + 5
        while not agent.closed and time.monotonic() < until:
            time.sleep(0.02)
        assert agent.closed == 1
        while (answer := client.post(url, json={"text": "b"})).status_code == 409 and time.monotonic() < until:
            time.sleep(0.02)
        assert answer.status_code == 200


def test_feedback_is_kept_and_exported(client: TestClient, thread: str) -> None:
    said(client, thread, text="hello")
    url = f"/api/threads/{thread}/turns/0/feedback"
    assert client.put(url, json={"rating": -1, "label": "joy", "comment": "no"}).status_code == 204
    assert client.get(f"/api/threads/{thread}").json()["turns"][0]["feedback"]["label"] == "joy"
    rows = client.get("/api/feedback")
    assert [json.loads(line) for line in rows.text.splitlines()] == [{"text": "hello", "label": "joy"}]
    assert rows.headers["content-type"] == "application/jsonl"
    assert client.put(url, json={"rating": 2}).status_code == 400
    assert client.put(f"/api/threads/{thread}/turns/7/feedback", json={"rating": 1}).status_code == 404


@pytest.mark.parametrize("thread", ["0" * 32, "x", "..%2f..%2fetc"])
def test_an_unknown_thread_is_told(client: TestClient, thread: str) -> None:
    requests: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("DELETE", "", None),
        ("PATCH", "", {"title": "a"}),
        ("GET", "/export", None),
        ("POST", "/messages", {"text": "a"}),
        ("GET", f"/media/{'0' * 32}", None),
        ("PUT", "/turns/0/feedback", {"rating": 1}),
    ]
    for method, path, body in requests:
        assert client.request(method, f"/api/threads/{thread}{path}", json=body).status_code in (400, 404)


def test_label_sets_passages_and_limits_are_told(make: Callable[..., TestClient]) -> None:
    client = make(pixels=123)
    found = client.get("/api/taxonomies").json()
    assert [each["name"] for each in found] == ["goemotions", "ekman"]
    joy = next(each for each in found[1]["labels"] if each["name"] == "joy")
    wanted = load_taxonomy("ekman").labels[load_taxonomy("ekman").index("joy")]
    assert (joy["valence"], joy["arousal"], joy["description"]) == (wanted.valence, wanted.arousal, wanted.description)
    assert client.get("/api/passages/theory-1").json()["title"] == "A theory"
    assert client.get("/api/passages/nope").status_code == 404
    about = client.get("/api/about").json()
    assert about["limits"]["pixels"] == 123
    assert "not for watching people at work" in about["notice"]
