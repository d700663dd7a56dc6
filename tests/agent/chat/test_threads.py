"""Threads: kept, listed, exported, deleted without a trace; files are looked at before they stay."""

import io
import json
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from thymos.agent.chat.calls import Call
from thymos.agent.chat.findings import Analysis
from thymos.agent.chat.media import Limits, plain_name, sniff
from thymos.agent.chat.threads import Threads
from thymos.agent.chat.values import Answer, Feedback, Message
from thymos.agent.reasoning.values import Reasoning
from thymos.prompts.errors import InputError

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00"
    b"\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


def answer(text: str = "It is joy.") -> Answer:
    reasoning = Reasoning(
        text="we won", taxonomy="ekman", labels=("joy",), before={"joy": 0.9, "anger": 0.1},
        after={"joy": 0.9, "anger": 0.1}, cues=(),
    )  # fmt: skip
    return Answer(text=text, tool="analyse", findings=(Analysis(title="x", reasoning=reasoning),))


@pytest.fixture
def threads(tmp_path: Path) -> Threads:
    return Threads(tmp_path / "home")


def test_a_conversation_is_there_after_it_was_closed(threads: Threads) -> None:
    one = threads.create("ekman")
    turn = threads.begin_turn(one.id, Message(text="we won"))
    threads.end_turn(one.id, turn.number, answer(), Call(tool="analyse"), "ekman")
    again = Threads(threads.home)
    (kept,) = again.turns(one.id)
    assert kept.answer == answer()
    assert again.memory(one.id) == Call(tool="analyse")
    assert again.get(one.id).title == "we won"


def test_a_message_is_kept_before_it_is_answered(threads: Threads) -> None:
    one = threads.create()
    threads.begin_turn(one.id, Message(text="hello"))
    (turn,) = Threads(threads.home).turns(one.id)
    assert turn.message.text == "hello"
    assert turn.answer is None


def test_the_latest_conversation_comes_first(threads: Threads) -> None:
    old, new = threads.create(), threads.create()
    threads.begin_turn(old.id, Message(text="later"))
    assert [each.id for each in threads.listed()] == [old.id, new.id]


def test_deleting_leaves_no_word_and_no_file(threads: Threads) -> None:
    one = threads.create()
    attachment = threads.attach(one.id, "face.png", io.BytesIO(PNG))
    threads.begin_turn(one.id, Message(text="zanzibar secret", attachments=(attachment,)))
    threads.delete(one.id)
    assert threads.listed() == []
    assert list((threads.home / "media").iterdir()) == []
    for file in threads.home.glob("threads.sqlite*"):
        assert b"zanzibar" not in file.read_bytes(), file.name
    with pytest.raises(InputError, match="thread must be one that is kept here"):
        threads.turns(one.id)


def test_many_writers_lose_no_turn(threads: Threads) -> None:
    one = threads.create()

    def write(number: int) -> None:
        threads.begin_turn(one.id, Message(text=f"message {number}"))

    workers = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    turns = threads.turns(one.id)
    assert [turn.number for turn in turns] == list(range(16))
    assert {turn.message.text for turn in turns} == {f"message {number}" for number in range(16)}


WRITER = """
import sys
from pathlib import Path
from thymos.agent.chat.threads import Threads
from thymos.agent.chat.values import Message
threads = Threads(Path(sys.argv[1]))
for number in range(1_000_000):
    threads.begin_turn(sys.argv[2], Message(text=f"message {number}"))
"""


def test_a_process_that_is_killed_leaves_whole_turns(threads: Threads) -> None:
    one = threads.create()
    process = subprocess.Popen([sys.executable, "-c", WRITER, threads.home, one.id])
    while len(threads.turns(one.id)) < 3:
        assert process.poll() is None, "the writer ended by itself"
        time.sleep(0.01)
    process.kill()
    process.wait()
    turns = threads.turns(one.id)
    assert [turn.message.text for turn in turns] == [f"message {number}" for number in range(len(turns))]
    threads.begin_turn(one.id, Message(text="and on"))
    assert threads.turns(one.id)[-1].message.text == "and on"


def test_feedback_becomes_training_rows(threads: Threads) -> None:
    one = threads.create("ekman")
    for number in range(2):
        turn = threads.begin_turn(one.id, Message(text="we won"))
        threads.end_turn(one.id, turn.number, answer(f"answer {number}"), None, "ekman")
    threads.feedback(one.id, 0, Feedback(rating=1))
    threads.feedback(one.id, 1, Feedback(rating=-1, label="anger", comment="ironic"))
    rows = list(threads.export_feedback())
    assert [(row["text"], row["label"], row["rating"]) for row in rows] == [
        ("we won", "joy", 1),
        ("we won", "anger", -1),
    ]
    assert rows[1]["comment"] == "ironic"


