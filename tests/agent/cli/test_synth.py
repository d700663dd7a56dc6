"""`thymos synth`: flags, refusals before any model is loaded, and what is said at the end."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.agent.synth.fakes import FakeWriter, SignLabeler, WordEmbedder, sentence
from tests.agent.synth.session import constant
from thymos.agent.cli.synth import Job, synthesise
from thymos.agent.cli.synth_flags import GateFlags, OutputFlags, PlanFlags, RunFlags, WriterFlags
from thymos.agent.synth.build import Models
from thymos.agent.synth.plan import Plan
from thymos.prompts.errors import InputError, RunError, TaxonomyError


def models_of(writer: FakeWriter | None = None) -> Any:
    def made(job: Job, plan: Plan) -> Models:
        embedder = None if job.gates.embedder == "none" else WordEmbedder
        return Models(lambda: writer or FakeWriter(), lambda: SignLabeler(sets=job.gates.agree == "set"), embedder)

    return made


def no_models(job: Job, plan: Plan) -> Models:
    raise AssertionError("a model was to be loaded")


def job_of(out: Path | None, **groups: Any) -> Job:
    return Job(out, **{"running": RunFlags(quiet=True), **groups})


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _corpus(path: Path, *rows: tuple[str, str]) -> str:
    path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    return str(path)


def test_counts_by_label_are_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    plan = PlanFlags(count=("joy=6", "fear=4"))
    assert synthesise(job_of(out, plan=plan, writing=OutputFlags(form=("csv", "hf"))), models_of()) == 0
    assert Counter(row["labels"][0] for row in _rows(out)) == {"joy": 6, "fear": 4}
    told = capsys.readouterr().out
    assert "wrote 10 of 10 rows in" in told
    assert "read as asked before the gates:" in told
    assert "also in" in told
    assert (tmp_path / "out.csv").is_file()
    assert (tmp_path / "out.hf" / "README.md").is_file()
    assert synthesise(job_of(out, plan=plan), models_of()) == 0
    assert "already done: 10 of 10 rows" in capsys.readouterr().out


def test_a_count_alone_is_for_every_label(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    synthesise(job_of(out, plan=PlanFlags(count=("2", "joy=3"))), models_of())
    assert Counter(row["labels"][0] for row in _rows(out)) == {
        **dict.fromkeys(("anger", "disgust", "fear", "sadness", "surprise", "neutral"), 2),
        "joy": 3,
    }


def test_balance_plans_what_is_missing(tmp_path: Path) -> None:
    rows = [("text one", "joy")] * 4 + [("text two", "fear")] * 2 + [("text three", "other")] * 9
    path = _corpus(tmp_path / "corpus.csv", *rows)
    synthesise(job_of(tmp_path / "out.jsonl", plan=PlanFlags(balance=path)), models_of())
    kept = Counter(row["labels"][0] for row in _rows(tmp_path / "out.jsonl"))
    assert kept == {"fear": 2, **dict.fromkeys(("anger", "disgust", "sadness", "surprise", "neutral"), 4)}
    synthesise(job_of(tmp_path / "to.jsonl", plan=PlanFlags(balance=path, to=5)), models_of())
    assert Counter(row["labels"][0] for row in _rows(tmp_path / "to.jsonl"))["joy"] == 1


def test_fewer_rows_than_asked_for_have_their_own_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=3",)))
    assert synthesise(job, models_of(FakeWriter(say=constant("")))) == 5
    told = capsys.readouterr()
    assert "wrote 0 of 3 rows" in told.out
    assert "joy: 0 of 3" in told.err


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (PlanFlags(), "rows must be asked for in one way, got none"),
        (PlanFlags(count=("2",), balance="x.csv"), "rows must be asked for in one way, got two"),
        (PlanFlags(count=("joy=0",)), "count must be at least 1, got 'joy=0'"),
        (PlanFlags(count=("0",)), "count must be at least 1, got '0'"),
        (PlanFlags(count=("joy=-1",)), "count must be LABEL=NUMBER or a number, got 'joy=-1'"),
        (PlanFlags(count=("joy",)), "count must be LABEL=NUMBER or a number, got 'joy'"),
        (PlanFlags(count=("=3",)), "count must be LABEL=NUMBER or a number, got '=3'"),
        (PlanFlags(count=("bliss=3",)), "label must be one of anger, .*got 'bliss'"),
        (PlanFlags(count=("joy=10000001",)), "rows must be at most 10,000,000, got 10,000,001"),
        (PlanFlags(count=("3",), to=4), "--to must come with --balance"),
        (PlanFlags(count=("3",), turns="many"), "turns must be a number or two with a dash"),
        (PlanFlags(count=("3",), turns="4-"), "turns must be a number or two with a dash"),
        (PlanFlags(count=("3",), intensity="huge"), "intensity must be of mild, clear, strong, got 'huge'"),
        (PlanFlags(count=("3",), length=""), "length must be of short, medium, long, got ''"),
        (PlanFlags(balance="nowhere.csv"), "nowhere.csv"),
    ],
)
def test_a_plan_that_cant_be_met_is_refused_before_a_model_is_loaded(
    tmp_path: Path, plan: PlanFlags, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        synthesise(job_of(tmp_path / "out.jsonl", plan=plan), no_models)
    assert list(tmp_path.iterdir()) == []


def test_a_taxonomy_of_one_label_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("name: one\nlabels: [joy]\n")
    with pytest.raises((InputError, TaxonomyError), match="at least two, got 1"):
        synthesise(
            job_of(tmp_path / "out.jsonl", plan=PlanFlags(taxonomy=str(tmp_path / "one.yaml"), count=("1",))), no_models
        )


def test_a_long_run_is_estimated_and_must_be_agreed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=5000000", "fear=5000000")))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # no terminal: nobody can be asked
    with pytest.raises(InputError, match=r"got 10,000,000 rows, 40,000,000 texts, about .* hours .*pass --yes"):
        synthesise(job, no_models)


@pytest.mark.parametrize(("said", "goes_on"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_a_long_run_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, goes_on: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(said))
    job = job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=5000",)))
    with pytest.raises(AssertionError if goes_on else InputError):
        synthesise(job, no_models)


def test_yes_is_not_asked(tmp_path: Path) -> None:
    job = job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=5000",)), running=RunFlags(quiet=True, yes=True))
    with pytest.raises(AssertionError, match="a model was to be loaded"):
        synthesise(job, no_models)


def test_a_dry_run_shows_prompts_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_of(None, plan=PlanFlags(count=("joy=4",), turns="4-6"), running=RunFlags(dry_run=True))
    assert synthesise(job, no_models) == 0
    told = capsys.readouterr().out
    assert told.count("[emotion: joy]") == 3  # conversations are always asked for with tags
    assert "4 rows, 16 texts" in told
    assert list(tmp_path.iterdir()) == []


def test_an_output_must_be_named() -> None:
    with pytest.raises(InputError, match="output must be given"):
        synthesise(job_of(None, plan=PlanFlags(count=("joy=4",))), no_models)


@pytest.mark.parametrize(
    ("groups", "error", "told"),
    [
        ({"gates": GateFlags(without=("taste",))}, InputError, "gate must be one of"),
        ({"writing": OutputFlags(form=("xml",))}, InputError, "form must be one of"),
        ({"gates": GateFlags(test_set=("nowhere.csv",))}, InputError, "nowhere.csv"),
        ({"gates": GateFlags(slurs=Path("nowhere.txt"))}, InputError, "file of words must be readable"),
    ],
)
def test_what_cant_be_used_is_refused_before_a_model_is_loaded(
    tmp_path: Path, groups: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        synthesise(job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("1",)), **groups), no_models)


def test_an_output_of_another_form_is_refused_before_a_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="output must end in"):
        synthesise(job_of(tmp_path / "out.txt", plan=PlanFlags(count=("1",))), no_models)


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "train.csv", *[("text one", "joy")] * 3, ("text two", "fear"))
    before = Path(path).read_bytes()
    job = job_of(
        tmp_path / "train.jsonl", plan=PlanFlags(balance=path), writing=OutputFlags(form=("csv",), overwrite=True)
    )
    with pytest.raises(RunError, match=r"output must not overwrite an input, got train\.csv"):
        synthesise(job, no_models)
    other = job_of(tmp_path / "other.jsonl", plan=PlanFlags(balance=path), writing=OutputFlags(form=("csv",)))
    (tmp_path / "other.csv").write_text("mine")
    with pytest.raises(RunError, match=r"further form must not replace another file, got other\.csv"):
        synthesise(other, no_models)
    assert Path(path).read_bytes() == before


def test_the_command_in_the_card_names_no_folder_and_no_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["thymos", "synth", "-o", "/some/where/out.jsonl", "--writer", "http://inner.example:8080/v1#tale"]
    monkeypatch.setattr("sys.argv", words)
    synthesise(job_of(tmp_path / "out.jsonl", plan=PlanFlags(count=("joy=1",))), models_of())
    told = json.loads((tmp_path / "out.meta.json").read_text())["about"]["command"]
    assert told == "thymos synth -o out.jsonl --writer 'URL#tale'"


def test_examples_without_an_embedder_are_refused(tmp_path: Path) -> None:
    seeds = _corpus(tmp_path / "mine.csv", ("we danced", "joy"))
    with pytest.raises(InputError, match="embedder must be there to choose examples"):
        synthesise(
            job_of(
                tmp_path / "out.jsonl",
                plan=PlanFlags(count=("1",)),
                writer=WriterFlags(seeds=seeds),
                gates=GateFlags(embedder="none"),
            ),
            models_of(),
        )


def test_corpora_reach_their_gates(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    plan = PlanFlags(count=("joy=8",))
    synthesise(job_of(tmp_path / "first.jsonl", plan=plan), models_of())
    texts = [row["text"] for row in _rows(tmp_path / "first.jsonl")]
    gates = GateFlags(
        test_set=(_corpus(tmp_path / "test.csv", (texts[0], "joy")),),
        trained_on=(_corpus(tmp_path / "train.csv", (texts[1], "joy")),),
        real=_corpus(tmp_path / "real.csv", *((sentence("joy", number), "joy") for number in range(20))),
        slurs=_words(tmp_path / "words.txt", texts[2].split()[1]),
    )
    synthesise(job_of(out, plan=plan, gates=gates), models_of())
    dropped = Counter(row["dropped_by"] for row in _rows(tmp_path / "out.dropped.jsonl"))
    assert dropped["contamination"] >= 1
    assert dropped["memorisation"] >= 1
    assert dropped["slurs"] >= 1
    assert not {*texts[:3]} & {row["text"] for row in _rows(out)}
    assert "real" in json.loads((tmp_path / "out.meta.json").read_text())["diversity"]


def _words(path: Path, *words: str) -> Path:
    path.write_text("\n".join(words))
    return path


@pytest.mark.parametrize(
    ("groups", "part"),
    [
        ({"gates": GateFlags(agree="set")}, ("gates", "relabel", "agree")),
        ({"gates": GateFlags(sure=0.5)}, ("gates", "relabel", "sure")),
        ({"gates": GateFlags(leak_cap=0.5)}, ("gates", "leakage", "cap")),
        ({"gates": GateFlags(embedder="none")}, ("gates", "duplicates", "embedder")),
        ({"writer": WriterFlags(candidates=2)}, ("candidates",)),
        ({"writer": WriterFlags(choose="newest")}, ("novelty",)),
        ({"writer": WriterFlags(rounds=1)}, ("rounds",)),
        ({"writer": WriterFlags(prompt="tagged")}, ("prompt", "manner")),
    ],
)
def test_a_flag_changes_the_run(tmp_path: Path, groups: dict[str, Any], part: tuple[str, ...]) -> None:
    found = []
    for name, more in (("a", {}), ("b", groups)):
        synthesise(job_of(tmp_path / f"{name}.jsonl", plan=PlanFlags(count=("joy=2",)), **more), models_of())
        told = json.loads((tmp_path / f"{name}.meta.json").read_text())["identity"]["labeler"]
        for key in part:
            told = told.get(key)
        found.append(told)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "plan",
    [
        PlanFlags(count=("joy=4",), turns="3"),
        PlanFlags(count=("joy=4",), intensity="mild"),
        PlanFlags(count=("joy=4",), length="long"),
        PlanFlags(count=("joy=4",), language="german"),
        PlanFlags(count=("joy=4",), seed=5),
        PlanFlags(count=("joy=4",), taxonomy="meld"),
    ],
)
def test_a_flag_of_the_plan_changes_the_prompts(plan: PlanFlags, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for each in (PlanFlags(count=("joy=4",)), plan):
        job = job_of(None, plan=each, writer=WriterFlags(prompt="tagged"), running=RunFlags(dry_run=True))
        synthesise(job, no_models)
        told.append(capsys.readouterr().out)
    assert told[0] != told[1]
