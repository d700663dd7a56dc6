"""An agent, threads and a writer without a model, for the tests of the server and for the processes that they run."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from tests.agent.runs.fakes import HashLabeler
from thymos.adapters.sample import Sample
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Called, Done, Event, Failed, Progress, Said
from thymos.agent.chat.findings import Passages
from thymos.agent.chat.values import Answer, Feedback, Message, Thread, Turn
from thymos.agent.prediction import BatchLabeler
from thymos.agent.reasoning.values import Evidence, Reasoning
from thymos.agent.serve.batching import BatchingScorer
from thymos.agent.serve.protocols import Finish, Reasons
from thymos.agent.serve.protocols import Said as Spoken
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError

PASSAGE = Evidence(id="theory-1", title="A theory", text="Joy is bright.", kind="theory", similarity=0.5)


class MemoryThreads:
    """Threads in memory, with media in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads: dict[str, Thread] = {}
        self._turns: dict[str, list[Turn]] = {}
        self._media: dict[tuple[str, str], Attachment] = {}

    def create(self, taxonomy: str = "goemotions") -> Thread:
        now = datetime.now(UTC).isoformat()
        number = hashlib.sha256(str(len(self._threads)).encode()).hexdigest()[:32]
        thread = Thread(id=number, title="New", created=now, updated=now, taxonomy=taxonomy, turns=0)
        self._threads[thread.id] = thread
        self._turns[thread.id] = []
        return thread

    def listed(self) -> list[Thread]:
        return list(reversed(self._threads.values()))

    def get(self, thread_id: str) -> Thread:
        if thread_id not in self._threads:
            raise InputError("thread must be known")
        return self._threads[thread_id]

    def turns(self, thread_id: str) -> list[Turn]:
        return self._turns[thread_id]

    def delete(self, thread_id: str) -> None:
        del self._threads[thread_id]

    def rename(self, thread_id: str, title: str) -> Thread:
        self._threads[thread_id] = self._threads[thread_id].model_copy(update={"title": title})
        return self._threads[thread_id]

    def attach(self, thread_id: str, name: str, content: BinaryIO) -> Attachment:
        data = content.read()
        if data.startswith(b"MZ"):
            raise InputError("file must be one that is read here, got a program; send another")
        number = hashlib.sha256(data).hexdigest()[:32]
        (self._folder / number).write_bytes(data)
        kind: Literal["speech", "corpus"] = "speech" if data.startswith(b"RIFF") else "corpus"
        media_type = "audio/wav" if kind == "speech" else "text/html"
        found = Attachment(id=number, name=name, kind=kind, media_type=media_type, size=len(data))
        self._media[thread_id, number] = found
        return found

    def media(self, thread_id: str, attachment_id: str) -> tuple[Attachment, Path]:
        if (thread_id, attachment_id) not in self._media:
            raise InputError("attachment must be known")
        return self._media[thread_id, attachment_id], self._folder / attachment_id

    def feedback(self, thread_id: str, turn: int, feedback: Feedback) -> None:
        turns = self._turns[thread_id]
        turns[turn] = turns[turn].model_copy(update={"feedback": feedback})

    def export(self, thread_id: str, form: Literal["markdown", "json"]) -> str:
        said = [turn.message.text for turn in self._turns[thread_id]]
        return json.dumps(said) if form == "json" else "\n".join(f"- {text}" for text in said)

    def export_feedback(self) -> Iterator[dict[str, Any]]:
        for turns in self._turns.values():
            for turn in turns:
                if turn.feedback is not None:
                    yield {"text": turn.message.text, "label": turn.feedback.label}

    def keep(self, thread_id: str, message: Message, answer: Answer) -> int:
        number = len(self._turns[thread_id])
        turn = Turn(number=number, at=datetime.now(UTC).isoformat(), message=message, answer=answer)
        self._turns[thread_id].append(turn)
        return number


