"""`Session`: one conversation at a terminal or a pipe: messages, attachments, commands that begin with a slash.

Takes lines; asks the agent and hands what comes to a view. Knows nothing of keys and colours.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Done, Event, Failed
from thymos.agent.chat.values import Answer, Feedback, Message, Thread
from thymos.prompts.catalogue import builtin_taxonomies, load_taxonomy
from thymos.prompts.errors import InputError, ThymosError

HELP = {
    "/attach FILE": "bring a recording, picture, table or text file with the next message",
    "/why": "the reasons of the last answer, step by step",
    "/sources": "the passages that the last answer cites, in full",
    "/taxonomy [NAME]": "show the label sets, or change to one",
    "/threads": "list the conversations",
    "/open ID": "go on with another conversation (the first digits will do, or `last`)",
    "/new": "begin a new conversation",
    "/title WORDS": "call this conversation something",
    "/export FILE": "write this conversation down, as Markdown, or as JSON where the file is called .json",
    "/good [WORDS]": "say that the last answer was right",
    "/bad [LABEL] [WORDS]": "say that it was wrong, and what would have been right",
    "/delete": "delete this conversation with its files",
    "/help": "this list",
    "/quit": "leave; the conversation is kept",
}


class View(Protocol):
    """Shows what happens."""

    def event(self, event: Event) -> None:
        """Show one event of an answer."""
        ...

    def still(self) -> None:
        """Take away what says that something is going on."""
        ...

    def note(self, text: str) -> None:
        """Show a sentence of the program's own."""
        ...

    def problem(self, text: str) -> None:
        """Show what did not work."""
        ...

    def sources(self, answer: Answer) -> None:
        """Show the passages that an answer cites."""
        ...

    def why(self, answer: Answer) -> None:
        """Show the steps of an answer's analyses."""
        ...

    def threads(self, threads: list[Thread]) -> None:
        """Show a list of conversations."""
        ...

    def helps(self, commands: dict[str, str]) -> None:
        """Show the commands."""
        ...


class Quit(Exception):  # noqa: N818  (no error)
    """The user wants to leave."""