def test_feedback_on_what_was_not_answered_is_refused(threads: Threads) -> None:
    one = threads.create()
    threads.begin_turn(one.id, Message(text="hm"))
    with pytest.raises(InputError, match="on an answer of the thread, got turn 0"):
        threads.feedback(one.id, 0, Feedback(rating=1))


def test_exports_hold_every_turn(threads: Threads) -> None:
    one = threads.create()
    turn = threads.begin_turn(one.id, Message(text="we won"))
    threads.end_turn(one.id, turn.number, answer(), None, "ekman")
    threads.begin_turn(one.id, Message(text="unanswered"))
    text = threads.export(one.id, "markdown")
    assert "> we won" in text
    assert "It is joy." in text
    assert "*Not answered.*" in text
    told = json.loads(threads.export(one.id, "json"))
    assert [turn["message"]["text"] for turn in told["turns"]] == ["we won", "unanswered"]


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    threads = Threads(tmp_path, Limits(size=1000))
    one = threads.create()
    with pytest.raises(InputError, match=r"big.wav must be at most 1,000 bytes"):
        threads.attach(one.id, "big.wav", io.BytesIO(b"RIFF0000WAVE" + b"\0" * 2000))
    assert list((tmp_path / "media" / one.id).iterdir()) == []


def test_the_files_of_a_conversation_have_a_limit_together(tmp_path: Path) -> None:
    threads = Threads(tmp_path, Limits(size=1000, total=1500))
    one = threads.create()
    threads.attach(one.id, "a.txt", io.BytesIO(b"a" * 900))
    with pytest.raises(InputError, match="at most 600 bytes here"):
        threads.attach(one.id, "b.txt", io.BytesIO(b"b" * 900))


def test_a_picture_with_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    threads = Threads(tmp_path, Limits(pixels=0))
    one = threads.create()
    with pytest.raises(InputError, match="at most 0 pixels, got 1 x 1"):
        threads.attach(one.id, "dot.png", io.BytesIO(PNG))
    assert list((tmp_path / "media" / one.id).iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x\\y.wav", "a/b.wav", "\x00\x1b[31m.wav", "", "...", "x" * 500]
)
def test_names_lose_folders_and_control_characters(name: str) -> None:
    kept = plain_name(name)
    assert kept
    assert len(kept) <= 120
    assert not set(kept) & set("/\\\x00\x1b")
    assert kept not in (".", "..")


@pytest.mark.parametrize("thread", ["../x", "a" * 32 + "/..", "A" * 32, ""])
def test_a_thread_that_is_none_names_no_folder(threads: Threads, thread: str) -> None:
    with pytest.raises(InputError):
        threads.attach(thread, "a.txt", io.BytesIO(b"x"))
    assert not (threads.home / "media").exists()


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("x.bin", PNG, "face"),
        ("x.png", b"RIFF\x00\x00\x00\x00WAVEfmt ", "speech"),
        ("x", b"\x1aE\xdf\xa3rest", "speech"),
        ("c.csv", b"id,text\n1,hello there\n2,go\n", "corpus"),
        ("w.csv", b"time,eda\n" + b"".join(b"%d,0.%d\n" % (n, n) for n in range(20)), "physiology"),
        ("d.txt", b"Ann: hi\nBob: hello\n", "dialogue"),
        ("d.txt", b"one line\nanother line\n", "corpus"),
        ("x.jsonl", b'{"text": "a"}\n', "corpus"),
        ("x.parquet", b"PAR1rest", "corpus"),
        ("broken.wav", b"\x00\x01\x02\x03", "speech"),
    ],
)
def test_a_file_is_taken_for_what_it_holds(name: str, head: bytes, kind: str) -> None:
    assert sniff(name, head)[0] == kind


@pytest.mark.parametrize(
    ("name", "head"), [("x.exe", b"MZ\x00\x01"), ("x.html", b""), ("x.pkl", b"\x80\x04\x95\x00\x00")]
)
def test_what_is_nothing_usable_is_refused(name: str, head: bytes) -> None:
    with pytest.raises(InputError, match="must"):
        sniff(name, head)


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "threads.sqlite").write_bytes(b"hello, I am no database at all" * 10)
    with pytest.raises(InputError, match="must be a database of conversations"):
        Threads(tmp_path)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    Threads(tmp_path)
    with sqlite3.connect(tmp_path / "threads.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="got a newer one"):
        Threads(tmp_path)


def test_the_database_is_for_its_owner_alone(threads: Threads) -> None:
    assert (threads.home / "threads.sqlite").stat().st_mode & 0o077 == 0
