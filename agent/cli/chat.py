"""`thymos chat`: a conversation on the terminal, or one message a line from a pipe.

Takes words and commands; asks the `ChatAgent` and shows its events. The work is done in `thymos.agent.chat`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.agent.chat.agent import ChatAgent
    from thymos.agent.cli.chat_session import Session

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def chat(
    message: str = "",
    /,
    *,
    attach: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    thread: str | None = None,
    list_: Annotated[bool, Parameter(name="--list", negative="", show_default=False)] = False,
    taxonomy: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    model: str | None = None,
    adapter: str | None = None,
    llm: str | None = None,
    home: Path | None = None,
    kb: Annotated[Path | None, Parameter(name="--kb", show_default=False)] = None,
    device: str | None = None,
) -> int:
    """Talk about what people feel in given words, voices and faces, and why.

        thymos chat
        thymos chat 'She wrote "I am fine." What does she feel?'
        thymos chat "How does he sound?" --attach clip.wav
        echo 'compare "go away" and "please stay"' | thymos chat --json
        thymos chat --list
        thymos chat --thread 3f2a
        thymos chat --llm http://127.0.0.1:8080/v1#qwen3

    Without a message it asks for one after another; `/help` lists its commands. From a pipe each line is a message of
    one conversation, up to `/quit`; no other command is obeyed there. Conversations are kept on this machine until they
    are deleted; nothing is sent anywhere, unless `--llm` names a server elsewhere.

    Args:
        message: What to ask; none begins a conversation on the terminal.
        attach: A recording, picture, table or text file for the message; may be repeated.
        thread: Go on with this conversation: its id, or the first digits of it, or `last`.
        list_: List the conversations and stop.
        taxonomy: Label set of the analyses.
        as_json: Print each answer as one line of JSON.
        model: Base model that labels and writes.
        adapter: Adapter for words, and for recordings where it listens to them.
        llm: Model that chooses the tools and words the answers: `URL#MODEL` of a server that speaks OpenAI's protocol,
            or a local model whose chat template takes tools. A router does so unless given.
        home: Folder of the conversations.
        kb: Folder of the knowledge base.
        device: Torch device.
    """
    from rich.console import Console

    from thymos.agent.chat.threads import Threads, default_home
    from thymos.agent.cli.chat_session import Quit, Session
    from thymos.agent.cli.chat_view import JsonView, TerminalView, thread_table
    from thymos.prompts.catalogue import load_taxonomy

    console = Console()
    if list_:
        console.print(thread_table(Threads(home or default_home()).listed()))
        return 0
    agent = _agent(model, adapter, llm, home, kb, device)
    view = JsonView(sys.stdout) if as_json else TerminalView(console)
    if taxonomy is not None:
        load_taxonomy(taxonomy)  # a wrong name is told before anything is kept
    session = Session(agent, view, _thread(agent, thread, taxonomy), taxonomy)
    try:
        for path in attach:
            session.attach(path)
        if message:
            return session.say(message)
        if not sys.stdin.isatty():
            return _piped(session)
        from thymos.agent.cli.chat_prompt import prompt_loop

        return prompt_loop(session, console)
    except Quit:
        return 0
    finally:
        session.drop_if_empty()
        agent.close()


def _agent(
    model: str | None, adapter: str | None, llm: str | None, home: Path | None, kb: Path | None, device: str | None
) -> "ChatAgent":
    from rich.console import Console

    from thymos.agent.chat.agent import ChatAgent

    if llm is not None:
        from thymos.agent.chat.model_choice import leaves_machine

        if leaves_machine(llm):
            told = f"what you write is sent to {llm}, since --llm names it"
            Console(stderr=True, markup=False, highlight=False).print(told)
    given = {"model": model, "adapter": adapter, "llm": llm, "home": home, "kb": kb, "device": device}
    return ChatAgent.from_pretrained(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _thread(agent: "ChatAgent", wished: str | None, taxonomy: str | None) -> str:
    """Return the thread to go on with, or a new one.

    Raises:
        InputError: no thread, or several, begin like this.
    """
    if wished is None:
        return agent.threads.create(taxonomy or "goemotions").id
    known = agent.threads.listed()
    found = known[:1] if wished == "last" else [each for each in known if each.id.startswith(wished.lower())]
    if len(found) != 1:
        counted = "several" if found else "none"
        raise InputError(
            f"thread must be one that is kept here, got {wished!r}, which fits {counted}; --list shows them"
        )
    return found[0].id


def _piped(session: "Session") -> int:
    """Say every line of a pipe up to `/quit`; return the worst exit code. Other commands are messages like any text."""
    worst = 0
    for line in _lines():
        if line == "/quit":
            break
        worst = max(worst, session.say(line, commands=False))
    return worst


def _lines() -> Iterator[str]:
    """Yield the messages of a pipe."""
    for line in sys.stdin:
        if line.strip():
            yield line.strip()