class Session:
    """A conversation."""

    def __init__(self, agent: ChatAgent, view: View, thread: str, taxonomy: str | None = None) -> None:
        """Keep what talks and what shows.

        Raises:
            TaxonomyError: there is no such label set.
        """
        self.agent = agent
        self.thread = thread
        self._view = view
        self._taxonomy = taxonomy
        self._attached: list[Attachment] = []
        self._last: tuple[int, Answer] | None = None
        if taxonomy is not None:
            load_taxonomy(taxonomy)
        turns = agent.threads.turns(thread)
        if turns and turns[-1].answer is not None:
            self._last = (turns[-1].number, turns[-1].answer)

    def attach(self, path: Path) -> None:
        """Bring a file with the next message.

        Raises:
            InputError: it is not there, or refused.
        """
        try:
            with _expanded(path).open("rb") as content:
                self._attached.append(self.agent.threads.attach(self.thread, path.name, content))
        except OSError as error:
            raise InputError(f"attachment must be a file that can be read, got {path}: {error.strerror}") from None

    def drop_if_empty(self) -> None:
        """Delete the conversation, with what was attached, if nothing was said in it."""
        if any(each.id == self.thread and not each.turns for each in self.agent.threads.listed()):
            self.agent.delete(self.thread)

    def resume(self) -> None:
        """Finish an answer that an earlier process began."""
        for event in self.agent.resume(self.thread):
            self._seen(event)

    def say(self, line: str, *, commands: bool = True) -> int:
        """Say a line, or do what it commands; return the exit code of it.

        Args:
            line: what was typed, or read.
            commands: whether one that begins with a slash commands; else it is a message.

        Raises:
            Quit: the user wants to leave.
        """
        try:
            if commands and line.startswith("/"):
                name, _, rest = line.partition(" ")
                self._command(name.lower(), rest.strip())
                return 0
            message = Message(text=line, attachments=tuple(self._attached), taxonomy=self._taxonomy)
            return int(self._reply(message))
        except ThymosError as error:
            self._view.problem(str(error))
            return error.exit_code

    def _reply(self, message: Message) -> bool:
        """Show the answer to a message as it comes; say whether it failed."""
        failed, begun = False, False
        stopped = threading.Event()
        try:
            with _interrupting(stopped):
                for event in self.agent.reply(self.thread, message, stopped):
                    begun = True
                    failed = self._seen(event) or failed
        finally:
            self._view.still()
            if begun:  # the message is kept: nothing of it comes with the next
                self._attached, self._taxonomy = [], None
        return failed

    def _seen(self, event: Event) -> bool:
        """Show an event; say whether it is a failure."""
        self._view.event(event)
        if isinstance(event, Done):
            self._last = (event.turn, event.answer)
        return isinstance(event, Failed)

    def _command(self, name: str, rest: str) -> None:
        match name:
            case "/attach":
                self.attach(Path(rest.strip("'\"")))
                self._view.note(f"{self._attached[-1].name} ({self._attached[-1].kind}) comes with the next message")
            case "/why":
                self._view.why(self._answered())
            case "/sources":
                self._view.sources(self._answered())
            case "/taxonomy":
                self._change_taxonomy(rest)
            case "/threads":
                self._view.threads(self.agent.threads.listed())
            case "/open" | "/new":
                self._open(name, rest)
            case "/title":
                self._view.note(f"called {self.agent.threads.rename(self.thread, rest).title}")
            case "/export":
                self._export(rest)
            case "/good" | "/bad":
                self._rate(1 if name == "/good" else -1, rest)
            case "/delete":
                self.agent.delete(self.thread)
                self._view.note("deleted, with its files; this is a new conversation")
                self._open("/new", "")
            case "/help" | "/?":
                self._view.helps(HELP)
            case "/quit" | "/exit" | "/q":
                raise Quit
            case _:
                raise InputError(f"command must be one of those of /help, got {name}; a message begins without a slash")

    def _answered(self) -> Answer:
        if self._last is None:
            raise InputError("there must be an answer first, got none yet; ask something")
        return self._last[1]

    def _change_taxonomy(self, name: str) -> None:
        if not name:
            self._view.note(f"label sets: {', '.join(builtin_taxonomies())}")
            return
        load_taxonomy(name)
        self._taxonomy = name
        self._view.note(f"from the next message on: {name}")

    def _open(self, name: str, rest: str) -> None:
        known = [each for each in self.agent.threads.listed() if each.turns]
        if name == "/new":
            self.drop_if_empty()
            self.thread = self.agent.threads.create().id
        else:
            others = [each for each in known if each.id != self.thread]
            found = others[:1] if rest == "last" else [each for each in known if rest and each.id.startswith(rest)]
            if len(found) != 1:
                raise InputError(f"thread must be one of /threads, got {rest!r}; its first digits will do")
            if found[0].id != self.thread:
                self.drop_if_empty()
            self.thread = found[0].id
            self._view.note(found[0].title)
        turns = self.agent.threads.turns(self.thread)
        last = turns[-1] if turns else None
        self._attached, self._last = [], (last.number, last.answer) if last and last.answer else None

    def _export(self, rest: str) -> None:
        from thymos.adapters.whole_file import whole_file

        if not rest:
            raise InputError("export must name a file, got none; /export talk.md")
        path = _expanded(Path(rest))
        if path.exists():
            raise InputError(f"export must be a new file, got {path}, which is there; name another")
        form: Literal["json", "markdown"] = "json" if path.suffix == ".json" else "markdown"
        with whole_file(path) as file:
            file.write(self.agent.threads.export(self.thread, form).encode())
        self._view.note(f"wrote {path}")

    def _rate(self, rating: Literal[1, -1], rest: str) -> None:
        self._answered()
        assert self._last is not None
        number, answer = self._last
        first, _, words = rest.partition(" ")
        labels = {name for each in answer.findings if each.type == "analysis" for name in each.reasoning.after}
        label = first if first in labels else None
        comment = words if label else rest
        self.agent.threads.feedback(self.thread, number, Feedback(rating=rating, label=label, comment=comment))
        self._view.note("kept with the conversation" + (f"; right would be {label}" if label else ""))


def _expanded(path: Path) -> Path:
    try:
        found = path.expanduser()
    except RuntimeError as error:
        raise InputError(f"path must begin with a user of this machine, got {path}: {error}") from None
    if not found.name or "\0" in str(found):
        raise InputError(f"path must name a file, got {str(path)!r}; write one")
    return found


@contextmanager
def _interrupting(stopped: threading.Event) -> Iterator[None]:
    """Let Ctrl-C stop the tool, too: it works in a thread that no interrupt reaches."""

    def interrupt(*_: object) -> None:
        stopped.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
