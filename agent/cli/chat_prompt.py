"""The prompt of `thymos chat`: a line with history and completion, until the user leaves.

Takes a session; reads lines. Knows nothing of what they mean.
"""

from collections.abc import Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from rich.console import Console

from thymos.agent.chat.guard import NOTICE
from thymos.agent.cli.chat_session import HELP, Quit, Session
from thymos.prompts.catalogue import builtin_taxonomies

_REMEMBERED = 10  # conversations whose messages the arrow keys bring back


class CommandCompleter(Completer):
    """Completes commands, files after /attach and /export, label sets after /taxonomy, conversations after /open."""

    def __init__(self, session: Session) -> None:
        """Keep the session, whose conversations are offered."""
        self._session = session
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may follow."""
        text = document.text_before_cursor
        name, space, rest = text.partition(" ")
        if not text.startswith("/"):
            return
        if not space:
            yield from _starting(text, [each.split()[0] for each in HELP])
        elif name in ("/attach", "/export"):
            yield from self._paths.get_completions(Document(rest, len(rest)), complete_event)
        elif name == "/taxonomy":
            yield from _starting(rest, builtin_taxonomies())
        elif name == "/open":
            threads = self._session.agent.threads.listed()
            yield from (
                Completion(each.id[:12], start_position=-len(rest), display_meta=each.title)
                for each in threads
                if each.id.startswith(rest)
            )


def prompt_loop(session: Session, console: Console) -> int:
    """Ask for messages until the user leaves; return the exit code."""
    console.print(NOTICE, style="dim", markup=False, highlight=False)
    console.print("/help lists the commands; Ctrl-D leaves.\n", style="dim", markup=False, highlight=False)
    history = InMemoryHistory(_said_before(session))  # of what is kept: a deleted conversation leaves no other trace
    prompt: PromptSession[str] = PromptSession(history=history, completer=CommandCompleter(session))
    session.resume()
    while True:
        try:
            line = prompt.prompt("› ").strip()
            if line:
                session.say(line)
        except KeyboardInterrupt:
            console.print("stopped; Ctrl-D leaves", style="dim")
        except (EOFError, Quit):
            return 0


def _said_before(session: Session) -> list[str]:
    """Return the messages of the latest conversations, the oldest first."""
    threads = session.agent.threads
    latest = reversed(threads.listed()[:_REMEMBERED])
    return [turn.message.text for each in latest for turn in threads.turns(each.id) if turn.message.text]


def _starting(begun: str, names: Iterable[str]) -> Iterable[Completion]:
    return (Completion(each, start_position=-len(begun)) for each in names if each.startswith(begun))
