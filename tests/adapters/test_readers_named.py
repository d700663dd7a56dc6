"""Published corpora by name: small files in their exact layout, and the real ones where they are at hand."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample

SHARED = Path(os.environ.get("THYMOS_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "text"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the corpora are not at {SHARED}")


def read(path: Path, kind: str, **options: Any) -> list[Sample]:
    rows = list(open_corpus(path, format=kind, **options))
    assert not [row for row in rows if isinstance(row, BadRow)]
    return [row for row in rows if isinstance(row, Sample)]


def said(sample: Sample) -> list[tuple[str | None, str]]:
    return [(turn.speaker, turn.text) for turn in sample.context]


def test_goemotions_ids_become_names(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_text('"Well" he said\t27\tc1\n"""Quoted"" by the rules"\t0,17\tc2\nplain, "with" both\t26\tc3\n')
    rows = read(path, "goemotions")
    assert [(row.id, row.text, row.gold) for row in rows] == [
        ("c1", '"Well" he said', ("neutral",)),
        ("c2", '"Quoted" by the rules', ("admiration", "joy")),
        ("c3", 'plain, "with" both', ("surprise",)),
    ]


def test_goemotions_rows_that_are_not_so_are_bad(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_text("a\t28\tc1\na\t-1\tc2\na\tjoy,x\tc3\na\t1\n\na\tjoy\tc5\n")
    *bad, good = list(open_corpus(path, format="goemotions"))
    reasons = [row.reason for row in bad if isinstance(row, BadRow)]
    assert [reason.split(";")[0] for reason in reasons] == [
        "labels must be ids from 0 to 27, got '28'",
        "labels must be ids from 0 to 27, got '-1'",
        "labels must be ids from 0 to 27, got 'joy,x'",
        "row must be text, label ids and comment id with tabs between, got 2 cells",
    ]
    assert isinstance(good, Sample)
    assert good.gold == ("joy",)


def test_goemotions_tables_of_the_hub_are_read_too(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "0000.parquet"
    pq.write_table(pa.table({"text": ["a"], "labels": [[2, 27]], "id": ["c1"]}), path)
    (row,) = read(path, "goemotions")
    assert (row.id, row.gold) == ("c1", ("anger", "neutral"))


MELD = """Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime
1,One.,Ann,neutral,neutral,0,0,3,19,"00:14:38,127","00:14:40,378"
2,"Two, ""three"".",Bob,joy,positive,0,1,3,19,"00:14:38,127","00:14:40,378"
4,Four.,Ann,anger,negative,1,0,3,19,"00:14:38,127","00:14:40,378"
"""


def test_meld_dialogues_have_context_and_composed_ids(tmp_path: Path) -> None:
    path = tmp_path / "dev_sent_emo.csv"
    path.write_text(MELD)
    one, two, four = read(path, "meld")
    assert (two.id, two.text, two.speaker, two.gold) == ("0-1", 'Two, "three".', "Bob", ("joy",))
    assert [said(one), said(two), said(four)] == [[], [("Ann", "One.")], []]
    assert two.metadata["StartTime"] == "00:14:38,127"
    assert read(path, "meld", columns=Columns(label="Sentiment"))[1].gold == ("positive",)
    assert read(path, "meld", columns=Columns(id="Sr No."))[1].id == "2"


def test_dailydialog_gives_a_sample_for_every_turn(tmp_path: Path) -> None:
    turns = [
        {"speaker": "A", "text": "a", "emotion": "no emotion", "act": "question"},
        {"speaker": "B", "text": "b", "emotion": "happiness", "act": "inform"},
        {"speaker": "A", "text": "", "emotion": "no emotion", "act": "inform"},
        "no turn",
    ]
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps({"dialogue_id": "test-7", "topic": "Work", "turns": turns}) + '\n{"turns": 3}\n')
    a, b, empty, no_turn, no_dialogue = list(open_corpus(path, format="dailydialog"))
    assert isinstance(a, Sample)
    assert isinstance(b, Sample)
    assert (a.id, a.speaker, a.gold, said(a)) == ("test-7-1", "A", ("no emotion",), [])
    assert (b.id, b.speaker, b.gold, said(b)) == ("test-7-2", "B", ("happiness",), [("A", "a")])
    assert (b.metadata["topic"], b.metadata["act"], b.metadata["turn"]) == ("Work", "inform", 2)
    assert isinstance(empty, BadRow)
    assert isinstance(no_turn, BadRow)
    assert isinstance(no_dialogue, BadRow)
    assert (empty.id, empty.row, no_turn.id, no_dialogue.id) == ("test-7-3", 3, "test-7-4", "2")


def test_dailydialog_in_the_original_spacing_has_the_same_ids(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    dialogue = [{"emotion": "no_emotion", "act": "inform", "text": "a ."}]
    path.write_text(json.dumps({"fold": "test", "topic": "x", "dialogue": dialogue * 2}))
    a, b = read(path, "dailydialog")
    assert (a.id, a.gold, b.id, said(b)) == ("test-0-1", ("no emotion",), "test-0-2", [("A", "a .")])


def test_dailydialog_tables_of_the_hub_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"dialog": ["a", "b"], "act": [2, 1], "emotion": [0, 4]}))
    a, b = read(path, "dailydialog")
    assert (a.id, a.gold, b.id, b.gold, said(b)) == (
        "1-1",
        ("no emotion",),
        "1-2",
        ("happiness",),
        [("A", "a")],
    )


