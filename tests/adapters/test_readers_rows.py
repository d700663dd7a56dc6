"""What a row becomes: gold labels, media, ids and metadata."""

import json
from pathlib import Path

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample


def only(path: Path, **columns: str) -> Sample:
    (row,) = list(open_corpus(path, columns=Columns(**columns)))
    assert isinstance(row, Sample), row
    return row


@pytest.mark.parametrize(
    ("cell", "separator", "gold"),
    [
        ("joy", None, ("joy",)),
        (" no emotion ", None, ("no emotion",)),
        ("joy|anger", None, ("joy|anger",)),
        ("joy| anger |", "|", ("joy", "anger")),
        ('["joy", "anger"]', None, ("joy", "anger")),
        ('["a|b"]', "|", ("a|b",)),
        ("[joy", None, ("[joy",)),
        ("[joy]", None, ("[joy]",)),
        ("[]", None, ()),
        ("", None, None),
        (3, None, ("3",)),
        (["joy", None, "anger"], None, ("joy", "anger")),
        ([], None, ()),
        (None, None, None),
    ],
)
def test_gold_labels_are_taken_as_written(
    tmp_path: Path, cell: object, separator: str | None, gold: tuple[str, ...] | None
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"text": "a", "label": cell}))
    (row,) = list(open_corpus(path, label_separator=separator))
    assert isinstance(row, Sample)
    assert row.gold == gold


@pytest.mark.parametrize("cell", [{"a": 1}, [["joy"]]])
def test_labels_with_parts_are_a_bad_row(tmp_path: Path, cell: object) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"text": "a", "label": cell}))
    (row,) = list(open_corpus(path))
    assert isinstance(row, BadRow)
    assert row.reason.startswith("label must be a single value, got ")


@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_row_without_words_needs_another_modality(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "a.wav").touch()
    path = tmp_path / "f.jsonl"
    lines = [
        {"id": "x", "text": text, "speech": "a.wav"},
        {"id": "y", "text": text, "speech": ""},
        {"id": "z"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    spoken, empty, missing = list(open_corpus(path))
    assert isinstance(spoken, Sample)
    assert (spoken.text, spoken.modalities) == (None, ("speech",))
    for bad, name in ((empty, "y"), (missing, "z")):
        assert isinstance(bad, BadRow)
        assert bad.reason.startswith("text must not be empty where nothing else is there")
        assert bad.id == name


def test_text_of_another_type_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"text": 7}\n{"text": ["a"]}\n{"text": "a"}\n')
    first, second, _ = list(open_corpus(path))
    assert isinstance(first, BadRow)
    assert isinstance(second, BadRow)
    assert first.reason == "text must be a string, got int; is it the right column?"
    assert second.reason == "text must be a string, got list; is it the right column?"


def test_media_paths_start_at_the_corpus_and_missing_files_are_bad_rows(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    for name in ("v.wav", "f.png", "p.csv"):
        (tmp_path / "media" / name).touch()
    path = tmp_path / "f.csv"
    path.write_text(
        "text,speech,face,physiology\na,media/v.wav,media/f.png,media/p.csv\nb,,media/gone.png,\nc,media,,\n"
    )
    whole, gone, folder = list(open_corpus(path))
    assert isinstance(whole, Sample)
    assert whole.modalities == ("text", "speech", "face", "physiology")
    assert whole.speech is not None
    assert whole.face is not None
    assert whole.physiology is not None
    media = tmp_path / "media"
    assert [whole.speech.path, whole.face.path, whole.physiology.path] == [
        media / "v.wav",
        media / "f.png",
        media / "p.csv",
    ]
    assert isinstance(gone, BadRow)
    assert gone.reason.startswith("face must be a file that exists, got 'media/gone.png'; relative paths start at")
    assert isinstance(folder, BadRow)
    path.write_text(f"text,face\na,f.png\nb,{media / 'f.png'}\n")
    assert all(isinstance(row, Sample) for row in open_corpus(path, base_dir=media))
    assert [type(row) for row in open_corpus(path)] == [BadRow, Sample]


@pytest.mark.parametrize("cell", ["x" * 5000, "a\\u0000b", 7, ["a.png"], "~/a", "."])
def test_media_cells_that_are_no_file_are_bad_rows(tmp_path: Path, cell: object) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"text": "a", "face": cell}).replace("\\\\u", "\\u"))
    (row,) = list(open_corpus(path))
    assert isinstance(row, BadRow)
    assert row.reason.startswith("face must be ")


def test_metadata_is_the_whole_row_as_read(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    value = {"id": 7, "text": "a", "stars": 4.5, "tags": ["x"], "none": None}
    path.write_text(json.dumps(value))
    row = only(path)
    assert dict(row.metadata) == value
    assert row.id == "7"


def test_columns_are_found_by_obvious_names_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("ID,Utterance,Speaker,Emotion,image\nx,hello,Ann,joy,http://a/b.png\n")
    row = only(path)
    assert (row.id, row.text, row.speaker, row.gold) == ("x", "hello", "Ann", ("joy",))
    assert row.modalities == ("text",)  # a column `image` is not taken for files
    assert only(path, label="", id="").gold is None
    path.write_text("text,turn\nhello,1\n")
    assert open_corpus(path).columns.turn is None  # of no use without a dialogue
    path.write_text("ID,Utterance,Speaker,Emotion\nx,hello,Ann,joy\n")
    assert only(path, label="", id="").id == "1"


def test_named_columns_win_over_obvious_ones(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("text,title,label\nbody,head,spam\n")
    row = only(path, text="title", speaker="text")
    assert (row.text, row.speaker) == ("head", "body")


def test_a_file_of_one_column_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("Quelle parole\nbonjour\n")
    assert only(path).text == "bonjour"


def test_used_cells_beyond_the_limit_are_bad_rows_and_unused_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    long = "x" * 101
    path.write_text(f"id,text,label,other\n1,a,b,{long}\n{long},a,b,c\n3,{long},b,c\n4,a,{long},c\n")
    rows = list(open_corpus(path, max_chars=100))
    reasons = [row.reason.split(" must")[0] if isinstance(row, BadRow) else "" for row in rows]
    assert reasons == ["", "id", "text", "label"]
    assert isinstance(rows[2], BadRow)
    assert (rows[2].id, rows[2].excerpt) == ("3", "x" * 80)


def test_nan_is_an_empty_cell(tmp_path: Path) -> None:
    rows = [{"id": None, "text": text, "dialogue_id": None, "speaker": None, "label": None} for text in ("one", "two")]
    lines = "".join(json.dumps(row).replace("null", "NaN") + "\n" for row in [*rows, rows[0] | {"text": None}])
    (tmp_path / "rows.jsonl").write_text(lines)
    columns = Columns(id="id", dialogue="dialogue_id", speaker="speaker", label="label")
    first, second, third = open_corpus(tmp_path / "rows.jsonl", columns=columns)
    for number, row in enumerate((first, second), start=1):
        assert isinstance(row, Sample), row
        assert (row.id, row.dialogue, row.speaker, row.context, row.gold) == (str(number), None, None, (), None)
    assert isinstance(third, BadRow)
    assert "must not be empty" in third.reason
