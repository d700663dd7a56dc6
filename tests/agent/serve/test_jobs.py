"""Jobs: accepted means on the disk, whatever ends the server; results in three formats; cancelled means gone."""

import csv
import io
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.agent.runs.fakes import HashLabeler
from tests.agent.serve.fakes import FakeAgent
from thymos.agent.serve.job_result import result_file
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, OutputError

PATIENCE = 20.0  # s


def corpus(rows: int, bad: bool = False) -> bytes:
    lines = [f"{number},row {number}" for number in range(1, rows + 1)]
    return "\n".join(["id,words", *lines, *(["x,refuse"] if bad else [])]).encode()


def sent(client: TestClient, content: bytes, name: str = "corpus.csv", **form: str) -> Any:
    return client.post("/v1/jobs", files={"file": (name, content)}, data={"taxonomy": "ekman", **form})


def ended(client: TestClient, job: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.02)
    raise AssertionError("the job did not end")


def begun(client: TestClient, job: str) -> None:
    until = time.monotonic() + PATIENCE
    while client.get(f"/v1/jobs/{job}").json()["done"] == 0:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_corpus_is_labelled_and_fetched_in_three_formats(client: TestClient) -> None:
    answer = sent(client, corpus(3, bad=True), text_column="words")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["name"], job["taxonomy"], job["result"]) == ("queued", "corpus.csv", "ekman", None)
    done = ended(client, job["id"])
    assert (done["state"], done["rows"], done["done"], done["bad_rows"]) == ("done", 4, 4, 1)
    url = done["result"]
    table = pq.read_table(io.BytesIO(client.get(url, params={"as": "parquet"}).content)).to_pylist()
    lines = [json.loads(line) for line in client.get(url, params={"as": "jsonl"}).text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(client.get(url, params={"as": "csv"}).text)))
    assert [row["id"] for row in table] == ["1", "2", "3"]
    assert [row["words"] for row in table] == ["row 1", "row 2", "row 3"]
    assert lines == table
    for row, whole in zip(rows, table, strict=True):
        assert json.loads(row["labels"]) == whole["labels"]
        assert json.loads(row["probabilities"]) == whole["probabilities"]
        assert row["words"] == whole["words"]
        assert row["abstained"] == str(whole["abstained"]).lower()
    (error,) = [json.loads(line) for line in client.get(url, params={"as": "errors"}).text.splitlines()]
    assert (error["row"], error["id"]) == (4, "x")
    assert client.get(url).headers["content-disposition"] == 'attachment; filename="corpus-labelled.csv"'


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text": "b"}\n', {}),
        ("a.txt", b"a\nb\n", {}),
        ("a.tsv", b"text\tx\na\t1\nb\t2\n", {}),
        ("a.json", b'[{"text": "a"}, {"text": "b"}]', {}),
        ("upload", b"text\na\nb\n", {"format": "csv"}),
    ],
)
def test_every_usual_format_is_read(client: TestClient, name: str, content: bytes, form: dict[str, str]) -> None:
    done = ended(client, sent(client, content, name, **form).json()["id"])
    assert (done["state"], done["rows"]) == ("done", 2)


def parquet_bomb() -> bytes:
    """Kilobytes that unpack to a hundred megabytes."""
    out = io.BytesIO()
    column = pa.array(["x" * 1000], pa.string()).take(pa.array([0] * 100_000))
    pq.write_table(pa.table({"text": column}), out, compression="zstd", use_dictionary=False)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "form", "status"),
    [
        ("a.csv", b"", {}, 400),
        ("a.exe", b"text\na\n", {}, 400),
        ("a.csv", b"\x1f\x8b\x08\0\0", {}, 400),
        ("a.csv", b"PK\x03\x04", {}, 400),
        ("a.csv", b"one,two\n1,2\n", {}, 400),
        ("a.csv", b"text\na\n", {"text_column": "nope"}, 400),
        ("a.csv", b"text\na\n", {"taxonomy": "nope"}, 400),
        ("a.csv", b"text\na\n", {"format": "datasets"}, 400),
        ("a.parquet", b"PAR1 but no more", {}, 400),
        ("a.csv", b"text\n" + b"x" * 2000, {}, 413),
        ("a.parquet", parquet_bomb(), {}, 413),
    ],
)
def test_a_corpus_that_cannot_be_labelled_is_refused_and_leaves_nothing(
    make: Callable[..., TestClient], tmp_path: Path, name: str, content: bytes, form: dict[str, str], status: int
) -> None:
    client = make(corpus_bytes=2_000_000 if name.endswith("parquet") else 1000)
    assert sent(client, content, name, **form).status_code == status
    assert client.get("/v1/jobs").json() == []
    assert list((tmp_path / "home" / "jobs").iterdir()) == []
    assert list((tmp_path / "home" / "tmp").iterdir()) == []


