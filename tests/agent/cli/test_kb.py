"""`thymos kb`: documents go in, passages are found, shown and written; what is wrong is one sentence."""

import json
from pathlib import Path

import pytest

from thymos.agent.cli.kb import export, list_, search, show
from thymos.agent.cli.kb_change import add, remove
from thymos.prompts.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with two small documents, embedded by the real model."""
    place = tmp_path_factory.mktemp("kb")
    (place / "awe.md").write_text(
        "---\nid: awe\ntitle: Awe\nemotions: [admiration]\n---\nFelt before a vast mountain.\n"
    )
    (place / "rows.csv").write_text("text,emotion\nI hate waiting for the bus.,anger\nMy cat died.,sadness\n")
    add((place / "awe.md",), kb=place / "base", licence="CC0-1.0")
    add((place / "rows.csv",), exemplars=True, taxonomy="ekman", kb=place / "base", licence="CC-BY-4.0")
    return place


def test_what_was_added_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search("a huge peak", kb=folder / "base", as_json=True)
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["id"], first["licence"]) == ("awe", "CC0-1.0")
    search("late public transport", kind=("exemplar",), kb=folder / "base")
    out = capsys.readouterr().out
    assert "[kb:rows.csv#1]" in out
    search("qwxz", least=0.9, kb=folder / "base")
    assert "Nothing is near enough" in capsys.readouterr().out


def test_a_query_in_another_language_is_doubted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search("什么是敬畏？", kb=folder / "base", as_json=True)
    said = capsys.readouterr()
    assert "this seems not to be English, which minilm was made for" in said.err
    assert all(json.loads(line) for line in said.out.splitlines())


@pytest.mark.parametrize(("what", "known"), [("kind", "exemplar"), ("document", "rows.csv"), ("modality", "speech")])
def test_a_filter_that_nothing_can_pass_is_told(what: str, known: str, folder: Path) -> None:
    with pytest.raises(InputError, match=f"{what} must be one of .*{known}.*, got 'nonsense'"):
        search("a huge peak", kb=folder / "base", **{what: ("nonsense",)})  # type: ignore[arg-type]


def test_documents_are_listed_with_their_licence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_(kb=folder / "base")
    out = capsys.readouterr().out
    assert "CC-BY-4.0" in out
    assert "exemplar 2" in out


def test_the_same_file_again_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add((folder / "awe.md",), kb=folder / "base")
    assert "unchanged" in capsys.readouterr().err
    add((folder / "rows.csv",), exemplars=True, taxonomy="ekman", kb=folder / "base")
    assert "unchanged" in capsys.readouterr().err


def test_another_licence_column_or_label_set_is_no_unchanged_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, base = tmp_path / "t.csv", tmp_path / "base"
    table.write_text("text,more,emotion\nOne thing.,Another thing.,joy\n")
    add((table,), kb=base)
    add((table,), kb=base, licence="CC0-1.0")
    list_(kb=base)
    assert "CC0-1.0" in capsys.readouterr().out
    add((table,), kb=base, text_column="more")
    show("t.csv#1", kb=base)
    shown = capsys.readouterr().out
    assert "Another thing." in shown
    assert "CC0-1.0" in shown, "the licence of the document that is replaced stays"
    for taxonomy in ("ekman", "dair"):
        add((table,), kb=base, exemplars=True, taxonomy=taxonomy, text_column="more", emotions_column="emotion")
        assert "1 passage, 1 replaced" in capsys.readouterr().err


def test_an_option_that_would_do_nothing_is_refused(folder: Path) -> None:
    for options, said in (
        ({"taxonomy": "ekman"}, "--exemplars"),
        ({"format": "csv"}, "--exemplars"),
        ({"exemplars": True, "title_column": "text"}, "title column"),
        ({"embedder": "other/model"}, r"made the base \(minilm\)"),
    ):
        with pytest.raises(InputError, match=said):
            add((folder / "rows.csv",), kb=folder / "base", **options)


def test_what_ships_is_not_taken_out_of_the_default_base() -> None:
    with pytest.raises(InputError, match="would come again"):
        remove("thymos")


def test_a_passage_is_shown_by_its_id_or_as_it_is_cited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("awe", "kb:awe", "[kb:awe]"):
        show(name, kb=folder / "base")
        assert "vast mountain" in capsys.readouterr().out
    with pytest.raises(InputError, match="perhaps awe"):
        show("huge-mountain", kb=folder / "base")


def test_passages_are_written(folder: Path, tmp_path: Path) -> None:
    export(tmp_path / "out.jsonl", document=("rows.csv",), kb=folder / "base")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["emotions"] for row in rows] == [["anger"], ["sadness"]]
    export(tmp_path / "out.parquet", kb=folder / "base")
    with pytest.raises(InputError, match=r"\.jsonl or \.parquet"):
        export(tmp_path / "out.txt", kb=folder / "base")


def test_a_document_is_taken_out(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.txt").write_text("Something short.")
    add((tmp_path / "x.txt",), kb=folder / "base")
    remove("x.txt", kb=folder / "base")
    assert "took out 1 passage\n" in capsys.readouterr().out
    with pytest.raises(InputError, match="one of the base"):
        remove("x.txt", kb=folder / "base")


def test_names_and_texts_of_documents_steer_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my notes[draft].md").write_text("A vast \x1b[31mmountain\x9b.\nAnd [bold]snow[/bold].\n")
    (tmp_path / "x[_b].md").write_text("Cats sleep by day.\n")
    add((tmp_path / "my notes[draft].md", tmp_path / "x[_b].md"), kb=tmp_path / "kb", licence="[/b] CC0")
    capsys.readouterr()
    list_(kb=tmp_path / "kb")
    told = capsys.readouterr().out
    assert "my notes[draft].md" in told
    assert "[/b] CC0" in told
    search("mountain", kb=tmp_path / "kb")
    told = capsys.readouterr().out
    assert "[kb:my-notes-draft-.md#1]" in told
    assert "[bold]snow[/bold]" in told
    assert not {"\x1b", "\x9b"} & set(told)
    show("[kb:my-notes-draft-.md#1]", kb=tmp_path / "kb")
    assert not {"\x1b", "\x9b"} & set(capsys.readouterr().out)
    remove("my notes[draft].md", kb=tmp_path / "kb")


def test_passages_of_one_id_and_documents_of_one_name_do_not_replace_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.csv").write_text("id,text\nawe,A vast mountain.\nawe,An endless sea.\njoy,A party.\n")
    add((tmp_path / "rows.csv",), kb=tmp_path / "kb")
    assert "3 passages in" in capsys.readouterr().err
    search("sea", kb=tmp_path / "kb")
    assert "[kb:rows.csv#awe-2]" in capsys.readouterr().out
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "rows.csv").write_text("text\nAnother.\n")
    with pytest.raises(InputError, match=r"names of their own, got 'rows.csv' twice"):
        add((tmp_path / "rows.csv", tmp_path / "more" / "rows.csv"), kb=tmp_path / "kb")
    with pytest.raises(InputError, match="must not be called 'thymos'"):
        add((tmp_path / "rows.csv",), name="thymos")


def test_a_base_without_passages_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.txt").write_text("Something short.")
    add((tmp_path / "x.txt",), kb=tmp_path / "base")
    remove("x.txt", kb=tmp_path / "base")
    search("something", kb=tmp_path / "base")
    assert "The base holds no passage" in capsys.readouterr().out


def test_nothing_is_added_where_one_file_is_wrong(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("A good one.")
    with pytest.raises(InputError, match="must be a file"):
        add((tmp_path / "good.txt", tmp_path / "absent.txt"), kb=tmp_path / "base")
    assert not (tmp_path / "base").exists()
    with pytest.raises(InputError, match="for one file"):
        add((tmp_path / "good.txt", tmp_path / "good.txt"), name="n", kb=folder / "base")
    with pytest.raises(InputError, match="what is looked for"):
        search(" ", kb=folder / "base")
    with pytest.raises(InputError, match="thymos kb add"):
        list_(kb=tmp_path / "nowhere")
