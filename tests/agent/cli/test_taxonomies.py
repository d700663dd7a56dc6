"""`thymos taxonomies` as a user meets it: what it prints, where, and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from thymos.agent.cli import app
from thymos.prompts.catalogue import builtin_taxonomies, load_taxonomy, maps_from
from thymos.prompts.errors import InputError, TaxonomyError


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def run(*arguments: str) -> None:
    """Run `thymos taxonomies` with arguments, in this process."""
    app(["taxonomies", *arguments], result_action="return_value")


def test_the_list_has_a_line_for_every_builtin(capsys: pytest.CaptureFixture[str]) -> None:
    run()
    printed = capsys.readouterr()
    rows = [line.split() for line in printed.out.splitlines() if line.strip()]
    assert rows[0] == ["name", "kind", "labels", "first", "labels", "source"]
    assert tuple(row[0] for row in rows[2:] if row[0] in builtin_taxonomies()) == builtin_taxonomies()
    goemotions = next(row for row in rows if row[0] == "goemotions")
    assert goemotions[1:5] == ["multi", "28", "admiration,", "amusement,"]
    assert "Demszky et al. 2020" in printed.out
    assert printed.err == ""


def test_the_list_as_json_holds_every_taxonomy_whole(capsys: pytest.CaptureFixture[str]) -> None:
    run("--json")
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == list(builtin_taxonomies())
    assert [label["name"] for label in listed[0]["labels"]] == list(load_taxonomy("goemotions").names)


def test_one_taxonomy_is_shown_with_words_places_and_maps(capsys: pytest.CaptureFixture[str]) -> None:
    run("dailydialog")
    out = capsys.readouterr().out
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert "no emotion neutral no particular feeling is shown +0.00 +0.00" in rows
    assert "anger being cross, irritated or furious -0.70 +0.70" in rows
    assert "7 labels, single, neutral: no emotion" in out
    assert "maps to: ekman, plutchik (through ekman), meld (through ekman)" in out


def test_one_taxonomy_as_json_is_what_was_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    run("dair", "--json")
    shown = json.loads(capsys.readouterr().out)
    dair = load_taxonomy("dair")
    assert [shown[key] for key in ("name", "title", "kind", "source", "neutral")] == [
        "dair",
        dair.title,
        "single",
        dair.source,
        None,
    ]
    assert shown["labels"][0] == {
        "name": "sadness",
        "word": "sadness",
        "description": dair.labels[0].description,
        "valence": -0.7,
        "arousal": -0.35,
    }
    assert shown["maps"] == maps_from("dair")


def test_a_users_file_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text('labels: {"[red]up": a bright mood, down: }')
    run(str(tmp_path / "mine.yaml"))
    out = capsys.readouterr().out
    assert "mine: mine" in out
    assert "[red]up" in out  # not taken for rich's markup
    assert "a bright mood" in out
    assert "maps to: none" in out


def test_an_invalid_file_gives_its_sentence_on_standard_error_and_code_2(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("labels:\n- up\n- no\n")
    command = [sys.executable, "-c", "from thymos.agent.cli import main; main()", "taxonomies", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f'thymos: {path}, line 3: label name must be text, got no, which YAML reads as a boolean; quote it: "no"\n'
    )


def test_a_map_is_shown_with_its_unknowns_and_its_way(capsys: pytest.CaptureFixture[str]) -> None:
    run("plutchik", "--map-to", "meld")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "plutchik to meld, through ekman"
    assert ["trust", "(unknown)"] in [line.split() for line in lines]
    assert lines[-1] == "unknown: 2 of 8 labels"


def test_a_map_as_json_has_null_for_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    run("ekman", "--map-to", "dair", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "source": "ekman",
        "target": "dair",
        "via": None,
        "entries": {
            "anger": "anger",
            "disgust": None,
            "fear": "fear",
            "joy": "joy",
            "sadness": "sadness",
            "surprise": "surprise",
            "neutral": None,
        },
        "unknown": ["disgust", "neutral"],
    }


def test_a_map_needs_a_taxonomy_to_start_from() -> None:
    with pytest.raises(InputError, match=r"--map-to must follow a taxonomy, got only 'ekman'"):
        run("--map-to", "ekman")


def test_a_users_taxonomy_has_no_built_in_map(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("labels: [up, down]")
    with pytest.raises(TaxonomyError, match=r"built-in taxonomies .*, got 'mine'; .*read_map"):
        run(str(tmp_path / "mine.yaml"), "--map-to", "ekman")