def test_a_column_that_names_files_of_this_machine_opens_none(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    content = f"text,speech,face\nhello,{tmp_path / 'secret.wav'},{tmp_path / 'secret.wav'}\n".encode()
    done = ended(client, sent(client, content).json()["id"])
    assert (done["state"], done["bad_rows"]) == ("done", 0)


def test_a_name_with_tricks_stays_a_name(client: TestClient, tmp_path: Path) -> None:
    job = sent(client, b"text\na\n", "../../x\r\nSet-Cookie: y.csv").json()
    assert "/" not in job["name"]
    done = ended(client, job["id"])
    assert "set-cookie" not in client.get(done["result"]).headers
    assert not (tmp_path / "x").exists()


def test_a_job_that_waits_or_runs_is_cancelled_and_one_that_ended_is_removed(
    make: Callable[..., TestClient], agent: FakeAgent, tmp_path: Path
) -> None:
    agent.labeler_pause = 0.03
    client = make(job_chunk=2)
    running = sent(client, corpus(2000), text_column="words").json()["id"]
    waiting = sent(client, corpus(5), text_column="words").json()["id"]
    begun(client, running)
    for job in (waiting, running):
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled"
        assert client.get(f"/v1/jobs/{job}/result").status_code == 409
    following = sent(client, corpus(2), text_column="words").json()["id"]
    assert ended(client, following)["state"] == "done"
    assert not (tmp_path / "home" / "jobs" / running / "labels.run").exists()
    for job in (running, following):
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert client.get(f"/v1/jobs/{job}").status_code == 404
        assert not (tmp_path / "home" / "jobs" / job).exists()


def test_a_job_whose_labeler_fails_says_so_and_the_next_one_runs(client: TestClient, agent: FakeAgent) -> None:
    broken = agent.labeler("ekman")
    whole = broken.label_batch
    broken.label_batch = lambda samples: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    failed = ended(client, sent(client, corpus(2), text_column="words").json()["id"])
    assert (failed["state"], failed["error"]) == ("failed", "ZeroDivisionError; the server's log says more")
    broken.label_batch = whole  # type: ignore[method-assign]
    assert ended(client, sent(client, corpus(2), text_column="words").json()["id"])["state"] == "done"


def test_more_jobs_than_allowed_are_refused(make: Callable[..., TestClient], agent: FakeAgent) -> None:
    agent.labeler_pause = 0.2
    client = make(jobs=1, job_chunk=1)
    assert sent(client, corpus(100), text_column="words").status_code == 202
    answer = sent(client, corpus(1), text_column="words")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


def test_a_server_that_stops_leaves_jobs_to_the_next_one(make: Callable[..., TestClient], agent: FakeAgent) -> None:
    agent.labeler_pause = 0.02
    first = make(job_chunk=4)
    job = sent(first, corpus(400), text_column="words").json()["id"]
    later = sent(first, corpus(3), text_column="words").json()["id"]
    begun(first, job)
    first.__exit__(None, None, None)
    before = len(agent.labelers["ekman"].batches)
    assert before < 100
    agent.labeler_pause = 0.0
    agent.labelers["ekman"].pause = 0.0
    second = make(job_chunk=4)
    done = ended(second, job)
    assert (done["state"], done["rows"]) == ("done", 400)
    assert ended(second, later)["state"] == "done"
    assert len(agent.labelers["ekman"].batches) == 100 + 1  # no batch was computed twice
    assert [each["id"] for each in second.get("/v1/jobs").json()] == [later, job]
    first.__enter__()


def test_a_job_of_a_server_with_another_model_is_begun_anew_and_not_lost(
    make: Callable[..., TestClient], agent: FakeAgent
) -> None:
    agent.labeler_pause = 0.02
    first = make(job_chunk=4)
    job = sent(first, corpus(200), text_column="words").json()["id"]
    begun(first, job)
    first.__exit__(None, None, None)
    agent.labelers["ekman"] = HashLabeler(load_taxonomy("ekman"), model="another")
    done = ended(make(job_chunk=4), job)
    assert (done["state"], done["rows"]) == ("done", 200)
    assert len(agent.labelers["ekman"].batches) == 50  # all of them, so that no file mixes two models
    first.__enter__()


def test_jobs_are_counted_by_state(client: TestClient) -> None:
    ended(client, sent(client, corpus(2), text_column="words").json()["id"])
    page = client.get("/metrics").text
    assert 'thymos_jobs{state="done"} 1.0' in page
    assert "thymos_rows_labelled_total 2.0" in page


@pytest.mark.parametrize("job", ["0" * 32, "..", "x", "%2e%2e%2f", "0" * 31 + "g"])
def test_an_unknown_job_is_told(client: TestClient, job: str) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/result")):
        assert client.request(method, f"/v1/jobs/{job}{path}").status_code in (400, 404, 405)


def test_two_who_fetch_a_result_at_once_get_it_whole(client: TestClient) -> None:
    done = ended(client, sent(client, corpus(3000), text_column="words").json()["id"])
    labels = client.app.state.core.jobs.labels(done["id"])  # type: ignore[attr-defined]
    start = threading.Barrier(8)

    def fetched(_: int) -> bytes:
        start.wait(10)
        path = result_file(labels, "csv")
        assert path is not None
        return path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(fetched, range(8)))
    assert [len(each.splitlines()) for each in found] == [3001]