CONVERSATION = {
    "conv_id": "hit:0_conv:1",
    "emotion": "guilty",
    "situation": "s",
    "turns": [
        {"role": role, "text": text}
        for role, text in (
            ("speaker", "a"),
            ("listener", "b"),
            ("speaker", "c"),
            ("listener", "d"),
            ("speaker", "e"),
        )
    ],
}


def test_empathetic_samples_are_the_speakers_turns_after_those_of_the_listener(
    tmp_path: Path,
) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps(CONVERSATION))
    rows = read(path, "empatheticdialogues", context_turns=3)
    assert [(row.id, row.text, row.gold, row.speaker) for row in rows] == [
        ("hit:0_conv:1-1", "a", ("guilty",), "Speaker"),
        ("hit:0_conv:1-3", "c", ("guilty",), "Speaker"),
        ("hit:0_conv:1-5", "e", ("guilty",), "Speaker"),
    ]
    assert said(rows[1]) == [("Speaker", "a"), ("Listener", "b")]
    assert said(rows[2]) == [("Listener", "b"), ("Speaker", "c"), ("Listener", "d")]
    assert rows[0].metadata["situation"] == "s"


def test_empathetic_tables_as_published_give_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    head = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
    texts = ["well_comma_ a", "b", "c"]
    lines = [f"hit:0_conv:1,{n},guilty,s,{n % 2},{text},5|5,\n" for n, text in enumerate(texts, start=1)]
    path.write_text(head + "".join(lines) + "hit:0_conv:2,x,guilty,s,1,e,5|5,\n")
    a, c, bad = list(open_corpus(path, format="empatheticdialogues"))
    assert isinstance(a, Sample)
    assert isinstance(c, Sample)
    assert (a.id, a.text, a.gold) == ("hit:0_conv:1-1", "well, a", ("guilty",))
    assert (c.id, said(c)) == ("hit:0_conv:1-3", [("Speaker", "well, a"), ("Listener", "b")])
    assert isinstance(bad, BadRow)
    assert bad.reason.startswith("utterance_idx must be a number from 1, got 'x'")


