"""Who gets in: names of this server, pages of its own, headers of a sane size."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from thymos.agent.serve.gate import host_name


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8420", "localhost:1", "[::1]:8420", "LOCALHOST", "localhost."]
)
def test_a_name_of_this_machine_is_let_in(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8420", "", "[::2]"])
def test_a_name_that_somebody_points_here_is_not(client: TestClient, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["message"].startswith("host must be a name of this server")


def test_a_further_name_is_let_in_where_it_was_given(make: Callable[..., TestClient]) -> None:
    client = make({"names": ("thymos.example",)})
    assert client.get("/healthz", headers={"Host": "thymos.example:8420"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "other.example"}).status_code == 421


def test_host_names_are_read_without_port_and_brackets() -> None:
    read = {"A.b:1": "a.b", "[::1]:8": "::1", "[::1]": "::1", "a": "a", "": "", " x. ": "x"}
    assert {host: host_name(host) for host in read} == read


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "file://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/threads"), ("DELETE", "/v1/jobs/1"), ("PATCH", "/api/threads/1")]
)
def test_a_page_elsewhere_changes_nothing_here(
    client: TestClient, headers: dict[str, str], method: str, path: str
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "permission_error"


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_a_page_of_its_own_and_a_program_may_change_things(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/threads", headers=headers, json={}).status_code == 201


def test_no_other_site_may_read_answers(client: TestClient) -> None:
    answer = client.get("/api/threads", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert client.options("/v1/label", headers=preflight).status_code == 405


def test_a_form_of_another_type_is_not_taken_for_json(client: TestClient) -> None:
    body = '{"texts": ["a"]}'
    assert client.post("/v1/label", content=body, headers={"Content-Type": "text/plain"}).status_code == 400


def test_too_many_headers_are_refused(client: TestClient) -> None:
    answer = client.get("/healthz", headers={f"X-{number}": "y" for number in range(120)})
    assert answer.status_code == 431
    assert answer.json()["error"]["message"].startswith("headers must be at most 100")


def test_headers_that_are_too_large_are_refused(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X": "y" * 40_000}).status_code == 431


def test_every_answer_tells_browsers_to_be_careful(client: TestClient) -> None:
    for path in ("/", "/healthz", "/nothing", "/docs", "/v1/models", "/static/js/app.js"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert len(headers.get_list("content-security-policy")) == 1
    assert client.get("/v1/models").headers["cache-control"] == "no-store"
    assert client.get("/static/js/app.js").headers["cache-control"] == "no-cache"
