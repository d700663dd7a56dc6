"""`ChatAgent`: a message in, events out, a grounded answer at their end. What the terminal and the server talk to.

Takes engines, threads and what chooses the tools; keeps every turn. Several threads may ask at once. Knows nothing of
terminals and HTTP.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from thymos.adapters.llm.adapter import AUTO
from thymos.adapters.weights import DEFAULT
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call
from thymos.agent.chat.choosing import RouterChooser, names
from thymos.agent.chat.desk import Desk, Writer
from thymos.agent.chat.engines import TEXT, Engines, Locked, Wrap
from thymos.agent.chat.events import Done, Event, Failed
from thymos.agent.chat.graph import Chooser, Surroundings, build
from thymos.agent.chat.intents import Intents
from thymos.agent.chat.router import Router
from thymos.agent.chat.said import ABOUT, answerable, check, memory_of
from thymos.agent.chat.threads import Threads, default_home
from thymos.agent.chat.values import Answer, Message
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.recall import as_evidence_of
from thymos.agent.reasoning.values import Evidence
from thymos.prompts.catalogue import builtin_taxonomies
from thymos.prompts.errors import InputError, ThymosError


class ChatAgent:
    """Answers messages.

    Example:
        >>> agent = ChatAgent.from_pretrained()
        >>> thread = agent.threads.create()
        >>> for event in agent.reply(thread.id, Message(text='She wrote "I miss you". What does she feel?')):
        ...     print(event.type)
    """

    def __init__(self, engines: Engines, threads: Threads, chooser: Chooser, writer: Callable[[], Writer]) -> None:
        """Keep what answers.

        Args:
            engines: models.
            threads: where conversations are kept.
            chooser: chooses the tool for a message.
            writer: loads what writes sentences.
        """
        self.engines = engines
        self.threads = threads
        self.taxonomies = builtin_taxonomies()
        self._chooser = chooser
        self._writer = cache(writer)
        self._loose = build()
        # Steps of answers that are being made, nothing else; values are JSON, so no type needs to be revived from them.
        self._steps = sqlite3.connect(threads.home / "steps.sqlite", check_same_thread=False, timeout=10.0)
        (threads.home / "steps.sqlite").chmod(0o600)
        self._steps.execute("PRAGMA secure_delete = ON")
        self._saver = SqliteSaver(self._steps, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._kept = build(self._saver)

    @classmethod
    def from_pretrained(
        cls,
        *,
        model: str = DEFAULT,
        adapter: str = AUTO,
        home: Path | None = None,
        kb: Path | None = None,
        device: str | None = None,
        llm: str | None = None,
        wrap: Wrap = Locked,
    ) -> Self:
        """Make an agent of the default models; each is loaded when it is first needed.

        Args:
            model: that labels and writes.
            adapter: for words.
            home: where conversations are kept.
            kb: folder of a knowledge base.
            device: torch device.
            llm: what chooses tools and words answers instead of the router: `http://127.0.0.1:8080/v1` or
                `URL#MODEL` of a server that speaks OpenAI's protocol, or a local model whose chat template takes tools.
            wrap: as in `Engines`.

        Raises:
            ModelError: the LLM can't be used here.
            OutputError: the home can't be written.
        """
        engines = Engines(model, adapter=adapter, kb=kb, device=device, wrap=wrap)
        threads = Threads(home or default_home())
        chooser: Chooser = RouterChooser(lambda: Router(Intents(engines.base.embedder), names()))
        if llm is not None:
            from thymos.agent.chat.model_choice import ModelChooser, tool_calling_model

            chooser = ModelChooser(tool_calling_model(llm, device), chooser)

        def writer() -> Writer:
            from thymos.agent.chat.local_writer import LocalWriter

            return LocalWriter(*engines.writing())

        return cls(engines, threads, chooser, writer)

    def labeler(self, taxonomy: str | None = None) -> Labeler:
        """Return what labels with a label set."""
        return self.engines.labeler(taxonomy or TEXT)

    def passage(self, passage_id: str) -> Evidence | None:
        """Return a passage of the knowledge base, or None."""
        found = self.engines.base.get([passage_id])
        return as_evidence_of(found[0]) if found else None

    def reply(self, thread: str, message: Message, stopped: threading.Event | None = None) -> Generator[Event]:
        """Answer a message in a thread; the turn is kept before it is answered.

        Args:
            thread: id.
            message: its attachments are in the thread.
            stopped: set by whoever wants no answer any more; the tool ends at its next step. Closing the generator
                sets it too.

        Yields:
            Events; the last one is `Done` or `Failed`.

        Raises:
            InputError: there is no such thread, or the message is empty or names an unknown label set.
        """
        known = self.threads.get(thread)
        check(message)
        for each in message.attachments:
            self.threads.media(thread, each.id)
        taxonomy = message.taxonomy or known.taxonomy
        turn = self.threads.begin_turn(thread, message)
        last = self.threads.memory(thread)
        state = {"message": message.model_dump(), "last": last.model_dump() if last else None}
        yield from self._finish(thread, turn.number, taxonomy, state, stopped)

    def resume(self, thread: str) -> Generator[Event]:
        """Go on with the last message of a thread where a process ended before its answer; nothing if it has one."""
        turns = self.threads.turns(thread)
        if not turns or turns[-1].answer is not None:
            return
        turn = turns[-1]
        known = self.threads.get(thread)
        last = self.threads.memory(thread)
        begun = self._kept.get_state(_config(thread, turn.number)).next
        state = {"message": turn.message.model_dump(), "last": last.model_dump() if last else None}
        taxonomy = turn.message.taxonomy or known.taxonomy
        yield from self._finish(thread, turn.number, taxonomy, None if begun else state)

    def answer(self, history: Sequence[Message], message: Message, media: Path | None = None) -> Generator[Event]:
        """Answer a message of a conversation that somebody else keeps; nothing is stored.

        Args:
            history: what the user said before, oldest first.
            message: what is said now.
            media: folder where attachments lie by their stored names.

        Yields:
            Events, as `reply`.

        Raises:
            InputError: the message is empty or names an unknown label set.
        """
        check(message)
        folder = media or Path("/nonexistent")
        last = None
        history = answerable(history)
        for earlier in history:
            chosen = self._chooser.choose(earlier, last, ())
            last = memory_of(chosen, last) if isinstance(chosen, Call) else last
        state = {"message": message.model_dump(), "last": last.model_dump() if last else None}
        desk = self._desk(
            message.taxonomy or TEXT,
            lambda each: folder / each.stored_name,
            lambda name, path: _kept_in(folder, path, name),
        )
        yield from self._events(self._loose, state, None, Surroundings(desk, self._chooser, history), "", 0)

    def delete(self, thread: str) -> None:
        """Delete a conversation: its words, files and feedback, and the steps of an answer that was not finished.

        Raises:
            InputError: there is no such thread.
        """
        numbers = [turn.number for turn in self.threads.turns(thread)]
        # Steps first: who is killed in between can still delete the rest.
        self._forget([_config(thread, number)["configurable"]["thread_id"] for number in numbers])
        self.threads.delete(thread)

    def close(self) -> None:
        """Let go of the files that are kept open; nothing can be answered afterwards. May be called twice."""
        self._steps.close()

    def _forget(self, steps: Sequence[str]) -> None:
        """Delete steps, from the write-ahead log too."""
        for each in steps:
            self._saver.delete_thread(each)
        with self._saver.lock, suppress(sqlite3.OperationalError):  # another process reads: its next answer settles it
            self._steps.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _finish(
        self,
        thread: str,
        number: int,
        taxonomy: str,
        state: dict[str, Any] | None,
        stopped: threading.Event | None = None,
    ) -> Generator[Event]:
        """Run the graph and keep the answer."""
        history = answerable([turn.message for turn in self.threads.turns(thread)[:number]])

        def keep(name: str, path: Path) -> Attachment:
            with path.open("rb") as content:
                return self.threads.attach(thread, name, content)

        desk = self._desk(taxonomy, lambda each: self.threads.media(thread, each.id)[1], keep)
        config = _config(thread, number)
        around = Surroundings(desk, self._chooser, history, stopped or threading.Event())
        for event in self._events(self._kept, state, config, around, thread, number):
            if isinstance(event, Done):
                values = self._kept.get_state(config).values
                call = Call.model_validate(values["call"]) if values.get("call") else None
                memory = memory_of(call, self.threads.memory(thread)) if call else self.threads.memory(thread)
                asked_in = call.taxonomy if call and call.tool in ABOUT else None  # not where a question names one
                used = asked_in or taxonomy
                self.threads.end_turn(thread, number, event.answer, memory, used)
                self._forget([config["configurable"]["thread_id"]])
            yield event

    def _events(
        self, graph: Any, state: Any, config: Any, around: Surroundings, thread: str, number: int
    ) -> Generator[Event]:
        answer: Answer | None = None
        try:
            for mode, told in graph.stream(state, config, context=around, stream_mode=["custom", "values"]):
                if mode == "custom":
                    yield told
                elif told.get("answer"):
                    answer = Answer.model_validate(told["answer"])
        except ThymosError as error:
            yield Failed(says=str(error))
            return
        finally:
            around.stopped.set()
        if answer is None:
            raise InputError("message could not be answered: no step gave an answer; say it in other words")
        yield Done(thread=thread, turn=number, answer=answer)

    def _desk(
        self, taxonomy: str, place: Callable[[Attachment], Path], keep: Callable[[str, Path], Attachment]
    ) -> Desk:
        return Desk(self.engines, taxonomy, place, keep, self._writer)


def _config(thread: str, number: int) -> dict[str, Any]:
    return {"configurable": {"thread_id": f"{thread}-{number}"}}


def _kept_in(folder: Path, path: Path, name: str) -> Attachment:
    """Keep a result beside the attachments of a conversation that is not stored."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:32]
    kept = Attachment(id=digest, name=name, kind="corpus", media_type="text/csv", size=len(content))
    (folder / kept.stored_name).write_bytes(content)
    return kept
