"""Pictures from allowed hosts: names are checked, addresses too, and nothing leads elsewhere."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from tests.agent.serve.materials import png
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.fetch import fetch, is_public

PUBLIC = "93.184.216.34"
HOSTS = ("pictures.example",)


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111", "8.8.8.8"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "::127.0.0.1"),
        *("", "localhost", "1"),
    ],
)
def test_an_address_of_this_network_is_not(address: str) -> None:
    assert not is_public(address)


@contextmanager
def answering(answer: bytes) -> Iterator[Callable[[str, int, float], socket.socket]]:
    """A connection to a server in a thread that gives one answer; no network is used."""
    ours, theirs = socket.socketpair()
    asked: list[tuple[str, int]] = []

    def serve() -> None:
        with theirs:
            theirs.recv(65_536)
            theirs.sendall(answer)

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        asked.append((address, port))
        ours.settimeout(seconds)
        return ours

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield connect
    ours.close()
    assert asked in ([], [(PUBLIC, 80)])


def fetched(answer: bytes, url: str = "http://pictures.example/a.png?x=1", most: int = 10_000) -> bytes:
    with answering(answer) as connect:
        return fetch(url, HOSTS, most=most, seconds=2, resolve=lambda host, port: [PUBLIC], connect=connect)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_a_picture_from_an_allowed_host_comes() -> None:
    assert fetched(ok(png())) == png()


def test_a_picture_without_a_length_comes() -> None:
    assert fetched(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + png()) == png()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_a_detour_and_what_is_no_answer_are_refused(answer: bytes) -> None:
    with pytest.raises(ApiError, match="picture must be there"):
        fetched(answer)


def test_a_picture_that_is_too_large_is_cut_off() -> None:
    with pytest.raises(ApiError, match="at most 100 bytes"):
        fetched(ok(b"x" * 5000), most=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/a.png",
        "http://pictures.example.evil.example/a.png",
        "http://pictures.example@evil.example/a.png",
        "http://user@pictures.example/a.png",
        "http://pictures.example:8080/a.png",
        "http://127.0.0.1/a.png",
        "http://[::1]/a.png",
        "http://[::1/a.png",
        "file:///etc/passwd",
        "ftp://pictures.example/a.png",
        "http://pictures.example/a b\r\nX: y",
        "gopher://x",
        "x",
        "",
    ],
)
def test_an_address_that_is_not_allowed_is_refused_without_a_connection(url: str) -> None:
    def never(*given: object) -> socket.socket:
        raise AssertionError("it connected")

    with pytest.raises(ApiError) as told:
        fetch(url, HOSTS, most=100, seconds=1, resolve=lambda host, port: [PUBLIC], connect=never)
    assert told.value.status == 400


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_an_allowed_name_that_points_into_this_network_is_refused(addresses: list[str]) -> None:
    def never(*given: object) -> socket.socket:
        raise AssertionError("it connected")

    with pytest.raises(ApiError, match="public addresses"):
        fetch("http://pictures.example/", HOSTS, most=9, seconds=1, resolve=lambda *_: addresses, connect=never)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])  # a name that changes as soon as it was looked at
    with answering(ok(png())) as connect:
        found = fetch(
            "http://pictures.example/", HOSTS, most=9999, seconds=2, resolve=lambda *_: next(answers), connect=connect
        )
    assert found == png()


def test_a_server_fetches_nothing_unless_told(client: TestClient) -> None:
    part = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest/meta-data"}}
    body = {"model": "thymos", "messages": [{"role": "user", "content": [part]}]}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "this server fetches nothing" in answer.json()["error"]["message"]


@pytest.mark.enable_socket
def test_a_server_that_may_fetch_still_refuses_its_own_network(make: Callable[..., TestClient]) -> None:
    client = make({"image_hosts": ("localhost",)})
    part = {"type": "image_url", "image_url": {"url": "http://localhost/a.png"}}
    body = {"model": "thymos", "messages": [{"role": "user", "content": [part]}]}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "public addresses" in answer.json()["error"]["message"]
