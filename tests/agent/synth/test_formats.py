"""Other forms of an output: what trainers and annotation tools read, and a card without holes."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agent.synth.session import session
from thymos.agent.runs.destination import Destination
from thymos.agent.synth.card import card
from thymos.agent.synth.formats import FORMS, check_forms, path_as, write_as
from thymos.agent.synth.output import read_rows
from thymos.agent.synth.run import checked
from thymos.prompts.errors import InputError, OutputError, RunError


@pytest.fixture(scope="module", params=["jsonl", "parquet"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Destination:
    """A finished output of conversations."""
    out = tmp_path_factory.mktemp("synth") / f"out.{request.param}"
    session(out, counts={"joy": 8, "fear": 8}, turns=(3, 4), dev=0.25)
    return checked(out)


def _rows(place: Destination) -> list[dict[str, Any]]:
    return list(read_rows(place))


def test_sharegpt_and_chatml_hold_whole_conversations(place: Destination) -> None:
    rows = _rows(place)
    shared = [json.loads(each) for each in write_as("sharegpt", place).read_text().splitlines()]
    chat = [json.loads(each) for each in write_as("chatml", place).read_text().splitlines()]
    assert len(rows) == len(shared) == len(chat) == 16
    for row, one, other in zip(rows, shared, chat, strict=True):
        said = [turn["text"] for turn in row["turns"]]
        assert [each["value"] for each in one["conversations"]] == said
        assert [each["from"] for each in one["conversations"]][:3] == ["human", "gpt", "human"]
        assert [each["content"] for each in other["messages"]] == said
        assert [each["role"] for each in other["messages"]][:3] == ["user", "assistant", "user"]
        assert one["id"] == other["id"] == row["id"]
        assert one["labels"] == other["labels"] == row["labels"]


def test_csv_has_a_row_per_turn_that_our_own_reader_reads_as_conversations(place: Destination) -> None:
    from thymos.adapters.readers import Columns, open_corpus
    from thymos.adapters.sample import Sample

    path = write_as("csv", place)
    turns = [(row, turn) for row in _rows(place) for turn in row["turns"]]
    with path.open(newline="", encoding="utf-8") as handle:
        cells = list(csv.DictReader(handle))
    assert [each["text"] for each in cells] == [turn["text"] for _, turn in turns]
    assert [each["split"] for each in cells] == [row["split"] for row, _ in turns]
    samples = [each for each in open_corpus(path, columns=Columns(dialogue="dialogue", turn="turn")) if each]
    assert all(isinstance(each, Sample) for each in samples)
    third = samples[2]
    assert isinstance(third, Sample)
    assert [turn.text for turn in third.context] == [cells[0]["text"], cells[1]["text"]]
    assert third.gold == (cells[2]["label"],)


def test_csv_of_utterances_has_the_rows_own_ids(tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl", counts={"joy": 3, "fear": 3})
    place = checked(tmp_path / "out.jsonl")
    cells = list(csv.DictReader(write_as("csv", place).read_text(encoding="utf-8").splitlines()))
    assert [each["id"] for each in cells] == [row["id"] for row in _rows(place)]


def test_label_studio_has_tasks_with_the_label_as_a_prediction(place: Destination) -> None:
    tasks = json.loads(write_as("label-studio", place).read_text())
    rows = _rows(place)
    assert [task["data"]["id"] for task in tasks] == [row["id"] for row in rows]
    for task, row in zip(tasks, rows, strict=True):
        assert task["predictions"][0]["result"][0]["value"]["choices"] == row["labels"]
        assert [each["text"] for each in task["data"]["dialogue"]] == [turn["text"] for turn in row["turns"]]


def test_hf_is_a_folder_that_datasets_loads_with_both_splits(place: Destination, tmp_path: Path) -> None:
    import datasets

    folder = write_as("hf", place)
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path))
    rows = _rows(place)
    for split in ("train", "dev"):
        assert loaded[split]["id"] == [row["id"] for row in rows if row["split"] == split]
    assert loaded["train"][0]["turns"][0]["speaker"] == "A"
    assert write_as("hf", place) == folder  # a second time replaces it


def test_the_card_is_filled_in_by_the_run(place: Destination) -> None:
    text = (write_as("hf", place) / "README.md").read_text()
    told = json.loads(place.meta.read_text())
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "cc0-1.0"
    assert front["language"] == ["en"]
    assert [each["split"] for each in front["configs"][0]["data_files"]] == ["train", "dev"]
    for part in (
        "| rows | 16 |",
        "| writer | fake |",
        f"| fingerprint of the run | `{told['fingerprint']}` |",
        f"| relabel | {told['counts']['dropped'].get('relabel', 0)} |",
        "contamination (no test set was named)",
        f"| distinct_2 | {told['diversity']['kept']['distinct_2']} |",
    ):
        assert part in text
    assert "{{" not in text


def test_a_card_with_a_hole_is_an_error(place: Destination) -> None:
    told = json.loads(place.meta.read_text())
    for name in ("about", "counts", "identity", "diversity"):
        holed = {key: value for key, value in told.items() if key != name}
        with pytest.raises(OutputError, match="data card must have every field filled"):
            card(holed, ["train"], iter(_rows(place)))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_never_replaces_a_file_that_is_not_its_own(form: str, tmp_path: Path) -> None:
    session(tmp_path / "out.jsonl", counts={"joy": 3, "fear": 3})
    place = checked(tmp_path / "out.jsonl")
    path = path_as(form, place)
    if form == "hf":
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    else:
        path.write_text("mine")
    with pytest.raises(RunError, match="further form must not replace another file"):
        write_as(form, place)
    assert (path / "mine.txt" if form == "hf" else path).read_text() == "mine"
    assert write_as(form, place, overwrite=True) == path
    assert write_as(form, place) == path  # its own, once more
    assert not (path / "mine.txt").exists()


def test_an_unknown_form_is_refused() -> None:
    check_forms(FORMS)
    with pytest.raises(InputError, match=r"form must be one of sharegpt, .* got 'xml'"):
        check_forms(("hf", "xml"))
