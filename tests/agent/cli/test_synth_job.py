"""The parts of a `thymos synth` job: what is wished of the writer is done or refused, and counted in the estimate."""

import dataclasses
from pathlib import Path

import pytest

from tests.agent.cli.test_synth import job_of, models_of, no_models
from tests.agent.synth.fakes import FakeWriter
from thymos.agent.cli.synth import _adapter, synthesise
from thymos.agent.cli.synth import models_of as models_from
from thymos.agent.cli.synth_flags import GateFlags, PlanFlags, RunFlags, WriterFlags
from thymos.agent.cli.synth_job import plan_of
from thymos.agent.synth.models import load_writer
from thymos.agent.synth.wishes import estimate
from thymos.prompts.errors import InputError


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        (WriterFlags(choose="newest", candidates=1), "candidates must be two or more"),
        (WriterFlags(tries=4, writer="http://127.0.0.1:9/v1"), "tries must be 1 for a writer behind an address"),
        (
            WriterFlags(guidance=1.5, writer="http://127.0.0.1:9/v1"),
            "guidance must be 1 for a writer behind an address",
        ),
    ],
)
def test_a_wish_that_would_be_passed_over_is_refused(tmp_path: Path, flags: WriterFlags, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        synthesise(job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=2",)), writer=flags), no_models)


def test_tries_reach_the_writer_and_the_estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_of(None, plan=PlanFlags(count=("joy=4",)), writer=WriterFlags(tries=3), running=RunFlags(dry_run=True))
    synthesise(job, no_models)
    assert "4 rows, 48 texts" in capsys.readouterr().out
    with pytest.raises(InputError, match="tries must be 1 for a writer that is not local, got 3"):
        synthesise(dataclasses.replace(job, output=tmp_path / "out.jsonl", running=RunFlags(quiet=True)), models_of())


def test_the_temperature_reaches_the_writer() -> None:
    writer = WriterFlags(writer="http://127.0.0.1:9/v1#some", temperature=0.3)
    job = job_of(None, plan=PlanFlags(count=("joy=4",)), writer=writer)
    assert models_from(job, plan_of(job.plan)).writer().identity()["temperature"] == 0.3


def test_the_guidance_reaches_the_writer_and_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {}
    monkeypatch.setattr("thymos.agent.synth.models.load_writer", lambda *_, **options: told.update(options))
    job = job_of(None, plan=PlanFlags(count=("joy=4",)), writer=WriterFlags(guidance=2.5))
    plan = plan_of(job.plan)
    models_from(job, plan).writer()
    assert told["guidance"] == 2.5
    assert estimate(plan, 4, 1, 2.5).seconds == 2 * estimate(plan, 4).seconds
    with pytest.raises(InputError, match="guidance must be 1 for a writer behind an address, got 2"):
        load_writer(None, "http://127.0.0.1:9/v1", None, None, guidance=2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("guidance", [1.0, 1.5])
def test_asks_have_a_contrast_where_there_is_guidance(guidance: float, tmp_path: Path) -> None:
    fake = FakeWriter()
    writer = WriterFlags(guidance=guidance, prompt="tagged")
    job = job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=1",)), writer=writer)
    synthesise(job, models_of(fake))
    assert {ask.contrast is not None for call in fake.calls for ask in call} == {guidance != 1}


@pytest.mark.parametrize(("guidance", "shown"), [(1.0, False), (1.5, True)])
def test_a_dry_run_shows_what_a_text_is_led_away_from(
    guidance: float, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = WriterFlags(guidance=guidance)
    synthesise(job_of(None, plan=PlanFlags(count=("joy=1",)), writer=writer, running=RunFlags(dry_run=True)), no_models)
    told = capsys.readouterr().out
    assert ("led away from:" in told) == shown
    assert ("[emotion: neutral]" in told) == shown


def test_a_writer_that_is_not_named_is_the_base_of_the_labeler_and_has_its_adapter(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert _adapter(job_of(out)) == "writer"
    assert _adapter(job_of(out, gates=GateFlags(model="./my-llm"))) is None
    assert (
        _adapter(job_of(out, gates=GateFlags(model="./my-llm"), writer=WriterFlags(writer="smollm2-135m"))) == "writer"
    )
