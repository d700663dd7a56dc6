"""schemathesis over everything that the OpenAPI page lists: whatever is sent, the server has no error of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from starlette.testclient import TestClient

from tests.agent.serve.conftest import page
from tests.agent.serve.conftest import settings as told
from tests.agent.serve.fakes import FakeAgent, FakeWriter, reasons_of
from thymos.agent.serve.app import create_app

EXAMPLES = 12  # of each operation; `make test-slow` tries more
MANY = 150

_HOME = Path(tempfile.mkdtemp(prefix="thymos-schema-"))
(_HOME / "media").mkdir()
_APP = create_app(
    FakeAgent(_HOME / "media"),
    told(_HOME / "home", rows=20, jobs=10_000),
    writer=FakeWriter(),
    reasons=reasons_of,
    page=page(_HOME / "page"),
)
schema = schemathesis.openapi.from_dict(_APP.openapi())


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """One client for all cases: a server is not started for each."""
    import shutil

    with TestClient(_APP, base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened
    shutil.rmtree(_HOME, ignore_errors=True)


def _answers(case: Case[Any], client: TestClient) -> None:
    given = case.as_transport_kwargs(base_url="http://127.0.0.1")
    for name in ("verify", "cookies"):  # of which the server knows nothing
        given.pop(name, None)
    if isinstance(given.get("data"), bytes | str):
        given["content"] = given.pop("data")
    answer = client.request(**given)
    assert answer.status_code < 500, f"{case.method} {case.path}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"message", "type", "code", "param"}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_no_request_is_an_error_of_the_server(case: Case[Any], client: TestClient) -> None:
    _answers(case, client)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_request_of_many_is_an_error_of_the_server(case: Case[Any], client: TestClient) -> None:
    _answers(case, client)
