"""Bodies: their size is counted and not believed, their depth is looked at, and they may not dawdle."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from thymos.agent.serve.body import check_depth
from thymos.agent.serve.errors import ApiError

JSON = {"Content-Type": "application/json"}


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 100):
        yield b" " * 100


def test_a_body_that_says_that_it_is_too_large_is_refused(make: Callable[..., TestClient]) -> None:
    answer = make(json_bytes=1000).post("/v1/label", content=b" " * 1001, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"].startswith("body must have at most 1,000 bytes, got 1,001")


def test_a_body_in_chunks_that_is_too_large_is_refused(make: Callable[..., TestClient]) -> None:
    assert make(json_bytes=1000).post("/v1/label", content=pieces(2000), headers=JSON).status_code == 413


def test_a_body_that_says_nonsense_of_its_length_is_counted(make: Callable[..., TestClient]) -> None:
    headers = JSON | {"Content-Length": "9" * 50}
    assert make(json_bytes=1000).post("/v1/label", content=b" " * 10, headers=headers).status_code == 413


def test_messages_may_be_larger_since_they_bring_recordings(make: Callable[..., TestClient]) -> None:
    client = make(json_bytes=1000, message_bytes=3000)
    body = {"model": "thymos", "messages": [{"role": "user", "content": "word " * 300}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    body = {"model": "thymos", "messages": [{"role": "user", "content": "word " * 900}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 413


@pytest.mark.parametrize("path", ["/v1/jobs", "/api/threads/" + "0" * 32 + "/media"])
def test_an_upload_that_is_too_large_is_refused_while_it_streams(make: Callable[..., TestClient], path: str) -> None:
    client = make(corpus_bytes=1000, attachment_bytes=1000)
    answer = client.post(path, files={"file": ("a.csv", b"text\n" + b"x" * 300_000)})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_packed_body_is_refused(client: TestClient) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}
    assert client.post("/v1/label", content=b"x", headers=headers).status_code == 415


def test_json_that_is_nested_too_deep_is_refused_before_it_is_parsed(client: TestClient) -> None:
    answer = client.post("/v1/label", content=b"[" * 200_000, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "too_deep"


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ("[" * 5 + "]" * 5, True),
        ("[" * 6 + "]" * 6, False),
        (json.dumps(["[[[[[[[["] * 9), True),
        (json.dumps(['"\\"[[[[[[[[{']), True),
        (json.dumps([{}] * 50), True),
        ('{"a":' * 6, False),
        ('["\\\\", ' + "[" * 5, False),
    ],
)
def test_depth_counts_brackets_outside_of_texts(body: str, fits: bool) -> None:
    if fits:
        check_depth(body.encode(), 5)
    else:
        with pytest.raises(ApiError, match="nested"):
            check_depth(body.encode(), 5)


def test_a_text_of_a_million_quotes_is_looked_at_in_no_time() -> None:
    start = time.perf_counter()
    check_depth(b'"' + b'\\"' * 500_000 + b"[" * 100, 5)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"texts": NaN}', b'{"texts": 1' + b"0" * 5000 + b"}", b'{"a"}'],
)
def test_what_is_no_json_of_ours_is_a_bad_request(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/label", content=body, headers=JSON)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "code", "param"}


def test_what_was_sent_is_not_repeated_in_an_error(client: TestClient) -> None:
    answer = client.post("/v1/label", json={"texts": ["fine", {"secret": "4711"}]})
    assert answer.status_code == 400
    assert "4711" not in answer.text


@pytest.mark.parametrize(
    ("text", "status"),
    [(b"\\ud800", 400), (b"\\uDC00x", 400), (b"\\ud83d\\ude00", 200), (b"\\\\ud800", 200), (b"\\u00e9", 200)],
)
def test_half_a_surrogate_pair_is_a_bad_request(client: TestClient, text: bytes, status: int) -> None:
    assert client.post("/v1/label", content=b'{"texts": ["%s"]}' % text, headers=JSON).status_code == status


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def status_of(connection: socket.socket) -> str:
    answer = b""
    while piece := connection.recv(65_536):
        answer += piece
    return answer.split(b"\r\n", 1)[0].decode()


def head(length: int = 1000) -> bytes:
    return (
        b"POST /v1/label HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % length
    )


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_client_that_sends_no_body_is_told_and_left(live: Callable[..., str]) -> None:
    with connected(live(body_seconds=0.3)) as connection:
        connection.sendall(head())
        assert status_of(connection) == "HTTP/1.1 408 Request Timeout"


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_client_that_drips_its_body_is_told_and_left(live: Callable[..., str]) -> None:
    url = live(body_seconds=0.4, slowest_rate=10_000)
    start = time.monotonic()
    with connected(url) as connection:
        connection.sendall(head())
        with pytest.raises(OSError):
            for _ in range(400):
                connection.sendall(b" ")
                time.sleep(0.05)
    assert time.monotonic() - start < 10


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_client_that_does_not_end_its_headers_is_left(live: Callable[..., str], sent: bytes) -> None:
    with connected(live(header_seconds=0.3)) as connection:
        connection.sendall(sent)
        assert status_of(connection) == "HTTP/1.1 408 Request Timeout"


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_second_request_on_a_connection_may_not_dawdle_either(live: Callable[..., str]) -> None:
    with connected(live(header_seconds=0.4)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(0.1)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 408 Request Timeout" in answer


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_flood_of_headers_is_cut_off(live: Callable[..., str]) -> None:
    with connected(live()) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        with pytest.raises(OSError):
            for number in range(100_000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 1000))


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_more_connections_than_allowed_are_turned_away(live: Callable[..., str]) -> None:
    import httpx

    url = live(connections=3)
    held: list[Any] = [connected(url) for _ in range(3)]
    try:
        assert httpx.get(f"{url}/healthz").status_code == 503
    finally:
        for each in held:
            each.close()
    time.sleep(0.3)
    assert httpx.get(f"{url}/healthz").status_code == 200


def test_bodies_that_are_answered_at_a_time_are_bounded_together(make: Callable[..., TestClient]) -> None:
    client = make(bodies_bytes=1000)
    body = {"rows": [{"text": "we won"}], "taxonomy": "ekman"}
    large = {"rows": [{"text": "we won " * 200}], "taxonomy": "ekman"}
    for _ in range(3):  # what a refused one held is let go of, too
        answer = client.post("/v1/label", json=large)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert client.post("/v1/label", json=body).status_code == 200


@pytest.mark.parametrize("piece", [b"[],", b"1,", b"{},"])
def test_json_of_too_many_parts_is_refused_before_it_is_parsed(make: Callable[..., TestClient], piece: bytes) -> None:
    client = make(json_bytes=10_000_000)
    answer = client.post("/v1/label", content=b"[" + piece * 1_000_001 + b"1]", headers=JSON)
    assert answer.status_code == 400
    assert "brackets and commas" in answer.json()["error"]["message"]
