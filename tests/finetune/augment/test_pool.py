"""Rows are read with labels of the label set scored in, and what stands in the test set teaches nobody."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.finetune.augment_rows import TAXONOMY
from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.finetune.augment.pool import apart, read_rows, read_synthetic, refuse_copies, words_of
from thymos.finetune.augment.values import Row
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError


def synth(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_without_text_or_label_are_counted_by_reason() -> None:
    samples: list[Sample | BadRow] = [
        Sample("a", "won", gold=("joy",)),
        Sample("b", " ", gold=("joy",)),
        Sample("c", "so", gold=()),
        Sample("d", "so"),
        Sample("e", "so", gold=("joy", "fear")),
        BadRow(6, "row must be whole"),
    ]
    found = read_rows(samples, TAXONOMY, what="real")
    assert [row.id for row in found.rows] == ["a"]
    assert found.left_out == {"no text": 1, "no label": 2, "several labels": 1, "could not be read": 1}


def test_labels_are_mapped_and_unknown_ones_left_out() -> None:
    samples = [
        Sample("a", "thanks", gold=("gratitude",)),
        Sample("b", "ha", gold=("amusement", "joy")),
        Sample("c", "grr", gold=("anger", "joy")),
    ]
    found = read_rows(samples, load_taxonomy("ekman"), load_map("goemotions", "ekman"), what="real")
    assert [(row.id, row.labels) for row in found.rows] == [("a", ("joy",)), ("b", ("joy",))]
    assert found.left_out == {"several labels": 1}


def test_a_label_outside_the_label_set_is_an_error_that_names_it() -> None:
    with pytest.raises(InputError, match=r"labels of real row 'a' must be of 'invented' .* got 'bliss'"):
        read_rows([Sample("a", "so", gold=("bliss",))], TAXONOMY, what="real")


def test_nothing_to_draw_from_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match="got 1 with no label"):
        read_rows([Sample("a", "so")], TAXONOMY, what="real")


def test_a_synthetic_dialogue_gives_its_labelled_turns(tmp_path: Path) -> None:
    turns = [
        {"speaker": "A", "text": "It is dark.", "label": "fear"},
        {"speaker": "B", "text": "Well.", "label": None},
        {"speaker": "A", "text": "We won!", "label": "joy"},
    ]
    path = synth(
        tmp_path / "s.jsonl",
        {"id": "x", "kind": "dialogue", "labels": ["joy"], "turns": turns, "text": "It is dark.\nWell.\nWe won!"},
        {"id": "y", "kind": "utterance", "labels": ["anger"], "turns": [], "text": "Liar!"},
    )
    assert read_synthetic(path, TAXONOMY).rows == (
        Row("x-0", "It is dark.", ("fear",)),
        Row("x-2", "We won!", ("joy",)),
        Row("y", "Liar!", ("anger",)),
    )


def test_parquet_of_a_synthesis_is_read_as_its_lines_are(tmp_path: Path) -> None:
    turns = [{"speaker": "A", "text": "It is dark.", "label": "fear"}, {"speaker": "B", "text": "So.", "label": None}]
    rows = [
        {"id": "x", "kind": "dialogue", "labels": ["fear"], "turns": turns, "text": "It is dark.\nSo.", "plan": "{}"}
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "s.parquet")
    assert read_synthetic(tmp_path / "s.parquet", TAXONOMY).rows == (Row("x-0", "It is dark.", ("fear",)),)


def test_any_labelled_corpus_can_be_judged(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("text,label\nwe won,joy\n", encoding="utf-8")
    synth(tmp_path / "s.jsonl", {"text": "we lost", "label": "sadness"})
    assert [row.text for row in read_synthetic(tmp_path / "s.csv", TAXONOMY).rows] == ["we won"]
    assert [row.labels for row in read_synthetic(tmp_path / "s.jsonl", TAXONOMY).rows] == [("sadness",)]


def test_a_torn_line_of_synthetic_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"id": "x", "kind": "utterance", "labels": ["joy"], "text": "a"}\n{"id"\n')
    with pytest.raises(InputError, match=r"s\.jsonl line 2 must be JSON"):
        read_synthetic(tmp_path / "s.jsonl", TAXONOMY)


def test_bytes_that_are_no_text_and_a_row_of_another_kind_are_named(tmp_path: Path) -> None:
    first = b'{"id": "x", "kind": "utterance", "labels": ["joy"], "text": "a"}\n'
    (tmp_path / "s.jsonl").write_bytes(first + b'{"text": "\xff"}\n')
    with pytest.raises(InputError, match=r"s\.jsonl line 2 must be JSON"):
        read_synthetic(tmp_path / "s.jsonl", TAXONOMY)
    (tmp_path / "s.jsonl").write_bytes(first + b'{"id": "y", "labels": ["joy"], "text": "b"}\n' + first)
    with pytest.raises(InputError, match=r"s\.jsonl row 2 must be an utterance or a dialogue .* got kind None"):
        read_synthetic(tmp_path / "s.jsonl", TAXONOMY)


def test_a_synthetic_label_outside_the_label_set_is_refused(tmp_path: Path) -> None:
    path = synth(tmp_path / "s.jsonl", {"id": "x", "kind": "utterance", "labels": ["bliss"], "text": "a b"})
    with pytest.raises(InputError, match="synthetic row 'x'"):
        read_synthetic(path, TAXONOMY)


@pytest.mark.parametrize("copy", ["I'm  HERE, at last!", "im here at last", "I’m here - at last"])
def test_a_synthetic_row_of_the_test_set_is_refused_whatever_its_case_and_marks(copy: str) -> None:
    with pytest.raises(InputError, match=r"must not stand in the test set, got 1 that do \(s1\)"):
        refuse_copies([Row("s1", copy, ("joy",))], [Row("t", "I'm here at last.", ("joy",))])
    refuse_copies([Row("s1", "I'm here at least", ("joy",))], [Row("t", "I'm here at last.", ("joy",))])


def test_real_rows_of_the_test_set_are_left_out() -> None:
    pool = [Row("a", "We won!", ("joy",)), Row("b", "we lost", ("sadness",))]
    kept, same = apart(pool, [Row("t", "we won", ("joy",))])
    assert ([row.id for row in kept], same) == (["b"], 1)
    with pytest.raises(InputError, match="real rows must be others"):
        apart(pool[:1], [Row("t", "we won", ("joy",))])


def test_texts_of_marks_alone_are_no_copies_of_each_other() -> None:
    assert words_of("!!!") == "!!!"
    refuse_copies([Row("s", "!!!", ("joy",))], [Row("t", "???", ("joy",))])


def test_words_with_signs_on_their_letters_are_told_apart() -> None:
    assert words_of("की!") == words_of("की") != words_of("का")
    real = (Row("a", "मैं ठीक हूँ", ("joy",)), Row("b", "😍", ("joy",)), Row("c", "😡", ("anger",)))
    test = (Row("t", "मैं ठूँठ हूँ", ("joy",)), Row("u", "😡", ("anger",)))
    kept, gone = apart(real, test)
    assert ([row.id for row in kept], gone) == (["a", "b"], 1)
    refuse_copies(real[:2], test)