def test_empathetic_turns_of_no_known_role_are_bad(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    turns = [{"role": "speaker", "text": "a"}, {"role": "narrator", "text": "b"}, 3]
    path.write_text(json.dumps({"conv_id": "c", "emotion": "sad", "turns": turns}) + "\n{}\n")
    _, narrator, number, no_turns = list(open_corpus(path, format="empatheticdialogues"))
    assert isinstance(narrator, BadRow)
    assert isinstance(number, BadRow)
    assert isinstance(no_turns, BadRow)
    assert narrator.reason.endswith("got role 'narrator'")
    assert (narrator.id, number.id, no_turns.id) == ("c-2", "c-3", "2")


def test_dair_lines_and_label_ids(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text("i feel a; b;joy\nno label\n\ni feel c;anger\n")
    a, bad, c = list(open_corpus(path, format="dair"))
    assert isinstance(a, Sample)
    assert isinstance(bad, BadRow)
    assert isinstance(c, Sample)
    assert (a.text, a.gold, c.id, c.gold) == ("i feel a; b", ("joy",), "3", ("anger",))
    assert bad.reason == "row must be text;label, got no semicolon; mend this line"
    (tmp_path / "f.csv").write_text("text,label\na,0\nb,5\nc,6\n")
    first, last, unknown = list(open_corpus(tmp_path / "f.csv", format="dair"))
    assert isinstance(first, Sample)
    assert isinstance(last, Sample)
    assert (first.gold, last.gold) == (("sadness",), ("surprise",))
    assert isinstance(unknown, BadRow)


def test_a_named_format_takes_only_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(MELD.replace("Sr No.", "id").replace("Season", "face"))
    assert read(path, "meld")[0].id == "0-0"


def label_counts(folder: str, split: str) -> dict[str, int]:
    """Rows and labels of a split from the corpus' own LABEL_COUNTS.tsv, made when the data were laid out."""
    table = (SHARED / folder / "LABEL_COUNTS.tsv").read_text(encoding="utf-8").splitlines()
    header, *lines = [line.split("\t") for line in table]
    counts = {line[0]: int(line[header.index(split)]) for line in lines}
    return {label: count for label, count in counts.items() if count}


@needs_shared
@pytest.mark.parametrize(
    ("kind", "folder", "file", "split", "rows"),
    [
        ("goemotions", "goemotions", "test.tsv", "test", 5427),  # the numbers are those of each SOURCE.md
        ("goemotions", "goemotions", "dev.tsv", "dev", 5426),
        ("meld", "meld", "test_sent_emo.csv", "test", 2610),
        ("meld", "meld", "train_sent_emo.csv.gz", "train", 9989),
        ("dailydialog", "dailydialog", "test.jsonl.gz", "test", 7740),
        ("dailydialog", "dailydialog", "tokenised_original/validation.jsonl.gz", "validation", 8069),
        ("dair", "dair_ai_emotion", "test.txt", "test", 2000),
        ("dair", "dair_ai_emotion", "val.txt", "val", 2000),
    ],
)
def test_real_corpora_have_their_published_rows_and_labels(
    kind: str, folder: str, file: str, split: str, rows: int
) -> None:
    found = read(SHARED / folder / file, kind)
    counts = label_counts(folder, split)
    assert len(found) == counts.pop("(items)") == rows
    assert Counter(label for row in found for label in row.gold or ()) == counts
    assert len({row.id for row in found}) == rows


@needs_shared
def test_empathetic_test_split_has_its_speakers_turns() -> None:
    with gzip.open(SHARED / "empatheticdialogues/test.jsonl.gz", "rt", encoding="utf-8") as lines:
        conversations = [json.loads(line) for line in lines]
    speakers = Counter(
        (conversation["emotion"], turn["text"])
        for conversation in conversations
        for turn in conversation["turns"]
        if turn["role"] == "speaker"
    )
    found = read(SHARED / "empatheticdialogues/test.jsonl.gz", "empatheticdialogues")
    assert Counter((row.gold[0], row.text) for row in found if row.gold) == speakers
    assert sum(map(len, (conversation["turns"] for conversation in conversations))) == 10_969  # as published
    assert max(len(row.context) for row in found) == 5
