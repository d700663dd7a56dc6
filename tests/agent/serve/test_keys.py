"""Keys: random, shown once, hashed at rest; who has none gets nothing, and beyond this machine nobody goes without."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from thymos.agent.cli import app
from thymos.agent.serve.keys import KeyFile
from thymos.agent.serve.listen import check_reach
from thymos.agent.serve.settings import Settings, is_loopback
from thymos.prompts.errors import InputError


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "home" / "keys.json")


def test_a_key_is_not_in_its_file_which_only_its_owner_reads(tmp_path: Path, keys: KeyFile) -> None:
    key = keys.add("laptop")
    path = tmp_path / "home" / "keys.json"
    assert key not in path.read_text()
    assert key.removeprefix("thymos-") not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.owner(key) == "laptop"


def test_two_keys_differ_and_have_256_bits(keys: KeyFile) -> None:
    first, second = keys.add("one"), keys.add("two")
    assert first != second
    assert len(first) == len("thymos-") + 43  # 32 bytes in base64 without padding


@pytest.mark.parametrize("wrong", ["", "thymos-", "laptop", "\ud800"])
def test_another_key_opens_nothing(keys: KeyFile, wrong: str) -> None:
    key = keys.add("laptop")
    assert keys.owner(wrong) is None
    assert keys.owner(key[:-1]) is None
    assert keys.owner(key + "x") is None


def test_a_key_that_another_process_removed_opens_nothing(tmp_path: Path, keys: KeyFile) -> None:
    key = keys.add("laptop")
    KeyFile(tmp_path / "home" / "keys.json").remove("laptop")
    assert keys.owner(key) is None


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65])
def test_a_name_that_is_none_is_refused(keys: KeyFile, name: str) -> None:
    with pytest.raises(InputError, match="name of a key must be"):
        keys.add(name)


def test_a_name_is_given_once_and_removed_once(keys: KeyFile) -> None:
    keys.add("laptop")
    with pytest.raises(InputError, match="must be new"):
        keys.add("laptop")
    keys.remove("laptop")
    with pytest.raises(InputError, match="there are none"):
        keys.remove("laptop")


def test_a_damaged_file_lets_nobody_in(tmp_path: Path, keys: KeyFile) -> None:
    keys.add("laptop")
    (tmp_path / "home" / "keys.json").write_text('{"keys": [{"name": 1}]}')
    with pytest.raises(InputError, match="must be whole"):
        keys.list()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_beyond_this_machine_nobody_goes_without_a_key(tmp_path: Path, host: str) -> None:
    told = Settings(home=tmp_path, host=host)
    with pytest.raises(InputError, match="keys add"):
        check_reach(told)
    KeyFile(told.key_file).add("laptop")
    check_reach(told)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_this_machine_needs_no_key(tmp_path: Path, host: str) -> None:
    assert is_loopback(host)
    check_reach(Settings(home=tmp_path, host=host))


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="port must be"):
        check_reach(Settings(home=tmp_path, port=70_000))


def test_the_command_makes_lists_and_removes_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path)]
    app(["serve", "keys", "add", "laptop", *home], result_action="return_value")
    key = capsys.readouterr().out.strip()
    assert KeyFile(tmp_path / "keys.json").owner(key) == "laptop"
    app(["serve", "keys", "list", *home], result_action="return_value")
    assert capsys.readouterr().out.startswith("laptop  20")
    app(["serve", "keys", "remove", "laptop", *home], result_action="return_value")
    assert json.loads((tmp_path / "keys.json").read_text()) == {"keys": []}


OPEN = ["/", "/static/js/app.js", "/healthz", "/docs", "/docs.css", "/openapi.json"]
CLOSED = ["/v1/models", "/v1/jobs", "/api/threads", "/api/about", "/api/taxonomies", "/metrics", "/nothing"]


def test_where_there_are_keys_every_request_needs_one(tmp_path: Path, make: Callable[..., TestClient]) -> None:
    client = make()
    assert client.get("/v1/models").status_code == 200
    key = KeyFile(tmp_path / "home" / "keys.json").add("laptop")
    for path in CLOSED:
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["error"]["code"] == "invalid_api_key"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get(path, headers={"Authorization": f"Bearer {key}x"}).status_code == 401
        assert client.get(path, headers={"Authorization": f"Basic {key}"}).status_code == 401
        assert client.get(path, headers={"Authorization": f"bearer {key}"}).status_code in (200, 404)
    for path in OPEN:
        assert client.get(path).status_code == 200, path


def test_a_server_that_others_reach_lets_nobody_in_when_its_last_key_is_gone(
    tmp_path: Path, make: Callable[..., TestClient]
) -> None:
    keys = KeyFile(tmp_path / "home" / "keys.json")
    key = {"Authorization": f"Bearer {keys.add('laptop')}"}
    client = make({"host": "0.0.0.0"})
    assert client.get("/v1/models", headers=key).status_code == 200
    keys.remove("laptop")
    for headers in ({}, key):
        assert client.get("/v1/models", headers=headers).status_code == 401
    (tmp_path / "home" / "keys.json").unlink()
    assert client.get("/v1/models").status_code == 401
    assert client.get("/healthz").status_code == 200
    new = {"Authorization": f"Bearer {keys.add('laptop')}"}
    assert client.get("/v1/models", headers=new).status_code == 200


def test_a_server_that_others_reach_is_closed_though_it_never_had_a_key(make: Callable[..., TestClient]) -> None:
    assert make({"host": "0.0.0.0"}).get("/v1/models").status_code == 401


@pytest.mark.parametrize("when", ["before the server started", "since"])
def test_this_machines_own_server_stays_closed_once_it_had_a_key(
    tmp_path: Path, make: Callable[..., TestClient], when: str
) -> None:
    keys = KeyFile(tmp_path / "home" / "keys.json")
    if when != "since":
        keys.add("laptop")
    client = make()
    if when == "since":
        keys.add("laptop")
        assert client.get("/v1/models").status_code == 401
    keys.remove("laptop")
    assert client.get("/v1/models").status_code == 401


def test_a_body_is_not_read_without_a_key(tmp_path: Path, make: Callable[..., TestClient]) -> None:
    client = make(json_bytes=10)
    KeyFile(tmp_path / "home" / "keys.json").add("laptop")
    assert client.post("/v1/label", content=b"x" * 100).status_code == 401


def test_the_page_is_told_whether_there_are_keys(tmp_path: Path, make: Callable[..., TestClient]) -> None:
    client = make()
    assert client.get("/api/about").json()["keys"] is False
    key = KeyFile(tmp_path / "home" / "keys.json").add("laptop")
    assert client.get("/api/about", headers={"Authorization": f"Bearer {key}"}).json()["keys"] is True


def test_another_file_of_keys_can_be_named(tmp_path: Path, make: Callable[..., TestClient]) -> None:
    KeyFile(tmp_path / "other.json").add("laptop")
    assert make({"keys": tmp_path / "other.json"}).get("/v1/models").status_code == 401
    assert replace(Settings(home=tmp_path), keys=tmp_path / "x").key_file == tmp_path / "x"
