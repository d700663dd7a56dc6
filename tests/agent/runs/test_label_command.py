"""`thymos label` from its flags to its last line, with a labeler that needs no model."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from tests.agent.runs.fakes import CountingCorpus, HashLabeler, ListCorpus, samples
from thymos.adapters.sample import Sample
from thymos.agent.cli.label import Job, command, label_corpus
from thymos.agent.cli.label_flags import InputFlags, OutputFlags, RunFlags
from thymos.prompts.errors import InputError, RunError


def parsed(*tokens: str) -> Job:
    """Return the job that a command line asks for."""
    _, bound, _ = command.parse_args(list(tokens), exit_on_error=False, print_error=False)
    return Job(*bound.args, **bound.kwargs)


def flags() -> list[tuple[str, str, str]]:
    """Return group, field and flag of every flag."""
    groups = [field for field in dataclasses.fields(Job) if field.default_factory is not dataclasses.MISSING]
    return [
        (group.name, field.name, "--" + field.name.replace("_", "-"))
        for group in groups
        for field in dataclasses.fields(group.default_factory)  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(("group", "name", "flag"), flags())
def test_every_flag_reaches_its_field(group: str, name: str, flag: str) -> None:
    before = getattr(getattr(Job("in"), group), name)
    hint = get_type_hints(type(getattr(Job("in"), group)))[name]
    choices = get_args(hint if get_origin(hint) is Literal else next(iter(get_args(hint)), None))
    if choices and isinstance(choices[-1], str):  # a Literal
        assert getattr(getattr(parsed("in.csv", flag, choices[-1]), group), name) == choices[-1] != before
        return
    whole: dict[str, type] = dict.fromkeys(("limit", "max_tokens", "context_turns"), int) | {"kb": Path}
    kind = (whole | dict.fromkeys(("threshold", "accuracy", "coverage"), float)).get(
        name, type(before)
    )  # these are None
    value, wanted = {
        bool: ([], True),
        int: (["7"], 7),
        float: (["0.125"], 0.125),
        tuple: (["x"], ("x",)),
        Path: (["x"], Path("x")),
    }.get(kind, (["x"], "x"))
    job = parsed("in.csv", flag, *value)
    assert getattr(getattr(job, group), name) == wanted
    assert before != wanted


def test_an_output_has_a_short_flag() -> None:
    assert parsed("in.csv", "-o", "out.csv").output == Path("out.csv")


def test_kept_columns_are_split_at_commas_and_added_up() -> None:
    assert parsed("in.csv", "--keep-columns", "a, b", "--keep-columns", "c").writing.kept == ("a", "b", "c")


def test_a_job_writes_its_output_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job("in", Path("labels.csv"))
    assert label_corpus(job, lambda job: ListCorpus(samples("a", "b")), lambda job, rows: HashLabeler()) == 0
    assert capsys.readouterr().out == "labelled 2 rows in labels.csv\n"


def test_a_corpus_in_another_language_is_doubted_before_a_model_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def load(job: Job, rows: int | None) -> HashLabeler:
        assert "this seems not to be English" in capsys.readouterr().err
        return HashLabeler()

    german = samples("Ich bin so froh, dass du da bist.", "Es war der schönste Tag, den wir hatten.")
    assert label_corpus(Job("in", Path("labels.csv")), lambda job: ListCorpus(german), load) == 0


def test_everybody_is_met_before_the_first_row_is_labelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labeler, met = HashLabeler(), list[str]()

    def meet(everybody: Iterable[Sample]) -> str:
        assert labeler.batches == []
        met.extend(each.id for each in everybody)
        return "two are not known"

    monkeypatch.setattr(labeler, "meet", meet)
    job = Job("in", Path("labels.csv"), reading=InputFlags(limit=2))
    assert label_corpus(job, lambda job: ListCorpus(samples("a", "b", "c")), lambda job, rows: labeler) == 0
    assert met == [each.id for each in samples("a", "b")]
    assert "two are not known" in capsys.readouterr().err


def test_bad_rows_are_told_by_the_last_line_and_the_exit_code_again_and_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job("in", Path("labels.csv"))
    for word in ("labelled", "already done:"):
        assert label_corpus(job, lambda job: CountingCorpus(101), lambda job, rows: HashLabeler()) == 5
        said = f"{word} 99 rows in labels.csv, 2 bad rows set aside in labels.errors.jsonl\n"
        assert capsys.readouterr().out == said


def test_repeated_ids_are_warned_about_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*samples("a"), *samples("b")]
    job = Job("in", tmp_path / "labels.csv")
    assert label_corpus(job, lambda job: ListCorpus(rows), lambda job, rows: HashLabeler()) == 0
    assert capsys.readouterr().err.startswith("warning: 1 row with an id that an earlier row has, for example '1'")


@pytest.mark.parametrize(
    ("out", "kept", "error"),
    [
        ("labels.txt", (), "must end in"),
        ("missing/labels.csv", (), "folder must exist"),
        ("there.csv", (), "no run wrote"),
        ("labels.csv", ("nope",), "kept column must be one of text, half"),
        (None, (), "output must be given"),
    ],
)
def test_what_can_be_refused_without_a_model_is(
    tmp_path: Path, out: str | None, kept: tuple[str, ...], error: str
) -> None:
    def load(job: Job, expected_rows: int | None) -> HashLabeler:
        raise AssertionError("the model was loaded")

    (tmp_path / "there.csv").write_text("mine")
    job = Job("in.csv", tmp_path / out if out else None, writing=OutputFlags(keep_columns=kept))
    with pytest.raises((RunError, InputError), match=error):
        label_corpus(job, lambda job: CountingCorpus(9), load)


def test_a_dry_run_shows_the_exact_prompt_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job("in", tmp_path / "labels.csv", running=RunFlags(dry_run=True))
    rows = samples("Oh [no], a very long line that no terminal of eighty columns could hold: " + "x" * 80, "b")
    assert label_corpus(job, lambda job: ListCorpus(rows), lambda job, rows: HashLabeler()) == 0
    said = capsys.readouterr().out
    assert f"\nWhich emotion?\n{rows[0].text}\n" in said  # type: ignore[union-attr]
    assert "\nrows    2\n" in said
    assert said.endswith("nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_needs_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job("in", running=RunFlags(dry_run=True))
    assert label_corpus(job, lambda job: CountingCorpus(500), lambda job, rows: HashLabeler()) == 0
    assert "\nrows    500\n" in capsys.readouterr().out
