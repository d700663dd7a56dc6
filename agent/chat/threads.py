"""`Threads`: conversations that survive restarts and `kill -9`, with their files; listed, resumed, exported, deleted.

Takes a folder; keeps `threads.sqlite` and `media/THREAD/` in it. Safe for several threads and processes. Knows nothing
of models or of how an answer comes about.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Row
from typing import BinaryIO, Literal

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call
from thymos.agent.chat.database import Database
from thymos.agent.chat.export import as_json, as_markdown
from thymos.agent.chat.media import Limits, check_picture, plain_name, sniff
from thymos.agent.chat.values import Answer, Feedback, Message, Thread, Turn
from thymos.prompts.errors import InputError, OutputError

_PIECE = 1 << 16  # bytes
_TITLE = 60  # characters
_TURNS = "(SELECT count(*) FROM turns WHERE thread = threads.id) AS turns"
_ID = re.compile(r"[0-9a-f]{32}")


def default_home() -> Path:
    """Return where conversations lie: $THYMOS_HOME, or `thymos/chat` under the user's data folder."""
    if own := os.environ.get("THYMOS_HOME"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "thymos" / "chat"


class Threads:
    """Conversations in a folder."""

    def __init__(self, home: Path, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        """Open or make the folder.

        Raises:
            OutputError: it can't be written.
            InputError: its database is of another kind.
        """
        self.home = home
        self.limits = limits
        self._db = Database(home / "threads.sqlite")

    def create(self, taxonomy: str = "goemotions") -> Thread:
        """Begin a conversation."""
        now, name = _now(), secrets.token_hex(16)
        with self._db.change() as db:
            db.execute("INSERT INTO threads VALUES (?, '', ?, ?, ?, NULL)", (name, now, now, taxonomy))
        return self.get(name)

    def listed(self) -> list[Thread]:
        """Return all conversations, the latest first."""
        with self._db.change() as db:
            rows = db.execute(f"SELECT *, {_TURNS} FROM threads ORDER BY updated DESC, rowid DESC").fetchall()
        return [_thread(row) for row in rows]

    def get(self, thread_id: str) -> Thread:
        """Return a conversation.

        Raises:
            InputError: there is none of this id.
        """
        with self._db.change() as db:
            row = db.execute(f"SELECT *, {_TURNS} FROM threads WHERE id = ?", (thread_id,)).fetchone()
        if row is None:
            raise InputError(
                f"thread must be one that is kept here, got {thread_id[:40]!r}; `thymos chat --list` shows them"
            )
        return _thread(row)

    def turns(self, thread_id: str) -> list[Turn]:
        """Return the turns of a conversation, the first one first.

        Raises:
            InputError: there is none of this id.
        """
        self.get(thread_id)
        with self._db.change() as db:
            rows = db.execute("SELECT * FROM turns WHERE thread = ? ORDER BY number", (thread_id,)).fetchall()
        return [_turn(row) for row in rows]

    def delete(self, thread_id: str) -> None:
        """Delete a conversation with its files and feedback; nothing of it stays."""
        from thymos.adapters.perception import forget

        self.get(thread_id)
        folder = self._folder(thread_id)
        for file in folder.iterdir() if folder.is_dir() else ():
            forget(file)  # what encoders kept of a recording is as personal as the recording
        shutil.rmtree(folder, ignore_errors=True)
        with self._db.change() as db:
            db.execute("DELETE FROM threads WHERE id = ?", (thread_id,))
        self._db.settle()

    def rename(self, thread_id: str, title: str) -> Thread:
        """Give a conversation another title."""
        kept = " ".join(title.split())[:_TITLE]
        if not kept:
            raise InputError("title must say something, got nothing; write a few words")
        self.get(thread_id)
        with self._db.change() as db:
            db.execute("UPDATE threads SET title = ? WHERE id = ?", (kept, thread_id))
        return self.get(thread_id)

    def attach(self, thread_id: str, name: str, content: BinaryIO) -> Attachment:
        """Put a file into a conversation.

        Raises:
            InputError: it is too large, empty, or nothing that can be used; then nothing of it stays.
        """
        self.get(thread_id)
        shown = plain_name(name)
        folder = self._folder(thread_id)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{secrets.token_hex(8)}.part"
        try:
            digest, size, head = self._receive(content, part, shown, folder)
            kind, media_type = sniff(shown, head)
            if kind == "face":
                check_picture(part, shown, self.limits)
            attachment = Attachment(id=digest[:32], name=shown, kind=kind, media_type=media_type, size=size)
            part.replace(folder / attachment.stored_name)
        except OSError as error:
            raise OutputError(f"{shown} can't be kept: {error.strerror}; free some space and try again") from error
        finally:
            part.unlink(missing_ok=True)
        with self._db.change() as db:
            row = (thread_id, attachment.id, attachment.model_dump_json())
            db.execute("INSERT OR REPLACE INTO attachments VALUES (?, ?, ?)", row)
        return attachment

    def media(self, thread_id: str, attachment_id: str) -> tuple[Attachment, Path]:
        """Return a file of a conversation and where it lies.

        Raises:
            InputError: there is none.
        """
        with self._db.change() as db:
            query = "SELECT attachment FROM attachments WHERE thread = ? AND id = ?"
            row = db.execute(query, (thread_id, attachment_id)).fetchone()
        attachment = Attachment.model_validate_json(row["attachment"]) if row else None
        path = self._folder(thread_id) / attachment.stored_name if attachment else None
        if attachment is None or path is None or not path.is_file():
            raise InputError(f"attachment must be one of this thread, got {attachment_id[:40]!r}; attach it again")
        return attachment, path

    def begin_turn(self, thread_id: str, message: Message) -> Turn:
        """Keep a message before it is answered, so that it is not lost whatever happens."""
        now = _now()
        with self._db.change() as db:
            db.execute("BEGIN IMMEDIATE")
            number = db.execute("SELECT count(*) FROM turns WHERE thread = ?", (thread_id,)).fetchone()[0]
            row = (thread_id, number, now, message.model_dump_json())
            db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, NULL, NULL)", row)
            title = _title(message)
            query = "UPDATE threads SET updated = ?, title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?"
            db.execute(query, (now, title, thread_id))
        return Turn(number=number, at=now, message=message)

    def end_turn(self, thread_id: str, number: int, answer: Answer, memory: Call | None, taxonomy: str) -> None:
        """Keep an answer, and what the router must know of it."""
        with self._db.change() as db:
            query = "UPDATE turns SET answer = ? WHERE thread = ? AND number = ?"
            db.execute(query, (answer.model_dump_json(), thread_id, number))
            told = memory.model_dump_json() if memory else None
            query = "UPDATE threads SET updated = ?, memory = ?, taxonomy = ? WHERE id = ?"
            db.execute(query, (_now(), told, taxonomy, thread_id))

    def memory(self, thread_id: str) -> Call | None:
        """Return the last call of a conversation that follow-ups can be about."""
        with self._db.change() as db:
            row = db.execute("SELECT memory FROM threads WHERE id = ?", (thread_id,)).fetchone()
        return Call.model_validate_json(row["memory"]) if row and row["memory"] else None

    def feedback(self, thread_id: str, turn: int, feedback: Feedback) -> None:
        """Keep what a user thinks of an answer; a later word replaces an earlier one.

        Raises:
            InputError: there is no such answer.
        """
        with self._db.change() as db:
            query = "UPDATE turns SET feedback = ? WHERE thread = ? AND number = ? AND answer IS NOT NULL"
            changed = db.execute(query, (feedback.model_dump_json(), thread_id, turn)).rowcount
        if not changed:
            raise InputError(
                f"feedback must be on an answer of the thread, got turn {turn}; choose one that was answered"
            )

    def export(self, thread_id: str, form: Literal["markdown", "json"]) -> str:
        """Return a conversation as text for people or as JSON."""
        thread, turns = self.get(thread_id), self.turns(thread_id)
        return as_markdown(thread, turns) if form == "markdown" else as_json(thread, turns)

    def export_feedback(self) -> Iterator[dict[str, object]]:
        """Yield what users thought of readings of words, as training rows: text, label, rating."""
        with self._db.change() as db:
            rows = db.execute("SELECT * FROM turns WHERE feedback IS NOT NULL ORDER BY thread, number").fetchall()
        for row in rows:
            turn = _turn(row)
            for finding in turn.answer.findings if turn.answer and turn.feedback else ():
                if finding.type == "analysis" and turn.feedback:
                    reasoning = finding.reasoning
                    right = turn.feedback.label or (reasoning.likeliest if turn.feedback.rating == 1 else None)
                    yield {
                        "id": f"{row['thread']}-{turn.number}",
                        "text": reasoning.text,
                        "speaker": reasoning.speaker,
                        "context": json.dumps(reasoning.context, ensure_ascii=False),
                        "taxonomy": reasoning.taxonomy,
                        "predicted": reasoning.likeliest,
                        "label": right,
                        "rating": turn.feedback.rating,
                        "comment": turn.feedback.comment,
                    }

    def _folder(self, thread_id: str) -> Path:
        if not _ID.fullmatch(thread_id):
            raise InputError(
                f"thread must be one that is kept here, got {thread_id[:40]!r}; `thymos chat --list` shows them"
            )
        return self.home / "media" / thread_id

    def _receive(self, content: BinaryIO, part: Path, name: str, folder: Path) -> tuple[str, int, bytes]:
        """Write an upload down; return its SHA-256, its size and its first bytes."""
        held = sum(each.stat().st_size for each in folder.iterdir() if not each.name.endswith(".part"))
        room = min(self.limits.size, self.limits.total - held)
        digest, size, head = hashlib.sha256(), 0, b""
        with part.open("xb") as out:
            while piece := content.read(_PIECE):
                size += len(piece)
                if size > room:
                    raise InputError(
                        f"{name} must be at most {room:,} bytes here ({self.limits.size:,} a file, "
                        f"{self.limits.total:,} a conversation); cut it, or label it with `thymos label`"
                    )
                head = head or piece
                digest.update(piece)
                out.write(piece)
        return digest.hexdigest(), size, head


def _thread(row: Row) -> Thread:
    told = dict(row)
    told.pop("memory")
    return Thread(**(told | {"title": told["title"] or "New conversation"}))


def _turn(row: Row) -> Turn:
    return Turn(
        number=row["number"],
        at=row["at"],
        message=Message.model_validate_json(row["message"]),
        answer=Answer.model_validate_json(row["answer"]) if row["answer"] else None,
        feedback=Feedback.model_validate_json(row["feedback"]) if row["feedback"] else None,
    )


def _title(message: Message) -> str:
    words = " ".join(message.text.split()) or ", ".join(each.name for each in message.attachments)
    return words if len(words) <= _TITLE else words[: _TITLE - 1].rstrip() + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