def test_a_full_disk_fails_a_job_once_and_does_not_spin(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    class Full:
        def __init__(self, *_: object, **__: object) -> None:
            tries.append(1)
            raise OutputError("disk must have room, got none; free some")

    core = client.app.state.core  # type: ignore[attr-defined]
    job = sent(client, corpus(3), text_column="words").json()["id"]
    ended(client, job)
    add = core.jobs.add

    def added(*args: object) -> object:
        made = add(*args)
        monkeypatch.setattr("thymos.agent.serve.job_store.whole_file", Full)
        return made

    monkeypatch.setattr(core.jobs, "add", added)
    second = sent(client, corpus(3), text_column="words").json()["id"]
    found = ended(client, second)
    assert (found["state"], "disk of the server must take" in found["error"]) == ("failed", True)
    time.sleep(0.3)
    assert len(tries) <= 3
    monkeypatch.undo()
    assert ended(client, sent(client, corpus(3), text_column="words").json()["id"])["state"] == "done"


def test_two_servers_do_not_share_a_home(make: Callable[..., TestClient], agent: FakeAgent) -> None:
    first = make()
    agent.gate.clear()
    job = sent(first, corpus(40), text_column="words").json()["id"]
    with pytest.raises(InputError, match="home must belong to one server at a time"):
        make()
    agent.gate.set()
    assert ended(first, job)["state"] == "done"


def test_errors_name_the_file_as_it_was_sent_and_no_path_of_this_machine(client: TestClient, tmp_path: Path) -> None:
    for content, name in ((b"a,b\n1,2\n", "mine.csv"), (b"{}", "mine.json"), (b"no parquet", "mine.parquet")):
        said = sent(client, content, name=name).json()["error"]["message"]
        assert str(tmp_path) not in said
        assert name in said or "`text_column`" in said
        assert "--text-column" not in said
