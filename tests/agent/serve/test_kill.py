"""`kill -9` and SIGTERM of a server that is a process: an accepted job is done by the next one, to the same bytes."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
ROWS = 200
PATIENCE = 120.0  # s

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"])]


@contextmanager
def served(command: Sequence[str], log: Path) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """Start a server, wait for its address and its health; it is killed afterwards if it still runs."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT
        )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split()[-1].rstrip("/")
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            assert client.get("/healthz").status_code == 200
            yield process, client
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def fake(home: Path, pause: float) -> list[str]:
    return ["-m", "tests.agent.serve.process", str(home), str(pause)]


def corpus(rows: int = ROWS) -> bytes:
    return "\n".join(["text", *(f"row {number}" for number in range(rows))]).encode()


def send(client: httpx.Client, content: bytes) -> str:
    answer = client.post("/v1/jobs", files={"file": ("a.csv", content)}, data={"taxonomy": "ekman"})
    assert answer.status_code == 202
    return str(answer.json()["id"])


def wait(client: httpx.Client, job: str, done: int | None = None) -> None:
    """Wait until so many rows are done, or the job is."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = client.get(f"/v1/jobs/{job}").json()
        assert found["state"] in ("queued", "running", "done"), found
        if found["state"] == "done" or (done is not None and found["done"] >= done):
            return
        time.sleep(0.02)
    raise AssertionError("the job did not get there")


def result(client: httpx.Client, job: str) -> bytes:
    answer = client.get(f"/v1/jobs/{job}/result", params={"as": "parquet"})
    assert answer.status_code == 200
    return answer.content


def test_a_job_outlives_kills_of_its_server_to_the_same_bytes(tmp_path: Path) -> None:
    chance = random.Random(4)
    with served(fake(tmp_path / "quiet", 0.0), tmp_path / "log") as (_, client):
        wanted_job = send(client, corpus())
        wait(client, wanted_job)
        wanted = result(client, wanted_job)
    home = tmp_path / "killed"
    job, reached = "", 0
    for _ in range(2):
        with served(fake(home, 0.02), tmp_path / "log") as (process, client):
            job = job or send(client, corpus())
            reached += chance.randint(20, 40)
            wait(client, job, reached)
            time.sleep(chance.uniform(0, 0.03))
            process.send_signal(signal.SIGKILL)
            process.wait(20)
    with served(fake(home, 0.0), tmp_path / "log") as (_, client):
        wait(client, job)
        assert client.get(f"/v1/jobs/{job}").json()["rows"] == ROWS
        assert result(client, job) == wanted
        assert list((home / "tmp").iterdir()) == []


def test_a_job_that_was_accepted_the_moment_before_a_kill_is_done_by_the_next_server(tmp_path: Path) -> None:
    with served(fake(tmp_path, 1.0), tmp_path / "log") as (process, client):
        first, second = send(client, corpus(8)), send(client, corpus(4))
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with served(fake(tmp_path, 0.0), tmp_path / "log") as (_, client):
        for job in (first, second):
            wait(client, job)
            assert client.get(f"/v1/jobs/{job}").json()["state"] == "done"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_does_so_soon_and_keeps_its_job(tmp_path: Path, number: signal.Signals) -> None:
    with served(fake(tmp_path, 0.05), tmp_path / "log") as (process, client):
        job = send(client, corpus(4000))
        wait(client, job, 4)
        client.close()
        process.send_signal(number)
        process.wait(10)
    assert "Traceback" not in (tmp_path / "log").read_text() or number == signal.SIGINT
    with served(fake(tmp_path, 0.05), tmp_path / "log") as (_, client):
        wait(client, job, 40)
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_with_the_real_model_goes_on_with_a_job_after_a_kill(tmp_path: Path) -> None:
    command = [
        "-c",
        "from thymos.agent.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--home",
        str(tmp_path / "home"),
    ]
    texts = corpus(400)
    with served(command, tmp_path / "log") as (process, client):
        job = send(client, texts)
        wait(client, job, 64)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with served(command, tmp_path / "log") as (process, client):
        wait(client, job)
        found = client.get(f"/v1/jobs/{job}").json()
        assert (found["state"], found["rows"], found["bad_rows"]) == ("done", 400, 0)
        body = {
            "model": "thymos",
            "messages": [{"role": "user", "content": 'She wrote "I miss you". What does she feel?'}],
        }
        answer = client.post("/v1/chat/completions", json=body).json()
        assert answer["choices"][0]["message"]["thymos"]["tool"] == "analyse"
        wish = {
            "model": "smollm2-135m-instruct",
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": 8,
        }
        plain = client.post("/v1/chat/completions", json=wish).json()
        assert plain["choices"][0]["message"]["content"].strip()
        assert 1 <= plain["usage"]["completion_tokens"] <= 8
        client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
