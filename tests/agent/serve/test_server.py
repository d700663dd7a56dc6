"""The server as a whole: its pages, its figures, its log, its end."""

import logging
import re
import threading
import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from uvicorn import Server

from tests.agent.serve.fakes import FakeAgent
from thymos.agent.serve import page_routes


def test_the_page_comes_from_its_folder_and_nothing_else_does(client: TestClient) -> None:
    page = client.get("/")
    assert page.text.startswith("<!doctype html>")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    script = client.get("/static/js/app.js")
    assert (script.text, script.headers["content-type"]) == ("export const one = 1;", "text/javascript; charset=utf-8")
    for path in ("/static/", "/static/../page.py", "/static/%2e%2e/%2e%2e/home/keys.json", "/static//etc/passwd"):
        assert client.get(path).status_code == 404, path


def test_a_file_of_the_page_is_sent_again_only_when_it_changed(client: TestClient) -> None:
    tag = client.get("/static/js/app.js").headers["etag"]
    again = client.get("/static/js/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_of_operations_lists_them_all_and_needs_no_network(client: TestClient) -> None:
    page = client.get("/docs").text
    paths = client.get("/openapi.json").json()["paths"]
    assert len(paths) >= 20
    for path in paths:
        assert path in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert "<script" not in page
    assert client.get("/docs.css").headers["content-type"] == "text/css; charset=utf-8"


def test_operations_have_tidy_names_tags_and_documented_errors(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    operations = [each for path in schema["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
    assert {tag for each in operations for tag in each["tags"]} == {"chat", "labels", "jobs", "page", "server"}
    chat = schema["paths"]["/v1/chat/completions"]["post"]
    example = chat["responses"]["429"]["content"]["application/json"]["example"]
    assert example["error"]["code"] == "rate_limit_exceeded"
    assert schema["components"]["schemas"]["CompletionRequest"]["examples"][0]["model"] == "thymos"


def test_unknown_paths_and_methods_are_errors_in_openais_form(client: TestClient) -> None:
    for method, path, status in (("GET", "/nope", 404), ("DELETE", "/v1/models", 405), ("GET", "/v1/label", 405)):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "code", "param"}


def test_requests_are_counted_by_route_and_never_by_path(client: TestClient) -> None:
    client.get("/api/passages/theory-1")
    client.get("/api/passages/a-secret-id")
    client.get("/a-secret-path")
    page = client.get("/metrics").text
    assert 'thymos_requests_total{method="GET",route="/api/passages/{passage_id}",status="200"} 1.0' in page
    assert 'thymos_requests_total{method="GET",route="/api/passages/{passage_id}",status="404"} 1.0' in page
    assert "secret" not in page
    for name in ("request_seconds", "first_token_seconds", "batch_rows", "queue_depth", "memory_bytes", "jobs"):
        assert f"thymos_{name}" in page


def test_tokens_are_counted_by_model(client: TestClient) -> None:
    for model in ("thymos", "tiny-writer"):
        body = {"model": model, "messages": [{"role": "user", "content": "one two three"}]}
        client.post("/v1/chat/completions", json=body)
        assert f'thymos_tokens_written_total{{model="{model}"}} 3.0' in client.get("/metrics").text


def test_a_log_line_says_what_was_asked_for_and_not_what_was_said(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "thymos"):
        body = {"model": "thymos", "messages": [{"role": "user", "content": "a secret of mine"}]}
        client.post("/v1/chat/completions?x=secret", json=body)
        client.get("/api/passages/secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "thymos.access"]
    assert re.fullmatch(r"POST /v1/chat/completions 200 \d+ ms", lines[0])
    assert not any("secret" in record.getMessage() for record in caplog.records if record.name.startswith("thymos"))


def test_an_error_of_its_own_is_a_500_that_tells_nothing(client: TestClient, agent: FakeAgent) -> None:
    agent.passage = lambda passage_id: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    answer = client.get("/api/passages/x")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "Zero" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'status="500"' in client.get("/metrics").text


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_server_that_is_asked_to_stop_lets_answers_end(
    live: Callable[..., str], agent: FakeAgent, running: list[Server]
) -> None:
    import httpx

    url = live(stop_seconds=10)
    agent.pause = 0.1
    words: list[str] = []

    def ask() -> None:
        body = {"model": "thymos", "messages": [{"role": "user", "content": "slow " * 15}], "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=20) as answer:
            words.extend(answer.iter_lines())

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    running[0].should_exit = True
    time.sleep(0.3)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{url}/healthz")
    asking.join(20)
    assert words[-2] == "data: [DONE]"


def test_the_shipped_page_is_found_where_there_is_one() -> None:
    folder = page_routes.page_folder()
    assert page_routes.read_page(folder).keys() >= ({"index.html"} if folder.is_dir() else set())
