"""`/v1/label` and `/v1/ask`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from tests.agent.runs.fakes import HashLabeler
from tests.agent.serve.fakes import FakeAgent
from tests.agent.serve.materials import as_data_url, png, wav
from thymos.adapters.confidence import GRID, Confidence
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.values import Reasoning
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import RowError


def test_each_row_gets_its_labels_or_a_reason(client: TestClient) -> None:
    rows = [{"id": "x", "text": "fine"}, {"text": "refuse"}, {"text": "well", "speaker": "A", "context": ["hm"]}]
    answer = client.post("/v1/label", json={"rows": rows, "taxonomy": "ekman"}).json()
    assert answer["taxonomy"] == "ekman"
    first, second, third = answer["predictions"]
    assert first["id"] == "x"
    assert set(first["probabilities"]) == set(load_taxonomy("ekman").names)
    assert first["probabilities"][first["labels"][0]] == max(first["probabilities"].values())
    assert second == {"id": "2", "error": "text must be labelled by nobody, got 'refuse'; rephrase it"}
    assert third["id"] == "3"


def test_speaker_and_context_reach_the_labeler(client: TestClient, agent: FakeAgent) -> None:
    seen: list[Sample] = []
    labeler = agent.labeler("goemotions")
    original = labeler.label_batch

    def watching(samples: Sequence[Sample]) -> list[Prediction | RowError]:
        seen.extend(samples)
        return original(samples)

    labeler.label_batch = watching  # type: ignore[method-assign]
    row = {"text": "fine", "speaker": "Ann", "context": ["hm", {"text": "so?", "speaker": "Bob"}]}
    assert client.post("/v1/label", json={"rows": [row]}).status_code == 200
    assert (seen[0].speaker, [(turn.text, turn.speaker) for turn in seen[0].context]) == (
        "Ann",
        [("hm", None), ("so?", "Bob")],
    )


def test_the_threshold_changes_which_labels_are_chosen(client: TestClient) -> None:
    def labels(threshold: float) -> list[str]:
        body = {"texts": ["fine"], "threshold": threshold}
        found: list[str] = client.post("/v1/label", json=body).json()["predictions"][0]["labels"]
        return found

    assert len(labels(0.0)) == 28
    assert len(labels(0.9)) == 1


def test_a_row_is_left_to_a_person_where_it_is_not_sure_enough(client: TestClient) -> None:
    (row,) = client.post("/v1/label", json={"texts": ["fine"], "abstain_below": 0.99}).json()["predictions"]
    assert row["abstained"] is True
    assert row["labels"] == []


def test_coverage_needs_a_calibrated_adapter(client: TestClient) -> None:
    answer = client.post("/v1/label", json={"texts": ["fine"], "coverage": 0.9})
    assert answer.status_code == 400
    assert "was not calibrated" in answer.json()["error"]["message"]


def test_coverage_adds_label_sets_that_grow_with_it(client: TestClient, agent: FakeAgent) -> None:
    names = load_taxonomy("goemotions").names
    falling = tuple(0.2 - 0.2 * number / len(GRID) for number in range(len(GRID)))
    confidence = Confidence("goemotions", names, names, 1.0, None, falling, falling, 100)
    agent.labeler("goemotions").confidence = confidence  # type: ignore[attr-defined]

    def size(coverage: float) -> int:
        body = {"texts": ["fine"], "coverage": coverage}
        return len(client.post("/v1/label", json=body).json()["predictions"][0]["label_set"])

    assert 1 <= size(GRID[0]) < size(GRID[-1])


def test_an_aim_weighs_the_labels_and_leaves_the_probabilities(client: TestClient, agent: FakeAgent) -> None:
    told = load_taxonomy("ekman")
    falling = tuple(0.2 - 0.2 * number / len(GRID) for number in range(len(GRID)))
    body = {"texts": ["fine"], "taxonomy": "ekman"}
    [before] = client.post("/v1/label", json=body).json()["predictions"]
    refused = client.post("/v1/label", json=body | {"aim": "balance"})
    assert (refused.status_code, "was not calibrated" in refused.json()["error"]["message"]) == (400, True)
    wanted = next(name for name in told.names if name not in before["labels"])
    weights = tuple(1.0 if name == wanted else 1e-6 for name in told.names)
    confidence = Confidence("ekman", told.names, told.words, 1.0, None, falling, falling, 100, label_weights=weights)
    agent.labeler("ekman").confidence = confidence  # type: ignore[attr-defined]
    [after] = client.post("/v1/label", json=body | {"aim": "balance"}).json()["predictions"]
    assert after["labels"] == [wanted]
    assert after["probabilities"] == pytest.approx(before["probabilities"], abs=1e-5)
    assert client.post("/v1/label", json=body | {"aim": "best"}).status_code == 400


def test_more_rows_than_allowed_are_sent_to_jobs(make: Callable[..., TestClient]) -> None:
    client = make(rows=2)
    assert client.post("/v1/label", json={"texts": ["a", "b"]}).status_code == 200
    answer = client.post("/v1/label", json={"texts": ["a", "b", "c"]})
    assert answer.status_code == 413
    assert "/v1/jobs" in answer.json()["error"]["message"]


def test_a_text_that_is_too_long_is_refused(make: Callable[..., TestClient]) -> None:
    client = make(chars=10)
    assert client.post("/v1/label", json={"texts": ["x" * 11]}).status_code == 413
    assert client.post("/v1/label", json={"rows": [{"text": "x", "context": ["x" * 11]}]}).status_code == 413
    assert client.post("/v1/ask", json={"text": "x" * 11}).status_code == 413


def test_a_context_has_at_most_a_thousand_turns(client: TestClient) -> None:
    for turns, status in ((1000, 200), (1001, 400)):
        body = {"rows": [{"text": "x", "context": ["y"] * turns}]}
        assert client.post("/v1/label", json=body).status_code == status


@pytest.mark.parametrize(
    "body",
    [{}, {"texts": ["a"], "rows": [{"text": "a"}]}, {"texts": ["a"], "taxonomy": "nope"}, {"texts": ["a"], "x": 1}],
)
def test_what_is_not_as_documented_is_refused(client: TestClient, body: object) -> None:
    assert client.post("/v1/label", json=body).status_code == 400


def test_nothing_to_label_is_no_error(client: TestClient) -> None:
    assert client.post("/v1/label", json={"texts": []}).json() == {"taxonomy": "goemotions", "predictions": []}


def test_requests_at_once_are_scored_together(client: TestClient, agent: FakeAgent) -> None:
    from concurrent.futures import ThreadPoolExecutor

    agent.labeler_pause = 0.05
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: client.post("/v1/label", json={"texts": [f"t{n}"]}), range(48)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(agent.labelers["goemotions"].batches) < 24
    assert "thymos_rows_labelled_total 48.0" in client.get("/metrics").text


def test_a_question_is_answered_with_reasons(client: TestClient) -> None:
    body = {"text": "Fine.", "speaker": "Ann", "context": ["So?"], "taxonomy": "ekman"}
    found = Reasoning.model_validate(client.post("/v1/ask", json=body).json())
    assert (found.text, found.speaker, found.context, found.taxonomy) == ("Fine.", "Ann", ("So?",), "ekman")


@pytest.mark.parametrize("body", [{}, {"text": "  "}, {"text": "a", "taxonomy": "nope"}, {"text": "a", "speech": "x"}])
def test_a_question_without_anything_to_read_is_refused(client: TestClient, body: object) -> None:
    assert client.post("/v1/ask", json=body).status_code == 400


def test_a_row_that_cannot_be_labelled_is_told(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"text": "refuse"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("text must be labelled by nobody")


@dataclass
class Ear(HashLabeler):
    """A labeler that listens."""

    modalities: tuple[str, ...] = ("speech", "face")


def test_recordings_go_to_a_labeler_that_reads_them(client: TestClient, agent: FakeAgent) -> None:
    recordings = {"speech": as_data_url(wav(), "audio/wav"), "face": as_data_url(png(), "image/png")}
    refused = client.post("/v1/ask", json={"text": "a", **recordings})
    assert refused.status_code == 422
    assert "one adapter reads" in refused.json()["error"]["message"]
    agent.labelers["ekman"] = Ear(load_taxonomy("ekman"))
    assert client.post("/v1/ask", json={"taxonomy": "ekman", **recordings}).status_code == 200


@pytest.mark.parametrize(
    ("content", "suffix"), [(b"time,eda\n0,1\n", ".csv"), (b"time\teda\n", ".tsv"), (b"0       X", ".edf")]
)
def test_recordings_of_the_body_keep_what_tells_their_format(
    make: Callable[..., TestClient], agent: FakeAgent, content: bytes, suffix: str
) -> None:
    seen: list[Sample] = []

    class Body(HashLabeler):
        def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
            seen.extend(samples)
            return super().label_batch(samples)

    agent.labelers["goemotions"] = Body(load_taxonomy("goemotions"), modalities=("physiology",))
    body = {"physiology": as_data_url(content, "text/csv")}
    assert make().post("/v1/ask", json=body).status_code == 200
    assert seen[0].physiology is not None
    assert seen[0].physiology.path is not None
    assert seen[0].physiology.path.suffix == suffix