@dataclass
class FakeAgent:
    """Repeats what was said, word by word. `fail`, `crash` and `slow` in a message do as they say.

    Attributes:
        folder: of media.
        pause: s per word of a message with `slow`.
        tidying: s that an answer takes after its last event.
        heard: every call's history, message and the sizes of its attachments.
        closed: how many answers were left before their end.
    """

    folder: Path
    pause: float = 0.05
    tidying: float = 0.0
    labeler_pause: float = 0.0
    heard: list[tuple[tuple[str, ...], Message, tuple[int, ...]]] = field(default_factory=list)
    closed: int = 0
    labelers: dict[str, HashLabeler] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.threads = MemoryThreads(self.folder)
        self.taxonomies: tuple[str, ...] = ("goemotions", "ekman")

    def reply(self, thread: str, message: Message) -> Iterator[Event]:
        for event in self._events([], message):
            if isinstance(event, Done):
                turn = self.threads.keep(thread, message, event.answer)
                event = Done(thread=thread, turn=turn, answer=event.answer)
            yield event

    def answer(self, history: Sequence[Message], message: Message, media: Path | None = None) -> Iterator[Event]:
        sizes = tuple((media / each.id).stat().st_size for each in message.attachments if media is not None)
        self.heard.append((tuple(each.text for each in history), message, sizes))
        yield from self._events(history, message)

    def labeler(self, taxonomy: str | None = None) -> BatchLabeler:
        name = taxonomy or "goemotions"
        if name not in self.labelers:
            self.labelers[name] = HashLabeler(load_taxonomy(name), pause=self.labeler_pause)
        return self.labelers[name]

    def delete(self, thread: str) -> None:
        self.threads.delete(thread)

    def close(self) -> None:
        pass

    def passage(self, passage_id: str) -> Evidence | None:
        return PASSAGE if passage_id == PASSAGE.id else None

    def _events(self, history: Sequence[Message], message: Message) -> Iterator[Event]:
        try:
            yield Called(tool="search", says="I look it up.")
            if "fail" in message.text:
                yield Failed(says="text must be one that can be answered, got 'fail'; rephrase it")
                return
            if "crash" in message.text:
                raise ZeroDivisionError("a secret of the inside")
            if "hold" in message.text:
                self.gate.wait(20)
            yield Progress(share=0.5, says="half")
            words = message.text.split() or ["nothing", "said"]
            for number, word in enumerate(words):
                if "slow" in message.text:
                    time.sleep(self.pause)
                yield Said(text=word if number == 0 else f" {word}")
            finding = Passages(query=message.text, passages=(PASSAGE,))
            answer = Answer(text=" ".join(words), tool="search", findings=(finding,), sources=(PASSAGE,))
            yield Done(thread="", turn=len(history), answer=answer)
        except GeneratorExit:
            self.closed += 1
            raise
        finally:
            time.sleep(self.tidying)


@dataclass
class FakeWriter:
    """Writes back what it was given, with its parameters."""

    name: str = "tiny-writer"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def stream(
        self,
        messages: Sequence[Spoken],
        *,
        max_tokens: int | None,
        temperature: float | None,
        top_p: float | None,
        seed: int | None,
        stop: Sequence[str],
    ) -> Iterator[str | Finish]:
        given = {"max_tokens": max_tokens, "temperature": temperature, "top_p": top_p, "seed": seed, "stop": stop}
        self.asked.append({"messages": list(messages), **given})
        words = messages[-1]["content"].split()[: max_tokens or 100]
        for word in words:
            yield word + " "
        cut = max_tokens is not None and len(words) == max_tokens
        yield Finish("length" if cut else "stop", prompt_tokens=7, completion_tokens=len(words), cached_tokens=3)


class FakeReasons:
    """Reasons without reasons: the scorer's probabilities."""

    def __init__(self, scorer: BatchingScorer) -> None:
        self._scorer = scorer

    def reason(self, sample: Sample | str) -> Reasoning:
        asked = Sample(id="1", text=sample) if isinstance(sample, str) else sample
        (found,) = self._scorer.label_batch([asked])
        if isinstance(found, Exception):
            raise found
        return Reasoning(
            text=asked.text or "",
            speaker=asked.speaker,
            context=tuple(turn.text for turn in asked.context),
            taxonomy=self._scorer.taxonomy.name,
            labels=found.labels,
            before=dict(found.probabilities),
            after=dict(found.probabilities),
            cues=(),
        )


def reasons_of(scorer: BatchingScorer) -> Reasons:
    return FakeReasons(scorer)
